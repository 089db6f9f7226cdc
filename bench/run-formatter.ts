/** Runs one formatter in this process, without a gateway around it. */
import type { CheerioAPI } from 'cheerio';
import type { FormatEnv, FormatInput, FormatResult, Formatter, PlainRecord } from '../core/component.ts';
import { parseDocument } from '../formatters/document/parse.ts';

const PAGE = 'https://site.example/page';

/** What its first edge makes of text, or of a document that has been parsed. */
export async function format(
  formatter: Formatter,
  body: string | CheerioAPI,
  demands: PlainRecord,
  options?: PlainRecord,
): Promise<FormatResult> {
  const [edge] = formatter.edges;
  const text = typeof body === 'string' ? body : '';
  const input: FormatInput = { mediaType: edge!.from, charset: 'utf-8', body: text, url: PAGE, fields: {} };
  const document = typeof body === 'string' ? parseDocument(body) : body;
  const given = formatter.reads === 'document' ? { ...input, document } : input;
  const read = formatter.parseOptions === undefined ? {} : formatter.parseOptions(options);
  return await formatter.format(given, { mediaType: edge!.to, demands, options: read }, ENV);
}

const ENV: FormatEnv = {
  signal: new AbortController().signal,
  limits: { maxInputBytes: 1e8, maxOutputBytes: 1e8, timeoutMs: 60_000, maxPixels: 5e7 },
  note: () => undefined,
  cannot(reason): never {
    throw new Error(reason);
  },
  fetch: () => Promise.reject(new TypeError('a benchmark fetches nothing')),
  log: () => undefined,
};

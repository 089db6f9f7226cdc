/** Examples of a formatter: `examples/CASE/` with `case.json`, `input.*` and `expected.*`, compared by meaning. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isComment, isDirective, isTag, isText, type ParentNode } from 'domhandler';
import iconv from 'iconv-lite';
import sharp from 'sharp';
import type { PlainRecord } from '../core/component.ts';
import type { FailureKind, FormatJob, FormatOutcome } from '../core/executor.ts';
import type { FormatterManifest } from './descriptor.ts';
import { parseDocument } from './document/parse.ts';

/** What `case.json` says. */
interface Case {
  /** What the example shows, in a sentence. */
  readonly why: string;
  /** Default: by the ending of the input's name, else the first edge's `from`. */
  readonly from?: string;
  /** Default: the first edge's `to` from there. */
  readonly to?: string;
  readonly url?: string;
  /** The input is kept in UTF-8 for people to read, and handed over in this charset. */
  readonly charset?: string;
  readonly demands?: PlainRecord;
  readonly options?: PlainRecord;
  readonly fields?: Readonly<Record<string, string>>;
  /** Kind of failure that is expected instead of an output. */
  readonly fails?: FailureKind;
}

export interface Example extends Case {
  readonly name: string;
  readonly folder: string;
  readonly input: Buffer;
  readonly inputType: string;
  /** `undefined` where a failure is expected, or nothing was written yet. */
  readonly expectedFile: string | undefined;
}

/** Endings of example files by media type. */
export const EXAMPLE_ENDINGS: Readonly<Record<string, string>> = {
  'application/json': 'json',
  'application/x-ndjson': 'ndjson',
  'application/vnd.wap.xhtml+xml': 'xhtml',
  'image/svg+xml': 'svg',
  'text/css': 'css',
  'text/csv': 'csv',
  'text/gemini': 'gmi',
  'text/html': 'html',
  'text/markdown': 'md',
  'text/plain': 'txt',
  'text/tab-separated-values': 'tsv',
  'text/vnd.wap.wml': 'wml',
};

/**
 * Reads the examples of a component's folder; none where it has no `examples`.
 *
 * @throws Error naming the example that has no input or no readable `case.json`.
 */
export function readExamples(root: string, { edges }: Pick<FormatterManifest, 'edges'>): Example[] {
  const examples = join(root, 'examples');
  if (!existsSync(examples)) return [];
  const folders = readdirSync(examples, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => {
    const folder = join(examples, name);
    const files = readdirSync(folder);
    const file = files.find((each) => each.startsWith('input.'));
    if (file === undefined) throw new Error(`${folder} has no file \`input.*\``);
    const given = readCase(folder);
    const byEnding = Object.entries(EXAMPLE_ENDINGS).find(([, ending]) => file === `input.${ending}`)?.[0];
    const expected = files.find((each) => each.startsWith('expected.'));
    return {
      ...given,
      name,
      folder,
      input: readFileSync(join(folder, file)),
      inputType: given.from ?? byEnding ?? edges[0]!.from,
      expectedFile: expected === undefined ? undefined : join(folder, expected),
    };
  });
}

function readCase(folder: string): Case {
  try {
    return JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as Case;
  } catch (cause) {
    throw new Error(`${join(folder, 'case.json')} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/**
 * The work order of an example: one step, that of its edge.
 *
 * @throws Error where the formatter has no such edge.
 */
export function jobOfExample(
  example: Example,
  formatter: Pick<FormatterManifest, 'name' | 'version' | 'edges'>,
): FormatJob {
  const { inputType: from, to = formatter.edges.find((edge) => edge.from === from)?.to ?? from } = example;
  const edge = formatter.edges.find((each) => each.from === from && each.to === to);
  if (edge === undefined) throw new Error(`${example.folder}: there is no edge from ${from} to ${to}`);
  const { demands = {}, options = {}, url = 'https://site.example/', charset, fields = {}, input } = example;
  const { keeps, cost, meets } = edge;
  const step = {
    formatter: formatter.name,
    version: formatter.version,
    from,
    to,
    keeps,
    cost,
    meets: meets ?? [],
    options,
  };
  return {
    plan: { from, to, steps: [step], demands, keeps, cost, deterministic: true },
    body: charset === undefined ? input : iconv.encode(input.toString(), charset),
    mediaType: from,
    charset,
    url,
    fields,
  };
}

/**
 * How what came out differs in meaning from what was expected; `undefined` where it does not. HTML by its tree, naming the
 * node; pictures by format and size; all else byte by byte.
 */
export async function findDifference(outcome: FormatOutcome, expected: Buffer): Promise<string | undefined> {
  const { mediaType, body } = outcome;
  if (mediaType === 'image/vnd.wap.wbmp') return undefined;
  if (mediaType.startsWith('image/') && mediaType !== 'image/svg+xml') {
    const [is, should] = await Promise.all([sharp(body).metadata(), sharp(expected).metadata()]);
    const [got, wanted] = [is, should].map(({ format, width, height }) => `${format} ${width} by ${height}`);
    return got === wanted ? undefined : `${got}, expected ${wanted}`;
  }
  const linesOf = mediaType === 'text/html' ? nodesOf : (text: string) => text.split('\n');
  const [got, wanted] = [linesOf(Buffer.from(body).toString('utf8')), linesOf(expected.toString('utf8'))];
  const at = Array.from({ length: Math.max(got.length, wanted.length) }, (_, i) => i).find((i) => got[i] !== wanted[i]);
  if (at === undefined) return undefined;
  return `${mediaType === 'text/html' ? 'node' : 'line'} ${at + 1} is ${show(got[at], wanted[at])}, expected ${show(wanted[at], got[at])}`;
}

const SHOWN = 160;

// Of a long line the part around the first difference.
function show(line: string | undefined, other = ''): string {
  if (line === undefined) return 'missing';
  if (line.length <= SHOWN) return `\`${line}\``;
  const at = [...line].findIndex((character, i) => character !== other[i]);
  const from = Math.max(0, at - SHOWN / 2);
  return `\`${from > 0 ? '…' : ''}${line.slice(from, from + SHOWN)}…\``;
}

// A document as one line for each node, so that a difference names the node.
function nodesOf(html: string): string[] {
  const lines: string[] = [];
  const walk = (parent: ParentNode, path: string): void => {
    for (const [i, node] of parent.children.entries()) {
      if (isTag(node)) {
        const here = `${path}/${node.name}[${i}]`;
        lines.push(`${here} ${JSON.stringify(Object.entries(node.attribs).sort())}`);
        walk(node, here);
      } else if (isText(node)) lines.push(`${path}/text[${i}] ${JSON.stringify(node.data)}`);
      else if (isComment(node) || isDirective(node)) lines.push(`${path}/${node.type}[${i}] ${node.data}`);
    }
  };
  walk(parseDocument(html).root()[0]!, '');
  return lines;
}

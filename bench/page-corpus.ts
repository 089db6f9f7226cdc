/** Pages that a benchmark reads: a folder of them, else those that the project brings as examples. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const FORMATTERS = fileURLToPath(new URL('../formatters/', import.meta.url));

export interface CorpusPage {
  readonly name: string;
  readonly html: Buffer;
}

/**
 * Every `*.html` and `*.html.gz` of a folder and of the folders in it, by name.
 *
 * @param folder without one: the examples that the formatters of pages are tried with
 */
export function readPages(folder: string | undefined): CorpusPage[] {
  const paths = folder === undefined ? ownExamples() : filesBelow(folder);
  return paths
    .sort()
    .map((path) => ({ name: path, html: path.endsWith('.gz') ? gunzipSync(readFileSync(path)) : readFileSync(path) }));
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.html(?:\.gz)?$/.test(name))
    .map((name) => join(folder, name));
}

function ownExamples(): string[] {
  return ['html-lite', 'html-article', 'html-to-markdown']
    .flatMap((formatter) => {
      const folder = join(FORMATTERS, formatter, 'examples');
      return readdirSync(folder).map((example) => join(folder, example, 'input.html'));
    })
    .filter((path) => !path.includes('hostile') && existsSync(path));
}

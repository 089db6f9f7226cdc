/** `docs/formatters.md`, and the head of each formatter's README: from the modules and their examples. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PlainRecord } from '../core/component.ts';
import { readBuiltIns } from '../formatters/built-ins.ts';
import type { FormatterDescriptor } from '../formatters/descriptor.ts';
import { type Example, readExamples } from '../formatters/examples.ts';
import { builtInFormatters } from '../server/built-ins.ts';

/** Ends what `npm run docs` writes into a README; what follows is written by hand and kept. */
const END = '<!-- Above: made from the module by `npm run docs`. Below: written by hand. -->';
const SHOWN_LINES = 20;
const SHOWN_CHARACTERS = 140;
/** Markup in one line is shown in lines of about so many characters. */
const FOLDED_CHARACTERS = 110;

/** `docs/formatters.md`, and every formatter's README, by path from `root`. */
export async function formatterDocuments(root: string): Promise<Map<string, string>> {
  const formatters = (await readBuiltIns(builtInFormatters)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const documents = new Map([['docs/formatters.md', reference(formatters)]]);
  for (const formatter of formatters) {
    const path = `formatters/${formatter.name}/README.md`;
    const now = existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '';
    const byHand = now.includes(END) ? now.slice(now.indexOf(END) + END.length).trim() : withoutTitle(now);
    documents.set(path, `${headOf(formatter)}\n${END}\n${byHand === '' ? '' : `\n${byHand}\n`}`);
  }
  return documents;
}

function withoutTitle(text: string): string {
  return text.replace(/^# .*\n/, '').trim();
}

function headOf(formatter: FormatterDescriptor): string {
  return `# ${formatter.name}\n\n${docCommentOf(formatter)}\n\n${edgeTable(formatter)}${optionTable(formatter)}${beforeAndAfter(formatter)}`;
}

function beforeAndAfter(formatter: FormatterDescriptor): string {
  const example = exampleOf(formatter);
  return example === '' ? '' : `\nBefore and after, an example that its tests run.\n${example}`;
}

function reference(formatters: readonly FormatterDescriptor[]): string {
  const rows = formatters.map(({ name, title, edges }) => {
    const meets = [...new Set(edges.flatMap((edge) => edge.meets))].join(', ');
    return `| [${name}](#${name}) | ${title} | ${[...new Set(edges.map((edge) => edge.from))].join(', ')} | ${[...new Set(edges.map((edge) => edge.to))].join(', ')} | ${meets} |`;
  });
  const sections = formatters.map(
    (formatter) =>
      `## ${formatter.name}\n\n${docCommentOf(formatter)}\n\nVersion ${formatter.version}; reads ${formatter.reads}. [More](../formatters/${formatter.name}/README.md)\n\n${edgeTable(formatter)}${optionTable(formatter)}${exampleOf(formatter)}`,
  );
  return `# Formatters

What ships with the gateway. An edge goes from one media type to another; *keeps* is the part of what a reader cares about
that survives (it multiplies along a chain), *cost* relative milliseconds (they add up). An edge from a type to itself is there to meet a
*demand*: something a client needs beyond a media type. The planner joins edges to chains; \`/-/explain/ADDRESS\` shows which and why.
Your own: [a plugin](how-to/plugin.md).

| formatter | what it does | from | to | meets |
|---|---|---|---|---|
${rows.join('\n')}

${sections.join('\n')}`;
}

// The comment above the default export, as prose.
function docCommentOf({ source, title }: FormatterDescriptor): string {
  const text = readFileSync(fileURLToPath(source.module), 'utf8');
  const before = text.slice(0, text.indexOf('export default'));
  const comment =
    /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*$/.exec(before)?.[1] ?? /^\/\*\*((?:(?!\*\/)[\s\S])*)\*\//.exec(text)?.[1];
  if (comment === undefined) return title;
  return comment
    .split('\n')
    .map((line) => line.replace(/^\s*\*? ?/, '').trimEnd())
    .join('\n')
    .trim();
}

function edgeTable({ edges }: FormatterDescriptor): string {
  const rows = edges.map(
    ({ from, to, meets, keeps, cost }) =>
      `| \`${from}\` | \`${to}\` | ${meets.map((name) => `\`${name}\``).join(', ')} | ${keeps} | ${cost} |`,
  );
  return `| from | to | meets | keeps | cost |\n|---|---|---|---|---|\n${rows.join('\n')}\n`;
}

function optionTable({ optionsSchema }: FormatterDescriptor): string {
  const properties = (optionsSchema?.['properties'] ?? {}) as Readonly<Record<string, PlainRecord>>;
  const rows = Object.entries(properties).map(([name, schema]) => {
    const { type, default: fallback, description = '', title = '' } = schema;
    const range = [schema['minimum'], schema['maximum']].every((each) => each !== undefined)
      ? `, ${String(schema['minimum'])} to ${String(schema['maximum'])}`
      : '';
    const values = Array.isArray(schema['enum'])
      ? schema['enum'].map((each) => `\`${String(each)}\``).join(', ')
      : `${String(type ?? 'any')}${range}`;
    return `| \`${name}\` | ${values} | ${fallback === undefined ? 'none' : `\`${JSON.stringify(fallback)}\``} | ${String(description || title)} |`;
  });
  if (rows.length === 0) return '';
  return `\nOptions, in \`prefers.formatters\` of a profile:\n\n| option | values | default | meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

function exampleOf(formatter: FormatterDescriptor): string {
  const example = readExamples(dirname(fileURLToPath(formatter.source.module)), formatter)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .find((each) => !each.name.startsWith('hostile') && isText(each));
  if (example === undefined) return '';
  const expected = readFileSync(example.expectedFile!, 'utf8');
  return `\n${example.why}\n\n${fenced(example.input.toString('utf8'))}\nbecomes\n\n${fenced(expected)}`;
}

function isText({ expectedFile, input, charset }: Example): boolean {
  if (expectedFile === undefined || charset !== undefined) return false;
  return [input, readFileSync(expectedFile)].every(
    (bytes) => !bytes.includes(0) && !bytes.toString('utf8').includes('\ufffd'),
  );
}

// The beginning is enough to see what is meant.
function fenced(text: string): string {
  const lines = text.trimEnd().split('\n').flatMap(foldMarkup);
  const shown = lines
    .slice(0, SHOWN_LINES)
    .map((line) => (line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS)}…` : line));
  const fence = '`'.repeat(Math.max(3, ...shown.map((line) => (/`+/.exec(line)?.[0].length ?? 0) + 1)));
  return `${fence}text\n${[...shown, ...(lines.length > SHOWN_LINES ? ['…'] : [])].join('\n')}\n${fence}\n`;
}

/** A long line of markup in several, broken between tags. */
function foldMarkup(line: string): string[] {
  if (line.length <= SHOWN_CHARACTERS || !line.startsWith('<')) return [line];
  const lines = [''];
  for (const piece of line.split(/(?<=>)(?=<)/)) {
    if (lines.at(-1) !== '' && lines.at(-1)!.length + piece.length > FOLDED_CHARACTERS) lines.push('');
    lines[lines.length - 1] += piece;
  }
  return lines;
}

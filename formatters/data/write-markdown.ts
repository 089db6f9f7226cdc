/** Tables as GFM has them: one line a row, nothing in a cell that could be taken for markup. */
import { stripControls } from '../document/control-sequences.ts';
import { textOf } from './cell-values.ts';
import type { Table } from './table.ts';

const MAX_CELL = 2_000;
// What begins markup anywhere in a line of GFM, or ends the cell.
const MARKUP = /[\\`*_[\]<>|~&]/g;

/** The table. */
export function writeMarkdownTable({ columns, rows }: Table): string {
  const lines = [
    line(columns.map(({ name }) => markdownText(name))),
    line(columns.map(({ type }) => (type === 'number' ? '---:' : '---'))),
  ];
  for (const row of rows) lines.push(line(row.map((cell) => markdownText(textOf(cell)))));
  return `${lines.join('\n')}\n`;
}

/** Text as one line of Markdown that means nothing but itself (threat 36). */
export function markdownText(text: string): string {
  const plain = stripControls(text.length > MAX_CELL ? `${text.slice(0, MAX_CELL)}…` : text);
  // Addresses are links by themselves and end where a bar or a bracket is escaped.
  if (/^https?:\/\/[\w.~:/?#@!$'()*+,;=%-]+$/i.test(plain.trim())) return plain.trim().replace(/[*_~]/g, '\\$&');
  return plain
    .replace(/\s+/g, ' ')
    .trim()
    .replace(MARKUP, (char, at: number, whole: string) => escapeIn(char, at, whole));
}

// Within a word an underscore begins nothing, and a lone ampersand is one.
function escapeIn(char: string, at: number, whole: string): string {
  if (char === '_')
    return /[\p{L}\p{N}]/u.test(whole[at - 1] ?? ' ') && /[\p{L}\p{N}]/u.test(whole[at + 1] ?? ' ') ? char : '\\_';
  if (char === '&') return /^&(?:#|[a-z])/i.test(whole.slice(at, at + 2)) ? '\\&' : char;
  if (char === '>') return at === 0 ? '\\>' : char;
  return `\\${char}`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

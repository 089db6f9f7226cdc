import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { stripControls } from '../document/control-sequences.ts';
import { displayWidth } from '../document/text/display-width.ts';
import { Filler } from '../document/text/fill-lines.ts';
import { readWrapDemand } from '../document/text/wrap-demand.ts';

// Marks of quotation, the sign of a list item, or spaces alone.
const PREFIX = /^(?:[ \t]*(?:>[ \t]?)+|[ \t]*(?:[-*+•·]|\d{1,4}[.)])[ \t]+|[ \t]+)/;
const LIST_SIGN = /[-*+•·\d.)]/g;
/** Columns that a text always has beside its prefix. */
const MIN_ROOM = 10;

/**
 * Plain text for terminals and small screens: only lines that are too long are wrapped, by what they take on the screen.
 *
 * Indentation, list items and marks of quotation carry over to the lines that a line becomes; ideographs count as two
 * columns, combining marks as none. Addresses stay whole. Escape sequences and other controls never pass. The width is
 * that of `demands.wrap`, by default 72 columns.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'text-wrap',
  version: '1.0.0',
  title: 'Plain text, wrapped',
  reads: 'text',
  edges: [{ from: 'text/plain', to: 'text/plain', keeps: 1, cost: 1, meets: ['wrap'] }],
  format: wrapText,
} satisfies Formatter;

function wrapText(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const { width } = readWrapDemand(want.demands['wrap']);
  const text = stripControls(String(input.body).replace(/\r\n?/g, '\n'));
  let wrapped = 0;
  const lines = text.split('\n').map((line) => {
    if (line.length <= width && displayWidth(line) <= width) return line;
    wrapped++;
    return wrapLine(line, width);
  });
  if (wrapped > 0) env.note('text.wrapped', { lines: wrapped });
  return { mediaType: want.mediaType, body: lines.join('\n') };
}

function wrapLine(line: string, width: number): string {
  const prefix = PREFIX.exec(line)?.[0] ?? '';
  const isQuoted = prefix.includes('>');
  const hang = isQuoted ? prefix : prefix.replace(LIST_SIGN, ' ');
  const room = Math.max(MIN_ROOM, width - displayWidth(prefix));
  const filler = new Filler();
  filler.spaced(line.slice(prefix.length).trimEnd().replace(/\t/g, '  '));
  return filler
    .lines(room)
    .map((each, i) => (i === 0 ? prefix : hang) + each)
    .join('\n');
}

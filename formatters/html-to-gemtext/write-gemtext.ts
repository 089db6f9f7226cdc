/** Blocks as lines of gemtext (Gemini hypertext format, "Text lines" to "Preformatting toggle lines"). */
import { lineOf, plainText } from '../document/flow/inline-run.ts';
import type { Block, Control, Inline, ListBlock, TableBlock } from '../document/flow/model.ts';
import { displayWidth } from '../document/text/display-width.ts';

const MAX_LEVEL = 3;
const FENCE = '```';

/** Writes a page. */
export function writeGemtext(blocks: readonly Block[]): string[] {
  const lines: string[] = [];
  for (const block of blocks) {
    const next = writeBlock(block);
    if (next.length === 0) continue;
    if (lines.length > 0) lines.push('');
    for (const line of next) lines.push(line);
  }
  return lines;
}

function writeBlock(block: Block): string[] {
  switch (block.kind) {
    case 'paragraph':
      return [...textLines(block.content), ...linkLines(block.content)];
    case 'heading': {
      const text = lineOf(plainText(block.content));
      const sign = '#'.repeat(Math.min(block.level, MAX_LEVEL));
      return text === '' ? [] : [`${sign} ${text}`, ...linkLines(block.content)];
    }
    case 'list':
      return writeList(block);
    case 'code':
      return [`${FENCE}${lineOf(block.language)}`, ...block.text.split('\n').map(insideFence), FENCE];
    case 'quote':
      return writeGemtext(block.blocks).map((line) => (isLink(line) ? line : `> ${line}`.trimEnd()));
    case 'table':
      return writeTable(block);
    case 'rule':
      return ['―――――'];
    case 'definitions':
      return block.entries.flatMap(({ terms, details }) => [
        ...terms.flatMap((term) => [...textLines(term), ...linkLines(term)]),
        ...details.flatMap((each) => hang('* ', writeGemtext(each))),
      ]);
    case 'form':
      return [...writeGemtext(block.blocks), ...(block.action === '' ? [] : [`=> ${block.action} Form`])];
    case 'note':
      return hang(`[${lineOf(block.label)}] `, writeGemtext(block.blocks));
  }
}

function writeList(list: ListBlock): string[] {
  let number = list.start;
  return list.items.flatMap((item) => {
    number = item.value ?? number;
    const box = item.checked === undefined ? '' : item.checked ? '[x] ' : '[ ] ';
    const sign = list.ordered ? `* ${number++}. ${box}` : `* ${box}`;
    return hang(sign, writeGemtext(item.blocks));
  });
}

/** The first line of text behind a sign; lines of other kinds stay what they are. */
function hang(sign: string, lines: readonly string[]): string[] {
  const [first, ...others] = lines.filter((line) => line !== '');
  if (first === undefined) return [];
  const isText = !/^(?:=>|#|\* |>|```)/.test(first);
  if (isText) return [sign + first.trimStart(), ...others];
  // A bullet before nothing says nothing; a number does.
  return sign === '* ' ? [first, ...others] : [sign.trimEnd(), first, ...others];
}

function writeTable(table: TableBlock): string[] {
  const rows = table.rows.map((row) =>
    row.map((cell) =>
      lineOf(
        writeGemtext(cell.blocks)
          .filter((line) => !isLink(line))
          .join(' '),
      ),
    ),
  );
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(0, ...rows.map((row) => displayWidth(row[column] ?? ''))),
  );
  const lines = rows.map((row) =>
    widths
      .map((width, column) => pad(row[column] ?? '', width, table.alignments[column] === 'right'))
      .join('  ')
      .trimEnd(),
  );
  if (table.hasHead && lines.length > 1) lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  const links = table.rows.flatMap((row) => row.flatMap((cell) => writeGemtext(cell.blocks).filter(isLink)));
  return lines.length === 0
    ? []
    : [`${FENCE}${lineOf(plainText(table.caption))}`, ...lines.map(insideFence), FENCE, ...new Set(links)];
}

function pad(text: string, width: number, toTheRight: boolean): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return toTheRight ? space + text : text + space;
}

/** A paragraph is one line, however long; a break begins another. */
function textLines(content: readonly Inline[]): string[] {
  return words(content)
    .split('\n')
    .map((line) => lineOf(line))
    .filter((line) => line !== '')
    .map(asText);
}

function words(content: readonly Inline[]): string {
  return content.map(wordsOf).join('');
}

function wordsOf(piece: Inline): string {
  switch (piece.kind) {
    case 'text':
    case 'code':
      return piece.text;
    case 'break':
      return '\n';
    case 'mark':
    case 'link':
      return words(piece.content);
    case 'formula':
      return piece.tex;
    case 'note':
      return `[${piece.label}]`;
    case 'control':
      return controlWords(piece.control);
    case 'picture':
      // It has a line of its own, unless there is no address to put there.
      return piece.src === '' ? piece.alt : '';
  }
}

function controlWords({ type, label, value, checked }: Control): string {
  if (type === 'checkbox' || type === 'radio') return checked ? '[x] ' : '[ ] ';
  return ` [${lineOf(value || label) || '______'}] `;
}

/** A line for each address in a paragraph, once. */
function linkLines(content: readonly Inline[]): string[] {
  const found = new Map<string, string>();
  collectLinks(content, found, false);
  return [...found].map(([href, text]) => `=> ${href}${text === '' || text === href ? '' : ` ${text}`}`);
}

function collectLinks(content: readonly Inline[], found: Map<string, string>, inLink: boolean): void {
  for (const piece of content) {
    // In a link a picture without words is its decoration.
    if (piece.kind === 'picture' && piece.src !== '' && !(inLink && piece.alt === '' && piece.title === ''))
      add(found, piece.src, piece.alt || piece.title);
    if (piece.kind === 'mark') collectLinks(piece.content, found, inLink);
    if (piece.kind !== 'link') continue;
    if (!piece.href.startsWith('#')) add(found, piece.href, plainText(piece.content) || piece.title);
    collectLinks(piece.content, found, true);
  }
}

function add(found: Map<string, string>, address: string, text: string): void {
  // A space would end the address.
  const href = address.replace(/\s/g, encodeURIComponent);
  if (href !== '' && !found.has(href)) found.set(href, lineOf(text));
}

function isLink(line: string): boolean {
  return line.startsWith('=> ');
}

/** A line of text that cannot be taken for another kind of line: those begin in the first column. */
function asText(line: string): string {
  return /^(?:=>|#|\*|>|```)/.test(line) ? ` ${line}` : line;
}

function insideFence(line: string): string {
  return line.startsWith(FENCE) ? ` ${line}` : line;
}

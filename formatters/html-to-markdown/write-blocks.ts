/** Blocks as Markdown (CommonMark 0.31 with GFM; footnotes and definition lists as most readers of Markdown have them). */
import { isBlank } from '../document/flow/inline-run.ts';
import type { Block, Definition, Inline, ListBlock, ListItem } from '../document/flow/model.ts';
import { codeBlock, guardLine } from './escape.ts';
import { HEADING, PARAGRAPH, writeInlines } from './write-inlines.ts';
import { writeTable } from './write-table.ts';

/** What was lost on the way. */
export interface Losses {
  /** Tables in cells, written as text. */
  nestedTables: number;
  /** Columns of the widest of them. */
  columns: number;
}

/** The text of blocks, without a line feed at the end. */
export function writeBlocks(blocks: readonly Block[], losses: Losses): string {
  return joinBlocks(blocks, losses, '\n\n');
}

/** @param gap what stands between a line and a list that follows it */
function joinBlocks(blocks: readonly Block[], losses: Losses, gap: string): string {
  let out = '';
  let previous: Block | undefined;
  // Two lists in a row would be one if their markers were the same.
  let alternate = false;
  for (const block of blocks) {
    alternate = block.kind === 'list' && previous?.kind === 'list' && previous.ordered === block.ordered && !alternate;
    const text = writeBlock(block, losses, alternate);
    if (text === '') continue;
    // CommonMark 5.3: only a list that starts with 1 may interrupt a paragraph.
    const isTight = block.kind === 'list' && !block.loose && (!block.ordered || firstNumber(block) === 1);
    if (out !== '') out += isTight ? gap : '\n\n';
    out += text;
    previous = block;
  }
  return out;
}

function writeBlock(block: Block, losses: Losses, alternate: boolean): string {
  switch (block.kind) {
    case 'paragraph':
      return splitAtGaps(block.content)
        .map((content) => guardLines(writeInlines(content, PARAGRAPH)))
        .filter((text) => text !== '')
        .join('\n\n');
    case 'heading': {
      const text = writeInlines(block.content, HEADING).trim();
      // CommonMark 4.2: number signs at the end would be a closing sequence.
      return text === '' ? '' : `${'#'.repeat(block.level)} ${text.replace(/(^|\s)(#+)$/, '$1\\$2')}`;
    }
    case 'list':
      return writeList(block, losses, alternate);
    case 'code':
      return codeBlock(block.text, block.language);
    case 'quote':
      return prefixed(writeBlocks(block.blocks, losses));
    case 'table':
      return writeTable(block, losses);
    case 'rule':
      return '---';
    case 'definitions':
      return block.entries.map((entry) => writeDefinition(entry, losses)).join('\n\n');
    case 'form':
      return writeBlocks(block.blocks, losses);
    case 'note':
      return `[^${block.label}]: ${indented(writeBlocks(block.blocks, losses), 4)}`;
  }
}

/** Two line breaks in a row are how many pages part paragraphs. */
function splitAtGaps(content: readonly Inline[]): (readonly Inline[])[] {
  const parts: Inline[][] = [[]];
  for (const [i, piece] of content.entries()) {
    const isBreak = piece.kind === 'break';
    const isGap = isBreak && content[i + 1]?.kind === 'break';
    if (isGap) parts.push([]);
    else if (!isBreak || content[i - 1]?.kind !== 'break') parts.at(-1)!.push(piece);
  }
  return parts;
}

function guardLines(text: string): string {
  const plain = text.trim();
  if (!plain.includes('\n')) return guardLine(plain);
  return plain
    .split('\n')
    .map((line) => guardLine(line.trimStart()))
    .join('\n');
}

function writeList(list: ListBlock, losses: Losses, alternate: boolean): string {
  let number = firstNumber(list);
  const lines = list.items.map((item) => {
    number = item.value ?? number;
    const marker = list.ordered ? `${number++}${alternate ? ')' : '.'}` : alternate ? '*' : '-';
    return writeItem(item, marker, losses, list.loose);
  });
  return lines.join(list.loose ? '\n\n' : '\n');
}

function firstNumber(list: ListBlock): number {
  return list.items[0]?.value ?? list.start;
}

function writeItem(item: ListItem, marker: string, losses: Losses, isLoose: boolean): string {
  const task = item.checked === undefined ? '' : item.checked ? '[x] ' : '[ ] ';
  const text = joinBlocks(item.blocks, losses, isLoose ? '\n\n' : '\n');
  // `- ---` would be a rule instead of an item.
  const safe = text.replace(/^---(?=\n|$)/, '___');
  return `${marker} ${task}${indented(safe, marker.length + 1)}`.trimEnd();
}

function writeDefinition({ terms, details }: Definition, losses: Losses): string {
  const lines = terms
    .filter((term) => !isBlank(term))
    .map((term) => guardLine(writeInlines([{ kind: 'mark', mark: 'strong', content: term }], HEADING).trim()));
  const rest: string[] = [];
  for (const blocks of details) {
    const [first, ...others] = blocks;
    // What defines nothing is a paragraph.
    const lead = lines.length > 0 && rest.length === 0 && first?.kind === 'paragraph' ? first : undefined;
    if (lead !== undefined) lines.push(`: ${writeBlocks([lead], losses)}`);
    const more = writeBlocks(lead === undefined ? blocks : others, losses);
    if (more !== '') rest.push(more);
  }
  return [lines.join('\n'), ...rest].filter((each) => each !== '').join('\n\n');
}

function prefixed(text: string): string {
  return text === '' ? '' : `> ${text.replaceAll('\n', '\n> ')}`.replace(/^> $/gm, '>');
}

function indented(text: string, spaces: number): string {
  return text.includes('\n') ? text.replace(/\n(?!\n)/g, `\n${' '.repeat(spaces)}`) : text;
}

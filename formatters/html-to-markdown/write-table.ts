/** Tables as GFM has them: one line a row. What no cell can hold is written in the tags that GFM lets through. */
import type { Block, ListBlock, TableBlock, TableCell } from '../document/flow/model.ts';
import { codeSpan, guardLine } from './escape.ts';
import type { Losses } from './write-blocks.ts';
import { CELL, PARAGRAPH, writeInlines } from './write-inlines.ts';

/** A table with its caption before it; without a head its header cells are empty. */
export function writeTable(table: TableBlock, losses: Losses): string {
  const columns = table.rows.reduce((most, row) => Math.max(most, row.length), 0);
  if (columns === 0) return '';
  const rows = table.rows.map((row) => row.map((cell) => writeCell(cell, losses)));
  const head = table.hasHead ? rows[0]! : [];
  const body = table.hasHead ? rows.slice(1) : rows;
  const rule = Array.from({ length: columns }, (_, column) => ruleFor(table.alignments[column]));
  const lines = [
    line(Array.from({ length: columns }, (_, column) => head[column] ?? '')),
    line(rule),
    ...body.map((row) => line(row)),
  ];
  const caption = guardLine(writeInlines(table.caption, PARAGRAPH).replace(/\\\n/g, ' ').trim());
  return caption === '' ? lines.join('\n') : `${caption}\n\n${lines.join('\n')}`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function ruleFor(alignment: TableBlock['alignments'][number]): string {
  if (alignment === 'center') return ':---:';
  if (alignment === 'right') return '---:';
  return alignment === 'left' ? ':---' : '---';
}

function writeCell(cell: TableCell, losses: Losses): string {
  return join(cell.blocks.map((block) => writeInCell(block, losses)));
}

function join(parts: readonly string[]): string {
  let out = '';
  for (const part of parts.map((each) => each.trim()).filter((each) => each !== ''))
    out += out === '' || /<\/(?:ul|ol|pre|h\d)>$/.test(out) || /^<(?:ul|ol|pre|h\d)>/.test(part) ? part : `<br>${part}`;
  return out;
}

function writeInCell(block: Block, losses: Losses): string {
  switch (block.kind) {
    case 'paragraph':
      return writeInlines(block.content, CELL);
    case 'heading':
      return `<h${block.level}>${writeInlines(block.content, CELL)}</h${block.level}>`;
    case 'list':
      return listInCell(block, losses);
    case 'code':
      return block.text.includes('\n') ? `<pre>${asEntities(block.text)}</pre>` : codeSpan(block.text, true);
    case 'quote':
    case 'form':
    case 'note':
      return join(block.blocks.map((each) => writeInCell(each, losses)));
    case 'definitions':
      return join(
        block.entries.map(({ terms, details }) => {
          const names = terms.map((term) => writeInlines(term, CELL)).join(', ');
          return `${names}: ${details.map((blocks) => join(blocks.map((each) => writeInCell(each, losses)))).join('; ')}`;
        }),
      );
    case 'table':
      return flattened(block, losses);
    case 'rule':
      return '';
  }
}

function listInCell(list: ListBlock, losses: Losses): string {
  const name = list.ordered ? 'ol' : 'ul';
  const items = list.items.map((item) => `<li>${join(item.blocks.map((block) => writeInCell(block, losses)))}</li>`);
  return `<${name}>${items.join('')}</${name}>`;
}

/** A table in a cell: its rows one after the other. */
function flattened(table: TableBlock, losses: Losses): string {
  losses.nestedTables++;
  losses.columns = Math.max(losses.columns, ...table.rows.map((row) => row.length));
  const rows = table.rows.map((row) =>
    row
      .map((cell) => writeCell(cell, losses))
      .filter((text) => text !== '')
      .join(', '),
  );
  return join([writeInlines(table.caption, CELL), rows.filter((row) => row !== '').join('; ')]);
}

// In a raw `pre` some readers see markup and some do not: references mean the same to both.
function asEntities(text: string): string {
  return text.replace(/[\n&<>`*_[\]\\|~!#$:@]/g, (char) => `&#${char.charCodeAt(0)};`);
}

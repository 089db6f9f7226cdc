/** Blocks as HTML, with a mark where each page begins. */
import { escapeAttribute, escapeText } from '../document/serialise.ts';
import { textOf } from './find-lines.ts';
import { joinLines } from './make-blocks.ts';
import type { Block, Piece } from './pdf-page.ts';

/** Writes them; a paragraph that goes on overleaf is one, and so is code with empty lines. */
export function writeBlocks(blocks: readonly Block[]): string {
  let html = '';
  let page = 0;
  let list = '';
  for (const block of joinParts(blocks)) {
    const wanted = block.kind === 'item' && block.ordered ? 'numbered' : block.kind === 'item' ? 'bulleted' : '';
    if (list !== wanted && list === 'bulleted') html += '</ul>';
    const mark = block.page === page ? '' : pageMark(block.page);
    if (list !== wanted && wanted === 'bulleted') html += `${mark}<ul>${writeBlock(block)}`;
    else html += mark + writeBlock(block);
    list = wanted;
    page = block.page;
  }
  return list === 'bulleted' ? `${html}</ul>` : html;
}

/** The anchor of a page. */
export function pageMark(page: number): string {
  return `<span id="page-${page}"></span>`;
}

/** Text with its links; pieces of one link are one. */
export function writePieces(pieces: readonly Piece[]): string {
  let html = '';
  for (let i = 0; i < pieces.length; i++) {
    const { address } = pieces[i]!;
    let text = pieces[i]!.text;
    while (i + 1 < pieces.length && pieces[i + 1]!.address === address) text += pieces[++i]!.text;
    const plain = text.replace(/(?:\s?\.){5,}/g, ' …').replace(/\s+/g, ' ');
    if (address === undefined || plain.trim() === '') html += escapeText(plain);
    else {
      const [, before, words, after] = /^(\s?)(.*?)(\s?)$/s.exec(plain)!;
      html += `${before}<a href="${escapeAttribute(address)}">${escapeText(words!)}</a>${after}`;
    }
  }
  return html.trim();
}

function writeBlock(block: Block): string {
  switch (block.kind) {
    case 'markup':
      return block.html;
    case 'code':
      return `<pre>${escapeText(block.text)}</pre>\n`;
    case 'heading':
      return `<h${block.level}>${writePieces(block.pieces)}</h${block.level}>\n`;
    case 'item':
      return block.ordered ? `<p>${writePieces(block.pieces)}</p>\n` : `<li>${writePieces(block.pieces)}</li>\n`;
    case 'table': {
      const head = hasHead(block.rows.map((row) => row.map(textOf))) ? 'th' : 'td';
      const rows = block.rows.map((row, i) => {
        const name = i === 0 ? head : 'td';
        return `<tr>${row.map((cell) => `<${name}>${writePieces(cell)}</${name}>`).join('')}</tr>`;
      });
      return `<table>${rows.join('\n')}</table>\n`;
    }
    default:
      return `<p>${writePieces(block.pieces)}</p>\n`;
  }
}

/** True where the first row has no numbers and a column has nothing else below it. */
function hasHead([first = [], ...rows]: readonly (readonly string[])[]): boolean {
  const isNumber = (text: string): boolean => /^[^\p{L}]*\d[^\p{L}]*$/u.test(text);
  return !first.some(isNumber) && first.some((_, column) => rows.every((row) => isNumber(row[column] ?? '')));
}

function joinParts(blocks: readonly Block[]): Block[] {
  const joined: Block[] = [];
  for (const block of blocks) {
    const last = joined.at(-1);
    if (
      last?.kind === 'paragraph' &&
      block.kind === 'paragraph' &&
      last.page !== block.page &&
      !/[.!?:;…]["”’)]?$/.test(textOf(last.pieces)) &&
      /^\p{Ll}/u.test(textOf(block.pieces))
    )
      joined[joined.length - 1] = { ...last, pieces: joinLines([last.pieces, block.pieces]) };
    else if (last?.kind === 'code' && block.kind === 'code' && last.page === block.page)
      joined[joined.length - 1] = { ...last, text: `${last.text}\n\n${block.text}` };
    else joined.push(block);
  }
  return joined;
}

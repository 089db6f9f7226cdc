/** Blocks as sentences to be read aloud: what a layout would show is said, what is only for the eye is not. */
import { plainText } from '../document/flow/inline-run.ts';
import type { Block, Control, Inline, ListBlock, TableBlock } from '../document/flow/model.ts';

/** Lines to be spoken, one for each block; blank ones between blocks, where a voice rests. */
export function writeSpeech(blocks: readonly Block[]): string[] {
  return blocks
    .map(speakBlock)
    .filter((lines) => lines.length > 0)
    .flatMap((lines, i) => (i > 0 ? ['', ...lines] : lines));
}

function speakBlock(block: Block): string[] {
  switch (block.kind) {
    case 'paragraph':
      return said(speak(block.content));
    case 'heading':
      return said(speak(block.content)).map((line) => `Heading level ${block.level}: ${line}`);
    case 'list':
      return speakList(block);
    case 'code':
      return ['Code:', ...block.text.split('\n').filter((line) => line.trim() !== ''), 'End of code.'];
    case 'quote':
      return ['Quote:', ...inner(block.blocks), 'End of quote.'];
    case 'table':
      return speakTable(block);
    case 'rule':
      return [];
    case 'definitions':
      return block.entries.flatMap(({ terms, details }) => [
        ...terms.flatMap((term) => said(`${speak(term).trim()}:`)),
        ...details.flatMap(inner),
      ]);
    case 'form':
      return ['Form:', ...inner(block.blocks), 'End of form.'];
    case 'note':
      return inner(block.blocks).map((line, i) => (i === 0 ? `Note ${block.label}: ${line}` : line));
  }
}

/** Blocks within another, without rests. */
function inner(blocks: readonly Block[]): string[] {
  return blocks.flatMap(speakBlock);
}

function speakList({ ordered, start, items }: ListBlock): string[] {
  let number = start;
  const lines = items.flatMap((item) => {
    number = item.value ?? number;
    const done = item.checked === undefined ? '' : item.checked ? 'Done: ' : 'To do: ';
    const sign = `${ordered ? `${number++}. ` : ''}${done}`;
    return inner(item.blocks).map((line, i) => (i === 0 ? sign + line : line));
  });
  return [`List of ${items.length} ${items.length === 1 ? 'item' : 'items'}:`, ...lines, 'End of list.'];
}

/** Row by row, each cell with the name of its column: a listener sees no columns. */
function speakTable({ caption, hasHead, rows }: TableBlock): string[] {
  const names = hasHead ? (rows[0] ?? []).map(({ blocks }) => inner(blocks).join(' ').replace(/[.:]$/, '')) : [];
  const body = rows.slice(hasHead ? 1 : 0);
  const title = plainText(caption).trim();
  const lines = body.flatMap((row) => {
    const cells = row.map(({ blocks }, i) => {
      const text = inner(blocks).join(' ').replace(/\.$/, '');
      return text === '' || !names[i] ? text : `${names[i]}: ${text}`;
    });
    return said(cells.filter((cell) => cell !== '').join('; '));
  });
  const size = `${body.length} ${body.length === 1 ? 'row' : 'rows'}`;
  return [title === '' ? `Table of ${size}:` : `Table of ${size}, ${title}:`, ...lines, 'End of table.'];
}

/** A sentence that ends, so that a voice falls; nothing where nothing is said. */
function said(text: string): string[] {
  const lines = text
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '');
  return lines.map((line) => (/[.!?:;,…。！？"”»)]$/.test(line) ? line : `${line}.`));
}

function speak(content: readonly Inline[]): string {
  return content.map(speakPiece).join('');
}

function speakPiece(piece: Inline): string {
  switch (piece.kind) {
    case 'text':
    case 'code':
      return piece.text;
    case 'break':
      return '\n';
    case 'mark': {
      const text = speak(piece.content);
      if (piece.mark === 'deleted') return ` (deleted: ${text.trim()}) `;
      return piece.mark === 'superscript' && /^[\d+-]\w{0,7}$/.test(text.trim())
        ? ` to the power of ${text.trim()}`
        : text;
    }
    case 'link': {
      const words = speak(piece.content).trim();
      // An address is a torment to hear: its host says where it leads.
      const isAddress = /^(?:https?:\/\/|www\.)\S+$/i.test(words);
      return isAddress
        ? `link to ${words.replace(/^(?:https?:\/\/)?(?:www\.)?/i, '').replace(/[/?#].*$/s, '')}`
        : `${words} (link)`;
    }
    case 'picture':
      return piece.alt === '' ? '' : ` picture: ${piece.alt} `;
    case 'formula':
      return ` formula: ${piece.tex} `;
    case 'note':
      return ` (note ${piece.label})`;
    case 'control':
      return speakControl(piece.control);
  }
}

function speakControl({ type, label, value, checked, choices }: Control): string {
  const words = label.trim();
  switch (type) {
    case 'checkbox':
    case 'radio':
      return ` ${checked ? 'chosen' : 'not chosen'} `;
    case 'select': {
      const shown = choices.filter(({ selected }) => selected).map((choice) => choice.label);
      return ` choice: ${(shown.length > 0 ? shown : [choices[0]?.label ?? '']).join(', ')} `;
    }
    case 'button':
    case 'reset':
    case 'submit':
      return words === '' ? '' : ` ${words} (button) `;
    case 'password':
      return ' secret field ';
    default:
      return ` field${value || words ? `: ${(value || words).replace(/\s+/g, ' ').trim()}` : ''} `;
  }
}

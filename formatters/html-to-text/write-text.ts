/** Blocks as lines of a terminal. */
import type { Block, Definition, Inline, ListBlock } from '../document/flow/model.ts';
import { BOLD, Filler, lineWidth } from '../document/text/fill-lines.ts';
import { addInlines, type LineStyle } from './write-line.ts';
import { writeTable } from './write-table.ts';

/** Columns that nested blocks always have. */
const MIN_WIDTH = 6;
const BULLETS = ['*', '+', 'o', '#', '-'];

/** Writes blocks as lines; shared by all blocks of one page. */
export class TextWriter {
  readonly #line: LineStyle;
  #listDepth = 0;

  constructor(line: LineStyle) {
    this.#line = line;
  }

  /** Lines no wider than `width`, but for preformatted text and addresses; blank ones between blocks. */
  blocks(blocks: readonly Block[], width: number): string[] {
    const lines: string[] = [];
    let previous: Block | undefined;
    for (const block of blocks) {
      const next = this.#block(block, Math.max(width, MIN_WIDTH));
      if (next.length === 0) continue;
      const isClose = block.kind === 'list' && !block.loose && this.#listDepth > 0 && previous?.kind === 'paragraph';
      if (lines.length > 0 && !isClose) lines.push('');
      for (const line of next) lines.push(line);
      previous = block;
    }
    return lines;
  }

  line(content: readonly Inline[], width: number, style = 0): string[] {
    const filler = new Filler();
    addInlines(content, filler, this.#line, style);
    return filler.lines(width).map((each) => each.trimEnd());
  }

  #block(block: Block, width: number): string[] {
    switch (block.kind) {
      case 'paragraph':
        return this.line(block.content, width);
      case 'heading':
        return this.#heading(block.content, block.level, width);
      case 'list':
        return this.#list(block, width);
      case 'code':
        return block.text.split('\n').map((line) => line.replace(/\t/g, '        '));
      case 'quote':
        return this.blocks(block.blocks, width - 2).map((line) => `> ${line}`.trimEnd());
      case 'table':
        return writeTable(block, this, width);
      case 'rule':
        return ['-'.repeat(width)];
      case 'definitions':
        return block.entries.flatMap((entry, i) => [...(i > 0 ? [''] : []), ...this.#definition(entry, width)]);
      case 'form':
        return this.blocks(block.blocks, width);
      case 'note':
        return this.#hung(`[^${block.label}] `, this.blocks(block.blocks, width - 4));
    }
  }

  #heading(content: readonly Inline[], level: number, width: number): string[] {
    const lines = this.line(content, width, BOLD);
    if (this.#line.ansi || level > 2) return lines;
    const widest = Math.max(...lines.map(lineWidth));
    return lines.length === 0 ? [] : [...lines, (level === 1 ? '=' : '-').repeat(widest)];
  }

  #list(list: ListBlock, width: number): string[] {
    const bullet = BULLETS[Math.min(this.#listDepth, BULLETS.length - 1)]!;
    let number = list.start;
    const signs = list.items.map((item) => {
      number = item.value ?? number;
      return list.ordered ? `${number++}.` : bullet;
    });
    const widest = Math.max(...signs.map((sign) => sign.length));
    this.#listDepth++;
    const items = list.items.map((item, i) => {
      const box = item.checked === undefined ? '' : item.checked ? '[x] ' : '[ ] ';
      const sign = `  ${signs[i]!.padStart(widest)} ${box}`;
      return this.#hung(sign, this.blocks(item.blocks, width - sign.length));
    });
    this.#listDepth--;
    return items.flatMap((item, i) => (list.loose && i > 0 ? ['', ...item] : item));
  }

  #definition({ terms, details }: Definition, width: number): string[] {
    const names = terms.flatMap((term) => this.line(term, width, BOLD));
    return [...names, ...details.flatMap((blocks) => this.#hung('    ', this.blocks(blocks, width - 4)))];
  }

  /** The first line after a sign, the others below its end. */
  #hung(sign: string, lines: readonly string[]): string[] {
    const space = ' '.repeat(sign.length);
    return lines.map((line, i) => (line === '' ? '' : (i === 0 ? sign : space) + line));
  }
}

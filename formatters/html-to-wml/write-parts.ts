/**
 * Blocks as small well-formed parts that a deck can be filled with, up to any number of bytes. A part is never cut; a
 * paragraph may be, between its parts.
 */

import { plainText } from '../document/flow/inline-run.ts';
import type { Block, Control, FormBlock, Inline, LinkPiece, TableBlock } from '../document/flow/model.ts';
import type { SizeOf } from '../document/text/charset-size.ts';
import { shortened, wmlText } from './wml-text.ts';
import { WmlForm } from './write-form.ts';

/** A paragraph: its parts, and how it is opened. */
export interface WmlParagraph {
  readonly parts: string[];
  /** True keeps lines as they are. */
  readonly isCode: boolean;
}

export interface PartOptions {
  /** Pictures are shown, not told. */
  readonly images: boolean;
  /** Bytes of the largest part: a longer one loses its address. */
  readonly maxPart: number;
  readonly sizeOf: SizeOf;
}

/** Characters of text in one part; of those that take several bytes each. */
const CHUNK = 120;
const WIDE_CHUNK = 40;
const MAX_LINK_TEXT = 160;

/** Turns the blocks of a page into paragraphs. */
export class PartWriter {
  readonly #options: PartOptions;
  readonly #paragraphs: WmlParagraph[] = [];
  #form = new WmlForm(undefined, 0);
  #forms = 0;
  /** Lists around. */
  #depth = 0;

  constructor(options: PartOptions) {
    this.#options = options;
  }

  write(blocks: readonly Block[]): readonly WmlParagraph[] {
    this.#blocks(blocks, '');
    return this.#paragraphs;
  }

  /** @param lead signs before the first paragraph: of a list item, of a quote */
  #blocks(blocks: readonly Block[], lead: string): void {
    let sign = lead;
    for (const block of blocks) {
      this.#block(block, sign);
      if (!/^> $/.test(lead)) sign = '';
    }
  }

  #block(block: Block, lead: string): void {
    switch (block.kind) {
      case 'paragraph':
        this.#line(block.content, lead);
        return;
      case 'heading':
        this.#line(block.content, lead, block.level <= 2 ? ['big', 'b'] : ['b']);
        return;
      case 'list': {
        let number = block.start;
        this.#depth++;
        for (const item of block.items) {
          number = item.value ?? number;
          const box = item.checked === undefined ? '' : item.checked ? '[x] ' : '[ ] ';
          const sign = block.ordered ? `${number++}.` : '-'.repeat(this.#depth);
          this.#blocks(item.blocks, `${lead}${sign} ${box}`);
        }
        this.#depth--;
        return;
      }
      case 'code':
        this.#add(this.#codeParts(block.text), true);
        return;
      case 'quote':
        this.#blocks(block.blocks, '> ');
        return;
      case 'table':
        this.#table(block);
        return;
      case 'rule':
        this.#add(['--'], false);
        return;
      case 'definitions':
        for (const { terms, details } of block.entries) {
          for (const term of terms) this.#line(term, lead, ['b']);
          for (const blocks of details) this.#blocks(blocks, '');
        }
        return;
      case 'form':
        this.#inForm(block);
        return;
      case 'note':
        this.#blocks(block.blocks, `[${block.label}] `);
        return;
    }
  }

  #inForm(block: FormBlock): void {
    const outer = this.#form;
    this.#form = new WmlForm(block, ++this.#forms);
    this.#blocks(block.blocks, '');
    if (!this.#form.hasAction) this.#add([this.#form.action()], false);
    this.#form = outer;
  }

  /** A row is a line, for screens of a few words. */
  #table(table: TableBlock): void {
    if (table.caption.length > 0) this.#line(table.caption, '', ['b']);
    for (const [i, row] of table.rows.entries()) {
      const isHead = i === 0 && table.hasHead;
      const parts: string[] = [];
      for (const { blocks } of row) {
        const cell = this.#cellParts(blocks, isHead);
        if (cell.length > 0) parts.push(...(parts.length > 0 ? [' | '] : []), ...cell);
      }
      this.#add(parts, false);
    }
  }

  #cellParts(blocks: readonly Block[], isHead: boolean): string[] {
    const inner = new PartWriter(this.#options);
    inner.#form = this.#form;
    inner.#forms = this.#forms;
    inner.#blocks(blocks, '');
    this.#forms = inner.#forms;
    const paragraphs = inner.#paragraphs.map((each) => each.parts);
    const parts = paragraphs.flatMap((each, i) => (i > 0 ? ['<br/>', ...each] : each));
    return isHead ? parts.map((part) => (part.startsWith('<') ? part : `<b>${part}</b>`)) : parts;
  }

  #line(content: readonly Inline[], lead: string, tags: readonly string[] = []): void {
    const parts: string[] = [];
    if (lead !== '') parts.push(wmlText(lead));
    this.#inlines(content, tags, parts);
    if (parts.length > (lead === '' ? 0 : 1)) this.#add(parts, false);
  }

  #inlines(content: readonly Inline[], tags: readonly string[], parts: string[]): void {
    for (const piece of content) {
      if (this.#form.labels.has(piece)) continue;
      switch (piece.kind) {
        case 'text':
        case 'code':
          for (const chunk of this.#chunksOf(piece.text)) parts.push(enclose(wmlText(chunk), tags));
          break;
        case 'break':
          parts.push('<br/>');
          break;
        case 'mark': {
          const tag = piece.mark === 'strong' ? 'b' : piece.mark === 'emphasis' ? 'i' : undefined;
          this.#inlines(piece.content, tag === undefined || tags.includes(tag) ? tags : [...tags, tag], parts);
          break;
        }
        case 'link':
          this.#link(piece, parts);
          break;
        case 'picture':
          if (piece.src !== '' && this.#options.images) parts.push(this.#picture(piece.src, piece.alt));
          else if (piece.alt !== '') parts.push(...this.#textParts(`[${shortened(piece.alt, CHUNK)}]`));
          break;
        case 'formula':
          parts.push(...this.#textParts(shortened(piece.tex, CHUNK)));
          break;
        case 'note':
          parts.push(`[${piece.label}]`);
          break;
        case 'control':
          parts.push(...this.#control(piece.control));
          break;
      }
    }
  }

  #link({ href, content }: LinkPiece, parts: string[]): void {
    const before = content[0]?.kind === 'text' && content[0].text.startsWith(' ') ? ' ' : '';
    const text = shortened(plainText(content), MAX_LINK_TEXT);
    const pictures = this.#options.images ? content.filter((piece) => piece.kind === 'picture') : [];
    const shown = pictures.length > 0 && text === '' ? '' : wmlText(text || href);
    const inner = pictures.map((piece) => (piece.src === '' ? '' : this.#picture(piece.src, piece.alt))).join('');
    const words = inner === '' || !pictures.some((piece) => piece.alt === text) ? shown : '';
    // A place within the page would be a card of the deck.
    const link = `<a href="${wmlText(href)}">${inner}${words}</a>`;
    const isWhole = !href.startsWith('#') && this.#options.sizeOf(link) <= this.#options.maxPart;
    parts.push(...(isWhole ? [before + link] : this.#textParts(before + text)));
    const last = content.at(-1);
    if (last?.kind === 'text' && last.text.endsWith(' ')) parts.push(' ');
  }

  #picture(src: string, alt: string): string {
    const text = wmlText(shortened(alt, 60));
    const element = `<img src="${wmlText(src)}" alt="${text}"/>`;
    return this.#options.sizeOf(element) <= this.#options.maxPart ? element : text;
  }

  /** A field; a list of more choices than a deck holds is told, and then a field to enter one of them. */
  #control(control: Control): string[] {
    const element = this.#form.control(control);
    if (control.type !== 'select' || this.#options.sizeOf(element) <= this.#options.maxPart) return [element];
    const told = control.choices.flatMap(({ value, label }, i) => [
      ...(i > 0 ? [', '] : []),
      ...this.#textParts(value === label ? label : `${value} = ${shortened(label, CHUNK)}`),
    ]);
    return [...told, ': ', this.#form.entry(control)];
  }

  #textParts(text: string): string[] {
    return this.#chunksOf(text).map(wmlText);
  }

  #chunksOf(text: string): string[] {
    return chunksOf(text, this.#options.sizeOf(text) > text.length * 2 ? WIDE_CHUNK : CHUNK);
  }

  #codeParts(text: string): string[] {
    return text.split('\n').flatMap((line, i) => {
      // Spaces that open a line would be lost.
      const shown = line.replace(/\t/g, '  ').replace(/^ +/, (spaces) => '\u00a0'.repeat(spaces.length));
      const chunks = this.#textParts(shown);
      return i > 0 ? ['<br/>', ...chunks] : chunks;
    });
  }

  #add(parts: readonly string[], isCode: boolean): void {
    const kept = parts.filter((part) => part !== '');
    if (kept.some((part) => part.trim() !== '' && part !== '<br/>')) this.#paragraphs.push({ parts: kept, isCode });
  }
}

function enclose(text: string, tags: readonly string[]): string {
  return tags.reduceRight((inner, tag) => `<${tag}>${inner}</${tag}>`, text);
}

/** Text in pieces of whole words, where words are not longer than a piece. */
function chunksOf(text: string, length: number): string[] {
  const chunks: string[] = [];
  for (let at = 0; at < text.length; ) {
    let end = Math.min(at + length, text.length);
    if (end < text.length) {
      const space = text.slice(at, end + 1).lastIndexOf(' ');
      if (space > 0) end = at + space + 1;
      else if (/[\udc00-\udfff]/.test(text[end]!)) end--;
    }
    chunks.push(text.slice(at, end));
    at = end;
  }
  return chunks;
}

/** The body of an OpenDocument text (ODF 1.3 part 3) as HTML. */
import { escapeAttribute, escapeText } from '../document/serialise.ts';
import { attributeOf, childAt, childrenOf, xmlText } from '../xml/find-xml.ts';
import type { XmlElement } from '../xml/parse-xml.ts';
import type { Styles } from './read-styles.ts';

/** Bytes of pictures that the page holds. */
const MAX_PICTURES = 262_144;
const TYPES: Readonly<Record<string, string>> = {
  gif: 'image/gif',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
};
/** Cells that one says to stand for; spreadsheets fill their width so. What is repeated within what is repeated would be a bomb. */
const MAX_REPEATED = 50;
const MAX_REPEATED_TEXT = 200;
const MAX_SPACES = 100;
/** What is not what the document says: changes, remarks, settings. */
const SKIPPED = new Set('tracked-changes annotation annotation-end forms sequence-decls variable-decls'.split(' '));

export interface WrittenText {
  readonly html: string;
  /** Pictures that are left out. */
  readonly pictures: number;
}

/** Writes the body with its notes. */
export function writeText(body: XmlElement, styles: Styles, parts: ReadonlyMap<string, Uint8Array>): WrittenText {
  const writer = new Writer(styles, parts);
  const html = writer.blocks(body) + writer.notes();
  return { html: joinCode(html), pictures: writer.pictures };
}

/** Lines of code come as paragraphs. */
function joinCode(html: string): string {
  return html.replaceAll('</pre>\n<pre>', '\n');
}

class Writer {
  readonly #styles: Styles;
  readonly #parts: ReadonlyMap<string, Uint8Array>;
  readonly #notes: string[] = [];
  #pictureBytes = MAX_PICTURES;
  /** A title stands above the headings. */
  #lowered = 0;
  pictures = 0;

  constructor(styles: Styles, parts: ReadonlyMap<string, Uint8Array>) {
    this.#styles = styles;
    this.#parts = parts;
  }

  blocks(parent: XmlElement): string {
    return childrenOf(parent)
      .map((child) => this.#block(child))
      .join('');
  }

  notes(): string {
    return this.#notes.length === 0 ? '' : `<ol>${this.#notes.join('')}</ol>`;
  }

  #block(element: XmlElement): string {
    switch (element.localName) {
      case 'h': {
        const level = Math.min(6, Math.max(1, Number(attributeOf(element, 'outline-level')) || 1) + this.#lowered);
        return `<h${level}>${this.#inline(element)}</h${level}>\n`;
      }
      case 'p':
        return this.#paragraph(element);
      case 'list':
        return this.#list(element, undefined);
      case 'table':
        return this.#table(element);
      case 'frame':
        return `<p>${this.#frame(element)}</p>`;
      default:
        return SKIPPED.has(element.localName) ? '' : this.blocks(element);
    }
  }

  #paragraph(element: XmlElement): string {
    const { names } = this.#styles.styleOf(attributeOf(element, 'style-name'));
    const inner = this.#inline(element);
    if (inner.trim() === '' && !names.includes('Preformatted Text')) return '';
    if (names.includes('Title')) {
      this.#lowered = 1;
      return `<h1>${inner}</h1>\n`;
    }
    if (names.includes('Preformatted Text')) return `<pre>${inner}</pre>\n`;
    return names.includes('Quotations') ? `<blockquote><p>${inner}</p></blockquote>\n` : `<p>${inner}</p>\n`;
  }

  #list(list: XmlElement, inherited: string | undefined): string {
    const style = attributeOf(list, 'style-name') ?? inherited;
    const name = this.#styles.isNumbered(style) ? 'ol' : 'ul';
    const items = childrenOf(list).map((item) => {
      const inner = childrenOf(item).map((child) =>
        child.localName === 'list' ? this.#list(child, style) : this.#block(child),
      );
      return `<li>${inner.join('').replace(/^<p>([^<]*)<\/p>\n/, '$1')}</li>`;
    });
    return `<${name}>${items.join('')}</${name}>\n`;
  }

  #table(table: XmlElement): string {
    let html = '';
    for (const child of childrenOf(table)) {
      if (child.localName === 'table-header-rows')
        html += `<thead>${childrenOf(child, 'table-row')
          .map((row) => this.#row(row, 'th'))
          .join('')}</thead>`;
      else if (child.localName === 'table-row') html += this.#row(child, 'td');
      else if (child.localName === 'table-rows')
        html += childrenOf(child, 'table-row')
          .map((row) => this.#row(row, 'td'))
          .join('');
    }
    return `<table>${html}</table>\n`;
  }

  #row(row: XmlElement, name: 'td' | 'th'): string {
    const cells = childrenOf(row, 'table-cell').map((cell) => {
      const spans = [['columns', 'colspan'] as const, ['rows', 'rowspan'] as const].map(([what, attribute]) => {
        const count = Number(attributeOf(cell, `number-${what}-spanned`));
        return count > 1 ? ` ${attribute}="${Math.min(count, 1000)}"` : '';
      });
      const inner = this.blocks(cell).replace(/^<p>([^<]*)<\/p>\n$/, '$1');
      const asked = Number(attributeOf(cell, 'number-columns-repeated')) || 1;
      const times = inner.length > MAX_REPEATED_TEXT ? 1 : Math.min(Math.max(asked, 1), MAX_REPEATED);
      return `<${name}${spans.join('')}>${inner}</${name}>`.repeat(times);
    });
    return `<tr>${cells.join('')}</tr>\n`;
  }

  #inline(parent: XmlElement): string {
    return parent.children
      .map((child) => (typeof child === 'string' ? escapeText(child) : this.#inlineElement(child)))
      .join('');
  }

  #inlineElement(element: XmlElement): string {
    switch (element.localName) {
      case 's':
        return ' '.repeat(Math.min(Math.max(1, Number(attributeOf(element, 'c')) || 1), MAX_SPACES));
      case 'tab':
        return '\t';
      case 'line-break':
        return '<br>';
      case 'a':
        return `<a href="${escapeAttribute(attributeOf(element, 'href') ?? '')}">${this.#inline(element)}</a>`;
      case 'bookmark':
      case 'bookmark-start':
        return `<span id="${escapeAttribute(attributeOf(element, 'name') ?? '')}"></span>`;
      case 'note':
        return this.#note(element);
      case 'frame':
        return this.#frame(element);
      case 'span':
        return this.#span(element);
      default:
        return SKIPPED.has(element.localName) ? '' : this.#inline(element);
    }
  }

  #span(element: XmlElement): string {
    const { bold, italic, names } = this.#styles.styleOf(attributeOf(element, 'style-name'));
    let html = this.#inline(element);
    if (html.trim() === '') return html;
    if (names.includes('Source Text')) html = `<code>${html}</code>`;
    if (italic || names.includes('Emphasis')) html = `<em>${html}</em>`;
    return bold || names.includes('Strong Emphasis') ? `<strong>${html}</strong>` : html;
  }

  #note(note: XmlElement): string {
    const number = this.#notes.length + 1;
    this.#notes.push('');
    const body = childAt(note, 'note-body');
    const inner = body === undefined ? '' : this.blocks(body);
    this.#notes[number - 1] = `<li id="note-${number}">${inner}<a href="#note-ref-${number}">↑</a></li>`;
    return `<sup><a href="#note-${number}" id="note-ref-${number}">[${number}]</a></sup>`;
  }

  /** A picture, or a box of text beside the text. */
  #frame(frame: XmlElement): string {
    const box = childAt(frame, 'text-box');
    if (box !== undefined) return escapeText(xmlText(box));
    const image = childAt(frame, 'image');
    if (image === undefined) return '';
    const words = xmlText(childAt(frame, 'title')) || xmlText(childAt(frame, 'desc'));
    const source = this.#picture(attributeOf(image, 'href') ?? '');
    const src = source === undefined ? '' : ` src="${source}"`;
    return `<img alt="${escapeAttribute(words)}"${src}>`;
  }

  #picture(path: string): string | undefined {
    const bytes = this.#parts.get(path.replace(/^\.\//, ''));
    const type = TYPES[/\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ''];
    if (bytes === undefined || type === undefined || bytes.byteLength > this.#pictureBytes) {
      this.pictures++;
      return undefined;
    }
    this.#pictureBytes -= bytes.byteLength;
    return `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;
  }
}

/** The container of a book (EPUB 3.3 parts 3 to 7; OCF ZIP: `mimetype` first and stored). */
import { strToU8, zipSync } from 'fflate';
import { escapeAttribute } from '../document/serialise.ts';
import type { BookPicture } from './gather-pictures.ts';
import type { Chapter } from './to-xhtml.ts';

export interface Book {
  readonly title: string;
  readonly author: string | undefined;
  /** BCP 47; `und` where it is not known. */
  readonly language: string;
  /** Address of the page. */
  readonly identifier: string;
  /** `2026-11-23T10:00:00Z` */
  readonly modified: string;
  readonly chapter: Chapter;
  readonly pictures: readonly BookPicture[];
}

/** ZIP knows no time before 1980; the same book is the same bytes. */
const TIME = new Date(1980, 0, 1, 12);

export function makeBook(book: Book): Uint8Array {
  const stored = { level: 0, mtime: TIME } as const;
  const packed = { level: 6, mtime: TIME } as const;
  return zipSync({
    mimetype: [strToU8('application/epub+zip'), stored],
    'META-INF/container.xml': [strToU8(CONTAINER), packed],
    'book/package.opf': [strToU8(packageDocument(book)), packed],
    'book/nav.xhtml': [strToU8(navigation(book)), packed],
    'book/page.xhtml': [strToU8(book.chapter.text), packed],
    ...Object.fromEntries(book.pictures.map(({ name, bytes }) => [`book/pictures/${name}`, [bytes, stored]])),
  });
}

const CONTAINER = `<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>
`;

function packageDocument({ title, author, language, identifier, modified, pictures, chapter }: Book): string {
  const creator = author === undefined ? '' : `<dc:creator>${xml(author)}</dc:creator>`;
  const items = pictures
    .map(
      ({ name, mediaType }) =>
        `<item id="${name.replace('.', '-')}" href="pictures/${name}" media-type="${mediaType}"/>`,
    )
    .join('');
  return `<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="${xml(language)}">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">${xml(identifier)}</dc:identifier><dc:title>${xml(title)}</dc:title>${creator}<dc:language>${xml(language)}</dc:language><dc:source>${xml(identifier)}</dc:source><meta property="dcterms:modified">${modified}</meta></metadata>
<manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/><item id="page" href="page.xhtml" media-type="application/xhtml+xml"/>${items}</manifest>
<spine${chapter.isRightToLeft ? ' page-progression-direction="rtl"' : ''}><itemref idref="page"/></spine>
</package>
`;
}

function navigation({ title, language, chapter }: Book): string {
  const entries = chapter.headings.length === 0 ? [{ id: '', words: title }] : chapter.headings;
  const items = entries.map(
    ({ id, words }) => `<li><a href="page.xhtml${id === '' ? '' : `#${xml(id)}`}">${xml(words)}</a></li>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="${xml(language)}" xml:lang="${xml(language)}"${chapter.isRightToLeft ? ' dir="rtl"' : ''}><head><title>${xml(title)}</title></head><body><nav epub:type="toc"><h1>${xml(title)}</h1><ol>${items.join('')}</ol></nav></body></html>
`;
}

/** XML 1.0 2.2: no controls; escaped for content and attributes alike. */
function xml(text: string): string {
  const plain = text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '');
  return escapeAttribute(plain).replace(/&nbsp;/g, '&#160;');
}

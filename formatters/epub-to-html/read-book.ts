/** The parts of a book (EPUB 2 and 3): what it says of itself, and its chapters in the order of reading. */
import { FormatFailure } from '../../core/executor.ts';
import { readUrl } from '../../core/links/address-map.ts';
import { readArchive, textOfPart } from '../archive/read-archive.ts';
import { oneLine } from '../document/page-facts.ts';
import { attributeOf, childAt, childrenOf, xmlText } from '../xml/find-xml.ts';
import { parseXml, type XmlElement } from '../xml/parse-xml.ts';

/** Bytes of text and small pictures, unpacked. */
const MAX_BYTES = 24_000_000;
/** Larger pictures are their alternative text, as a page carries them in itself. */
export const MAX_PICTURE = 32_768;
/** Stands for the root of the archive in addresses. */
const ROOT = 'http://book.invalid/';

export interface BookPart {
  /** Path in the archive. */
  readonly path: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

export interface Book {
  readonly title: string | undefined;
  readonly author: string | undefined;
  readonly language: string | undefined;
  readonly date: string | undefined;
  readonly description: string | undefined;
  readonly chapters: readonly BookPart[];
  readonly pictures: ReadonlyMap<string, BookPart>;
  /** The document of contents: XHTML in EPUB 3, NCX in EPUB 2. */
  readonly contents: BookPart | undefined;
}

/** Reads a book. @throws FormatFailure cannot where it is none or is locked, hostile, too-large */
export function readBook(bytes: Uint8Array): Book {
  const parts = readArchive(bytes, {
    what: 'the book',
    maxBytes: MAX_BYTES,
    wants: (name, size) =>
      !/\.(?:otf|ttf|woff2?|css|js|mp[34]|m4a|ogg)$/i.test(name) && (size <= MAX_PICTURE || !isPicture(name)),
  });
  const rootFile = childAt(readXml(parts, 'META-INF/container.xml'), 'rootfiles', 'rootfile');
  const path = attributeOf(rootFile, 'full-path') ?? '';
  const root = readXml(parts, path);
  const locked = lockedParts(parts);
  const items = new Map(
    childrenOf(childAt(root, 'manifest'), 'item').map((item) => [
      attributeOf(item, 'id') ?? '',
      { item, path: pathFrom(path, attributeOf(item, 'href') ?? '') },
    ]),
  );
  const partOf = (id: string | undefined): BookPart | undefined => {
    const found = items.get(id ?? '');
    const content = parts.get(found?.path ?? '');
    if (found === undefined || content === undefined) return undefined;
    return { path: found.path!, mediaType: attributeOf(found.item, 'media-type') ?? '', bytes: content };
  };
  const spine = childAt(root, 'spine');
  const chapters = childrenOf(spine, 'itemref').flatMap((reference) => partOf(attributeOf(reference, 'idref')) ?? []);
  if (chapters.some(({ path: each }) => locked.has(each))) throw refusal('the book is locked');
  if (chapters.length === 0) throw refusal('the book has no chapters');
  const all = [...items.keys()].flatMap((id) => partOf(id) ?? []);
  const navigation = [...items].find(([, { item }]) =>
    /(?:^|\s)nav(?:\s|$)/.test(attributeOf(item, 'properties') ?? ''),
  );
  return {
    ...factsOf(childAt(root, 'metadata')),
    chapters,
    pictures: new Map(all.filter(({ mediaType }) => mediaType.startsWith('image/')).map((part) => [part.path, part])),
    contents: partOf(navigation?.[0]) ?? partOf(attributeOf(spine, 'toc')),
  };
}

/** The path that a reference in a part leads to, without its fragment; `undefined` where it leads out of the book. */
export function pathFrom(part: string, reference: string): string | undefined {
  const url = readUrl(reference, readUrl(encodeURI(part), ROOT)?.href ?? ROOT);
  if (url === undefined || !url.href.startsWith(ROOT)) return undefined;
  try {
    return decodeURIComponent(url.pathname.slice(1));
  } catch {
    // A name that is no UTF-8 is no name in an archive either.
    return undefined;
  }
}

/** The address that stands for a part. */
export function addressOf(path: string): string {
  return readUrl(encodeURI(path), ROOT)?.href ?? ROOT;
}

function isPicture(name: string): boolean {
  return /\.(?:png|jpe?g|gif|webp|svg|avif|bmp|tiff?)$/i.test(name);
}

function factsOf(metadata: XmlElement | undefined) {
  const said = (name: string): string | undefined => oneLine(xmlText(childAt(metadata, name)));
  const authors = childrenOf(metadata, 'creator').map((creator) => oneLine(xmlText(creator)) ?? '');
  return {
    title: said('title'),
    author: authors.filter((each) => each !== '').join(', ') || undefined,
    language: said('language'),
    date: said('date')?.slice(0, 10),
    description: oneLine(xmlText(childAt(metadata, 'description')).replace(/<[^>]*>/g, ' ')),
  };
}

/** Paths of what is encrypted: by a lock, for fonts alone are scrambled without one. */
function lockedParts(parts: ReadonlyMap<string, Uint8Array>): ReadonlySet<string> {
  const paths = new Set<string>();
  const encryption = parts.has('META-INF/encryption.xml') ? readXml(parts, 'META-INF/encryption.xml') : undefined;
  for (const data of childrenOf(encryption, 'EncryptedData'))
    paths.add(pathFrom('', attributeOf(childAt(data, 'CipherData', 'CipherReference'), 'URI') ?? '') ?? '');
  return paths;
}

function readXml(parts: ReadonlyMap<string, Uint8Array>, path: string): XmlElement {
  const part = parts.get(path);
  if (part === undefined) throw refusal('this is no book that can be read');
  return parseXml(textOfPart(part), 'the book');
}

function refusal(why: string): FormatFailure {
  return new FormatFailure('cannot', 'epub-to-html', why);
}

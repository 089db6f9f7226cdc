/** What a Word document says, and what it says of itself. */
import { zipSync } from 'fflate';
import { FormatFailure } from '../../core/executor.ts';
import { readArchive, textOfPart } from '../archive/read-archive.ts';
import { oneLine } from '../document/page-facts.ts';
import { attributeOf, childAt, xmlText } from '../xml/find-xml.ts';
import { parseXml } from '../xml/parse-xml.ts';
import { loadWordLibrary } from './word-library.ts';

/** Bytes of a document with its pictures, unpacked. */
const MAX_BYTES = 24_000_000;
const MAX_ELEMENTS = 400_000;
/** Pictures beyond these are their alternative text: a page carries them in itself. */
const MAX_PICTURE = 32_768;
const MAX_PICTURES = 262_144;
const SHOWN = /^image\/(?:png|jpe?g|gif|webp)$/;

// What writers call their styles; the library knows headings and lists.
const STYLES = [
  "p[style-name='Title'] => p.title:fresh",
  "p[style-name='Subtitle'] => p:fresh",
  "p[style-name='Quote'] => blockquote > p:fresh",
  "p[style-name='Intense Quote'] => blockquote > p:fresh",
  "p[style-name='Quotations'] => blockquote > p:fresh",
  "p[style-name='Code'] => pre:separator('\\n')",
  "p[style-name='HTML Preformatted'] => pre:separator('\\n')",
  "p[style-name='Preformatted Text'] => pre:separator('\\n')",
  "p[style-name='Plain Text'] => pre:separator('\\n')",
  "r[style-name='HTML Code'] => code",
  "r[style-name='Source Text'] => code",
  'strike => s',
];

export interface WordDocument {
  /** Untrusted markup. */
  readonly html: string;
  readonly title: string | undefined;
  readonly author: string | undefined;
  readonly date: string | undefined;
  readonly description: string | undefined;
  readonly language: string | undefined;
  /** Pictures that are left out. */
  readonly pictures: number;
}

/** Reads a document. @throws FormatFailure cannot where it is none, hostile, too-large */
export async function readWord(bytes: Uint8Array): Promise<WordDocument> {
  const parts = readArchive(bytes, {
    what: 'the document',
    maxBytes: MAX_BYTES,
    wants: (name, size) => /\.(?:xml|rels)$/i.test(name) || (/^word\/media\//.test(name) && size <= MAX_PICTURE),
  });
  for (const [name, part] of parts) if (/\.(?:xml|rels)$/i.test(name)) checkPart(name, textOfPart(part));
  const { html, pictures } = await convert(parts);
  const core = parts.has('docProps/core.xml')
    ? parseXml(textOfPart(parts.get('docProps/core.xml')), 'the document')
    : undefined;
  const said = (name: string): string | undefined => oneLine(xmlText(childAt(core, name)));
  return {
    html,
    pictures,
    title: said('title'),
    author: said('creator'),
    date: said('modified')?.slice(0, 10) ?? said('created')?.slice(0, 10),
    description: said('description') ?? said('subject'),
    language: languageOf(parts.get('word/styles.xml')),
  };
}

// The library's parser recurses, and would read a document type: no writer makes either (threat 42).
function checkPart(name: string, text: string): void {
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text))
    throw new FormatFailure('hostile', 'docx-to-html', 'a part of the document declares a document type');
  if (name.startsWith('word/')) parseXml(text, 'the document', { maxElements: MAX_ELEMENTS });
}

async function convert(parts: ReadonlyMap<string, Uint8Array>): Promise<{ html: string; pictures: number }> {
  const { convertToHtml, images } = await loadWordLibrary();
  let left = MAX_PICTURES;
  let pictures = 0;
  const convertImage = images.imgElement(async (image) => {
    const data = SHOWN.test(image.contentType) ? await readPicture(image) : undefined;
    if (data === undefined || data.length > left) {
      pictures++;
      return {} as { src: string };
    }
    left -= data.length;
    return { src: `data:${image.contentType};base64,${data}` };
  });
  try {
    // Packed anew: what the library unpacks is what was checked.
    const buffer = Buffer.from(zipSync(Object.fromEntries(parts), { level: 0, mtime: new Date(1980, 0, 1, 12) }));
    const options = { styleMap: STYLES, includeEmbeddedStyleMap: false, externalFileAccess: false, convertImage };
    const { value } = await convertToHtml({ buffer }, options);
    return { html: withTitle(value), pictures };
  } catch (cause) {
    throw new FormatFailure('cannot', 'docx-to-html', 'this is no Word document that can be read', { cause });
  }
}

/** The title above all headings; cells of one paragraph as their words. The library writes each tag in one way. */
function withTitle(html: string): string {
  const plain = html.replace(/(<t[dh][^>]*>)<p>([^<]*)<\/p>(?=<\/t[dh]>)/g, '$1$2');
  if (!plain.includes('<p class="title">')) return plain;
  return plain
    .replace(/<(\/?)h([1-5])(?=[ >])/g, (_, end: string, level: string) => `<${end}h${Number(level) + 1}`)
    .replace(/<p class="title">(.*?)<\/p>/gs, '<h1>$1</h1>');
}

async function readPicture(image: { read(encoding: string): Promise<string> }): Promise<string | undefined> {
  try {
    return await image.read('base64');
  } catch {
    // Left out above for its size, or linked from elsewhere: its alternative text stands for it.
    return undefined;
  }
}

function languageOf(styles: Uint8Array | undefined): string | undefined {
  if (styles === undefined) return undefined;
  const root = parseXml(textOfPart(styles), 'the document', { maxElements: MAX_ELEMENTS });
  const properties = childAt(root, 'docDefaults', 'rPrDefault', 'rPr');
  return attributeOf(childAt(properties, 'lang'), 'val');
}

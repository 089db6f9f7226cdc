/** The pictures of a page, fetched and made fit for a book. */
import type { CheerioAPI } from 'cheerio';
import type { FormatEnv } from '../../core/component.ts';
import { readUrl } from '../../core/links/address-map.ts';
import { findElement, walkElements } from '../document/edit-tree.ts';
import { loadSharp } from '../pictures/sharp-library.ts';

/** A picture in the book. */
export interface BookPicture {
  /** Name in the book: `p1.jpeg`. */
  readonly name: string;
  readonly mediaType: 'image/jpeg' | 'image/png';
  readonly bytes: Uint8Array;
}

export interface GatherOptions {
  readonly pageUrl: string;
  /** Pixels. */
  readonly maxWidth: number;
  readonly env: FormatEnv;
}

const MAX_PICTURES = 24;
const MAX_TOTAL_BYTES = 12_000_000;
const AT_ONCE = 4;
const JPEG_QUALITY = 72;

/** Pictures by address as it stands in `src`. One that cannot be had or read is absent, and noted. */
export async function gatherPictures($: CheerioAPI, options: GatherOptions): Promise<Map<string, BookPicture>> {
  const found = addressesOf($, options.pageUrl);
  const pictures = new Map<string, BookPicture>();
  let total = 0;
  let missing = 0;
  for (let start = 0; start < found.length; start += AT_ONCE) {
    const group = found.slice(start, start + AT_ONCE);
    const made = await Promise.all(group.map(([, url], index) => makePicture(url, start + index + 1, options)));
    for (const [index, picture] of made.entries()) {
      total += picture?.bytes.byteLength ?? 0;
      if (picture === undefined || total > MAX_TOTAL_BYTES) missing += 1;
      else pictures.set(group[index]![0], picture);
    }
    options.env.signal.throwIfAborted();
  }
  if (missing > 0) options.env.note('book.pictures-missing', { missing });
  return pictures;
}

function addressesOf($: CheerioAPI, pageUrl: string): [src: string, url: string][] {
  const found = new Map<string, string>();
  const body = findElement($.root()[0]!, 'body');
  if (body !== undefined)
    walkElements(body, ({ name, attribs }) => {
      const src = attribs['src'];
      const url = name === 'img' && src !== undefined ? readUrl(src, pageUrl) : undefined;
      if (url !== undefined && /^https?:$/.test(url.protocol) && found.size < MAX_PICTURES) found.set(src!, url.href);
    });
  return [...found];
}

async function makePicture(
  url: string,
  number: number,
  { maxWidth, env }: GatherOptions,
): Promise<BookPicture | undefined> {
  try {
    const response = await env.fetch(url);
    if (!response.ok) return undefined;
    const sharp = await loadSharp();
    const picture = sharp(new Uint8Array(await response.arrayBuffer()), {
      limitInputPixels: env.limits.maxPixels,
      failOn: 'error',
    })
      .rotate()
      .resize({ width: maxWidth, withoutEnlargement: true });
    const { hasAlpha } = await picture.metadata();
    const [kind, made] = hasAlpha
      ? (['png', picture.png({ palette: true, effort: 3 })] as const)
      : (['jpeg', picture.jpeg({ quality: JPEG_QUALITY })] as const);
    return { name: `p${number}.${kind}`, mediaType: `image/${kind}`, bytes: await made.toBuffer() };
  } catch {
    // Its words stand for it; that it is missing is noted.
    return undefined;
  }
}

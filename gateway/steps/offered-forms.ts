/** Other forms of a page that its site names itself, by `rel=alternate` in a Link field or in its head (CT-15, RFC 8288). */
import type { Fields } from '../../core/fields.ts';
import { parseLinkField } from '../../core/links/link-header.ts';
import { attributeOf } from '../read-tags.ts';

/** Types of documents that sites offer beside their pages, and that we would make. */
const OFFERED = ['text/markdown', 'text/plain'];
/** Where a page's head is. */
const MAX_HEAD_BYTES = 65_536;
const MAX_LINKS = 200;

/** A page as it came. */
export interface OfferingPage {
  readonly essence: string;
  readonly fields: Fields;
  /** Decoded. */
  readonly body: Uint8Array;
}

/** Addresses of other forms by their media type, as written; nothing for what is no page. */
export function offeredForms({ essence, fields, body }: OfferingPage): ReadonlyMap<string, string> {
  const offered = new Map<string, string>();
  if (!/html/.test(essence)) return offered;
  const add = (rel: string, type: string, href: string) => {
    const stated = type.split(';')[0]!.trim().toLowerCase();
    const isAlternate = /(?:^|\s)alternate(?:\s|$)/i.test(rel);
    if (isAlternate && OFFERED.includes(stated) && href !== '' && !offered.has(stated)) offered.set(stated, href);
  };
  for (const { target, parameters } of parseLinkField(fields.get('link') ?? '')) {
    const { rel = '', type = '' } = Object.fromEntries(parameters);
    add(rel, type, target);
  }
  for (const attributes of linksOf(body)) {
    const value = (name: string) => attributeOf(attributes, name);
    add(value('rel'), value('type'), value('href'));
  }
  return offered;
}

// A scan, no parse: this process holds the sockets. What a parser would see otherwise costs one fetch that fails.
function* linksOf(body: Uint8Array): Generator<string> {
  const text = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, MAX_HEAD_BYTES)).toString('utf8');
  const end = text.search(/<body[\s>]|<\/head>/i);
  const head = end === -1 ? text : text.slice(0, end);
  let count = 0;
  for (const match of head.matchAll(/<!--|-->|<link\b([^<>]{1,2000})>/gi)) {
    if (++count > MAX_LINKS) return;
    if (match[1] !== undefined && !isInComment(head, match.index)) yield match[1];
  }
}

function isInComment(text: string, at: number): boolean {
  return text.lastIndexOf('<!--', at) > text.lastIndexOf('-->', at);
}

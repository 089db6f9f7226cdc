/**
 * Fills `<esi:include>` of a content page from the functions of its site (S4): all at once, each fault in its own place.
 * Of ESI 1.0 (https://www.w3.org/TR/esi-lang): include with src, alt and onerror, remove, comment and `<!--esi … -->`.
 */
import { formatCacheControl, parseCacheControl } from '../../core/cache-control.ts';
import type { Fields } from '../../core/fields.ts';
import type { SetReply } from '../../core/fleet.ts';
import type { Exchange } from '../exchange.ts';
import { askSet } from './own-set.ts';

/** More of them in one page are left out. */
const MAX_INCLUDES = 64;
const MARKS =
  /<!--esi([\s\S]*?)-->|<esi:remove>[\s\S]*?<\/esi:remove>|<esi:comment\b[^>]*>|<esi:include\b((?:[^>"']|"[^"]*"|'[^']*')*)>(?:\s*<\/esi:include>)?/gi;
const ATTRIBUTE = /([a-z]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/gi;

interface Include {
  readonly src: string;
  readonly alt: string | undefined;
}

type Piece = Buffer | Include;

/** The page with its includes in place; those that cannot be had leave nothing, and the page is not kept by anybody. */
export async function fillIncludes(exchange: Exchange, page: SetReply): Promise<SetReply> {
  const pieces = piecesOf(page.body);
  const includes = pieces.filter((piece): piece is Include => !Buffer.isBuffer(piece));
  if (includes.length === 0 && pieces.length === 1) return page;
  const wanted = new Map(includes.slice(0, MAX_INCLUDES).map((include) => [include, readInclude(exchange, include)]));
  const parts = await Promise.all(pieces.map((piece) => (Buffer.isBuffer(piece) ? piece : wanted.get(piece))));
  const fragments = parts.filter((part): part is SetReply => part !== undefined && !Buffer.isBuffer(part));
  const body = Buffer.concat(parts.map((part) => (Buffer.isBuffer(part) ? part : (part?.body ?? Buffer.alloc(0)))));
  const isWhole = fragments.length === includes.length && fragments.every(({ madeBy }) => madeBy.by !== 'stale');
  return { ...page, body, fields: fieldsOfWhole(page.fields, fragments, isWhole) };
}

/** The page cut at its marks. In Latin-1 every byte is a character, whatever the charset is. */
function piecesOf(body: Buffer): Piece[] {
  const text = body.toString('latin1');
  const pieces: Piece[] = [];
  let from = 0;
  for (const mark of text.matchAll(MARKS)) {
    pieces.push(body.subarray(from, mark.index));
    from = mark.index + mark[0].length;
    if (mark[1] !== undefined) pieces.push(...piecesOf(Buffer.from(mark[1], 'latin1')));
    const include = mark[2] === undefined ? undefined : readAttributes(mark[2]);
    if (include !== undefined) pieces.push(include);
  }
  pieces.push(body.subarray(from));
  return pieces;
}

function readAttributes(text: string): Include | undefined {
  const given = new Map(
    [...text.matchAll(ATTRIBUTE)].map((each) => [each[1]!.toLowerCase(), each[2] ?? each[3] ?? '']),
  );
  const src = given.get('src');
  return src === undefined
    ? undefined
    : { src: unescapeAmpersands(src), alt: given.has('alt') ? unescapeAmpersands(given.get('alt')!) : undefined };
}

function unescapeAmpersands(value: string): string {
  return value.replace(/&amp;/g, '&');
}

/** From `src`, else from `alt`; `undefined` where neither can be had. */
async function readInclude(exchange: Exchange, { src, alt }: Include): Promise<SetReply | undefined> {
  const first = await readFragment(exchange, src);
  return first !== undefined || alt === undefined ? first : await readFragment(exchange, alt);
}

// An address that leads out of the site is nobody's function (threat 3).
async function readFragment(exchange: Exchange, address: string): Promise<SetReply | undefined> {
  const { target, gateway } = exchange;
  const url = URL.parse(address, target.url);
  if (url === null || url.origin !== target.url.origin) return undefined;
  const route = gateway.fleet.findRoute(target.set!.host, url.pathname);
  if (route === undefined) return undefined;
  try {
    const reply = await askSet(exchange, {
      route,
      url,
      method: 'GET',
      body: undefined,
      accept: 'text/html, */*;q=0.1',
      isPart: true,
    });
    return reply.status === 200 ? reply : undefined;
  } catch (error) {
    gateway.log.warn('an include could not be had', {
      set: route.set,
      path: url.pathname,
      reason: (error as Error).message,
    });
    return undefined;
  }
}

// What is made of several is fresh for as long as all of them are, and as private as the most private of them.
function fieldsOfWhole(page: Fields, fragments: readonly SetReply[], isWhole: boolean): Fields {
  const fields = page.clone().delete('etag').delete('last-modified').delete('content-length');
  const all = [page, ...fragments.map((each) => each.fields)].map((each) =>
    parseCacheControl(each.get('cache-control')),
  );
  const ages = all.map((each) => Number(each.get('max-age') ?? 0));
  if (!isWhole || all.some((each) => each.has('no-store'))) return fields.set('cache-control', 'no-store');
  const age = Math.min(...ages);
  const isPrivate = all.some((each) => each.has('private'));
  const directives = new Map<string, string | true>(age > 0 ? [['max-age', String(age)]] : [['no-cache', true]]);
  if (isPrivate) directives.set('private', true);
  return fields.set('cache-control', formatCacheControl(directives));
}

/**
 * Parts of originals that origins answered ranges with (206), in memory: put together where they have the same strong
 * validator, and answered from while they are fresh (RFC 9111 3.3 and 3.4, RFC 9110 15.3.7.3).
 */
import { LRUCache } from 'lru-cache';
import { type ByteRange, readContentRange, readRange } from '../core/byte-range.ts';
import {
  currentAgeSeconds,
  directiveSeconds,
  effectiveCacheControl,
  freshnessLifetimeSeconds,
  isPrivateOrNoStore,
  parseCacheControl,
} from '../core/cache-control.ts';
import { mayUseRange } from '../core/conditional.ts';
import { readEntityTag } from '../core/etag.ts';
import type { Fields } from '../core/fields.ts';
import { readHttpDate } from '../core/http-date.ts';
import { selectingValue } from '../core/selecting-value.ts';
import { parseVary } from '../core/vary.ts';

/** What a range was asked of. */
export interface PartQuestion {
  readonly url: URL;
  /** As they are sent. */
  readonly fields: Fields;
}

/** The head of a 206, and when it came; milliseconds since 1970. */
export interface PartHead {
  readonly fields: Fields;
  readonly requestedAt: number;
  readonly receivedAt: number;
}

/** A part at hand. */
export interface FoundPart {
  readonly range: ByteRange;
  readonly size: number;
  /** Those of the newest answer, for the whole: without Content-Range, Content-Length and Age. */
  readonly fields: Fields;
  readonly bytes: Buffer;
  readonly ageSeconds: number;
  readonly ttlSeconds: number;
}

/** Why parts at hand did not answer (RFC 9211 2.2). */
export type PartMiss = 'uri-miss' | 'stale' | 'request' | 'partial';

/** All bytes of an original, put together of its parts. */
export type GatheredWhole = Omit<FoundPart, 'range' | 'size'>;

export interface PartStore {
  find(question: PartQuestion, now: number): FoundPart | PartMiss;
  /**
   * What the bytes of this answer are to be told to as they come; `undefined` for one that is not to be kept. It gives the
   * whole where that is complete now.
   */
  keep(question: PartQuestion, head: PartHead): ((bytes: readonly Buffer[]) => GatheredWhole | undefined) | undefined;
  /** Forgets what there is of an address. */
  drop(url: string): void;
}

interface Held {
  readonly validator: string;
  readonly size: number;
  readonly head: PartHead;
  readonly lifetimeSeconds: number;
  readonly vary: Readonly<Record<string, string | null>>;
  /** By their first byte; none overlaps another. */
  readonly pieces: readonly Piece[];
}

interface Piece {
  readonly first: number;
  readonly bytes: Buffer;
}

/** Threat 31. */
const MAX_VARY = 16;
/** Parts of one original: what is asked in crumbs is not worth keeping track of. */
const MAX_PIECES = 64;
/** RFC 9110 8.8.2.2: a date is strong once nothing can have changed within its second; a minute is beyond doubt. */
const STRONG_AFTER_MS = 60_000;
const OVERHEAD_BYTES = 1_024;

/** @param maxBytes of all parts; one original takes at most a quarter of it */
export function makePartStore(maxBytes: number): PartStore {
  const held = new LRUCache<string, Held>({
    maxSize: Math.max(1, maxBytes),
    maxEntrySize: Math.max(1, Math.floor(maxBytes / 4)),
    sizeCalculation: ({ pieces }) => pieces.reduce((sum, { bytes }) => sum + bytes.byteLength, OVERHEAD_BYTES),
  });
  return {
    find(question, now) {
      const found = held.get(question.url.href);
      return found === undefined || !isSelected(found, question.fields) ? 'uri-miss' : findIn(found, question, now);
    },
    keep(question, head) {
      const described = describe(question, head);
      if (described === undefined) return undefined;
      const { first, last, ...rest } = described;
      return (chunks) => {
        const bytes = Buffer.concat(chunks).subarray(0, last - first + 1);
        if (bytes.byteLength === 0) return undefined;
        const { href } = question.url;
        const before = held.get(href);
        const isSame =
          before !== undefined &&
          before.validator === rest.validator &&
          before.size === rest.size &&
          isSelected(before, question.fields);
        const pieces = withPiece(isSame ? before.pieces : [], { first, bytes });
        if (pieces.length > MAX_PIECES) return undefined;
        const now: Held = { ...rest, pieces };
        held.set(href, now);
        return wholeOf(now, head.receivedAt);
      };
    },
    drop: (url) => void held.delete(url),
  };
}

function findIn(held: Held, { fields }: PartQuestion, now: number): FoundPart | PartMiss {
  const { head, lifetimeSeconds, size, pieces } = held;
  const ageSeconds = currentAgeSeconds(head.fields, { ...head, now });
  const ttlSeconds = lifetimeSeconds - ageSeconds;
  if (ttlSeconds <= 0) return 'stale';
  if (!isWanted(fields, ageSeconds, ttlSeconds) || !mayUseRange(fields, head.fields.get('etag'))) return 'request';
  const range = readRange(fields.get('range'), size);
  if (range === undefined || range === 'unsatisfiable') return 'request';
  const bytes = bytesOf(pieces, range);
  if (bytes === undefined) return 'partial';
  return { range, size, fields: fieldsOfWhole(head.fields), bytes, ageSeconds, ttlSeconds };
}

// RFC 9111 5.2.1 and 5.4.
function isWanted(fields: Fields, ageSeconds: number, ttlSeconds: number): boolean {
  const wishes = parseCacheControl(fields.get('cache-control'));
  if (wishes.has('no-cache') || wishes.has('no-store')) return false;
  if (wishes.size === 0 && /\bno-cache\b/i.test(fields.get('pragma') ?? '')) return false;
  const maxAge = directiveSeconds(wishes, 'max-age');
  return (maxAge === undefined || ageSeconds <= maxAge) && ttlSeconds >= (directiveSeconds(wishes, 'min-fresh') ?? 0);
}

/** What is kept with a part; `undefined` where RFC 9111 3 or 3.3 does not let it be kept, or nothing could use it. */
function describe(
  { fields: asked }: PartQuestion,
  head: PartHead,
): (Omit<Held, 'pieces'> & { readonly first: number; readonly last: number }) | undefined {
  const { fields } = head;
  const range = readContentRange(fields.get('content-range'));
  const validator = strongValidator(fields);
  if (range === undefined || validator === undefined) return undefined;
  const { first, last, size } = range;
  const wanted = readRange(asked.get('range'), size);
  const length = fields.get('content-length');
  // Threat 21: an answer to another question, or one that contradicts itself.
  if (wanted === undefined || wanted === 'unsatisfiable' || wanted.first !== first || last > wanted.last)
    return undefined;
  if (length !== undefined && Number(length) !== last - first + 1) return undefined;
  if (!mayStore(asked, fields)) return undefined;
  const lifetimeSeconds = freshnessLifetimeSeconds(fields, head.receivedAt) ?? 0;
  if (lifetimeSeconds <= currentAgeSeconds(fields, { ...head, now: head.receivedAt })) return undefined;
  const vary = parseVary(fields.get('vary'));
  if (vary === '*' || vary.length > MAX_VARY) return undefined;
  const selected = vary.map((name) => [name, selectingValue(name, asked.get(name)) ?? null] as const);
  return { first, last, size, validator, head, lifetimeSeconds, vary: Object.fromEntries(selected) };
}

function mayStore(asked: Fields, fields: Fields): boolean {
  const { directives } = effectiveCacheControl(fields);
  if (isPrivateOrNoStore(directives) || directives.has('no-cache')) return false;
  if (parseCacheControl(asked.get('cache-control')).has('no-store')) return false;
  // Threat 29: what sets a cookie is one client's.
  return !fields.has('set-cookie');
}

/** RFC 9110 8.8.1: only what is the same byte for byte may be put together. */
function strongValidator(fields: Fields): string | undefined {
  const tag = readEntityTag(fields.get('etag'));
  if (fields.has('etag')) return tag === undefined || tag.weak ? undefined : `tag ${tag.opaque}`;
  const modified = readHttpDate(fields.get('last-modified'));
  const date = readHttpDate(fields.get('date'));
  if (modified === undefined || date === undefined || date - modified < STRONG_AFTER_MS) return undefined;
  return `date ${modified}`;
}

function isSelected({ vary }: Held, fields: Fields): boolean {
  return Object.entries(vary).every(([name, value]) => (selectingValue(name, fields.get(name)) ?? null) === value);
}

/** All bytes of a range; `undefined` where some are missing. */
function bytesOf(pieces: readonly Piece[], { first, last }: ByteRange): Buffer | undefined {
  const found: Buffer[] = [];
  let at = first;
  for (const piece of pieces) {
    const end = piece.first + piece.bytes.byteLength;
    if (end <= at) continue;
    if (piece.first > at || at > last) break;
    found.push(piece.bytes.subarray(at - piece.first, last + 1 - piece.first));
    at = end;
  }
  return at > last ? Buffer.concat(found) : undefined;
}

/** In order and without overlap: all are of the same bytes. Neighbours are joined once there are many. */
function withPiece(pieces: readonly Piece[], added: Piece): readonly Piece[] {
  const placed: Piece[] = [];
  for (const piece of [...pieces, added].sort((a, b) => a.first - b.first)) {
    const before = placed.at(-1);
    const end = before === undefined ? 0 : before.first + before.bytes.byteLength;
    if (piece.first >= end) placed.push(piece);
    else if (piece.first + piece.bytes.byteLength > end)
      placed.push({ first: end, bytes: piece.bytes.subarray(end - piece.first) });
  }
  return placed.length > MAX_PIECES ? joinNeighbours(placed) : placed;
}

function joinNeighbours(pieces: readonly Piece[]): readonly Piece[] {
  const runs: { readonly first: number; end: number; readonly bytes: Buffer[] }[] = [];
  for (const { first, bytes } of pieces) {
    const run = runs.at(-1);
    if (run === undefined || run.end !== first) runs.push({ first, end: first + bytes.byteLength, bytes: [bytes] });
    else {
      run.bytes.push(bytes);
      run.end += bytes.byteLength;
    }
  }
  return runs.map(({ first, bytes }) => ({ first, bytes: Buffer.concat(bytes) }));
}

function wholeOf({ pieces, size, head, lifetimeSeconds }: Held, now: number): GatheredWhole | undefined {
  const bytes = bytesOf(pieces, { first: 0, last: size - 1 });
  if (bytes === undefined) return undefined;
  const ageSeconds = currentAgeSeconds(head.fields, { ...head, now });
  return { fields: fieldsOfWhole(head.fields), bytes, ageSeconds, ttlSeconds: lifetimeSeconds - ageSeconds };
}

function fieldsOfWhole(fields: Fields): Fields {
  return fields.clone().delete('content-range').delete('content-length').delete('age');
}

/** Ranges that no stored whole answers: answered from parts at hand, and their answers kept as parts. */
import { pipeline, type Readable, Transform } from 'node:stream';
import { formatContentRange } from '../core/byte-range.ts';
import { parseCacheControl } from '../core/cache-control.ts';
import { GatewayError } from '../core/errors.ts';
import type { Fields } from '../core/fields.ts';
import { parseVary } from '../core/vary.ts';
import { toFieldRecord } from './field-record.ts';
import type { OriginStore } from './origin-store.ts';
import type { FoundPart, GatheredWhole, PartHead, PartQuestion, PartStore } from './part-store.ts';

/** The fields and bytes of a 206 made of what is at hand. */
export function answerOf({ range, size, fields, bytes, ageSeconds }: FoundPart): { fields: Fields; bytes: Buffer } {
  const own = fields.clone();
  own.set('content-range', formatContentRange({ ...range, size }));
  own.set('content-length', String(bytes.byteLength)).set('age', String(ageSeconds));
  return { fields: own, bytes };
}

export interface Keeping {
  readonly parts: PartStore;
  /** Takes what is complete. */
  readonly store: OriginStore;
  readonly question: PartQuestion;
  /** Larger ones pass unkept. */
  readonly maxBytes: number;
  readonly now: () => number;
}

/** The body of a 206, noted as it is read; `undefined` where it is not to be kept. What its reader gives up is kept so far. */
export function keepPart(
  { body, ...head }: PartHead & { readonly body: Readable },
  { parts, store, question, maxBytes, now }: Keeping,
): Readable | undefined {
  const keep = parts.keep(question, head);
  if (keep === undefined || Number(head.fields.get('content-length') ?? 0) > maxBytes) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  const noting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.byteLength;
      if (size > maxBytes) chunks.length = 0;
      else chunks.push(chunk);
      done(null, chunk);
    },
  });
  pipeline(body, noting, (error) => {
    // What an origin broke off is not believed; what a reader gave up is.
    const whole = error instanceof GatewayError || size > maxBytes ? undefined : keep(chunks);
    if (whole !== undefined) storeWhole(store, question, whole, now());
  });
  return noting;
}

/** RFC 9111 3.4: parts that make up the whole are stored as a complete response. */
function storeWhole(store: OriginStore, { url, fields }: PartQuestion, whole: GatheredWhole, now: number): void {
  if (whole.ttlSeconds <= 0) return;
  const asked = fields.clone().delete('range').delete('if-range');
  const key = {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: 'GET',
    headers: toFieldRecord(asked),
  };
  const staleAt = now + whole.ttlSeconds * 1_000;
  const etag = whole.fields.get('etag');
  // What varies by everything is kept in no part.
  const names = [parseVary(whole.fields.get('vary'))].flat();
  const isFirm = parseCacheControl(whole.fields.get('cache-control')).has('must-revalidate');
  const stream = store.createWriteStream(key, {
    statusCode: 200,
    statusMessage: 'OK',
    headers: { ...toFieldRecord(whole.fields), 'content-length': String(whole.bytes.byteLength) },
    vary: Object.fromEntries(names.map((name) => [name, asked.get(name) ?? null])),
    ...(etag === undefined ? {} : { etag }),
    cacheControlDirectives: isFirm ? { 'must-revalidate': true } : {},
    cachedAt: now - whole.ageSeconds * 1_000,
    staleAt,
    deleteAt: staleAt,
  });
  stream?.end(whole.bytes);
}

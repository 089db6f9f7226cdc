/** Replies of sets that may stand in while nobody can answer (S4: a stale page, not an error). */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { parseCacheControl } from '../../core/cache-control.ts';
import type { Clock } from '../../core/clock.ts';
import type { SetReply, SetRequest } from '../../core/fleet.ts';

const MAX_BYTES = 32 * 1024 * 1024;
const MAX_REPLY_BYTES = 1024 * 1024;
const MAX_AGE_MS = 3_600_000;
/** Fields of a request that a reply may depend on. */
const SELECTING = ['accept', 'accept-language', 'authorization', 'cookie'];

interface Kept {
  readonly reply: SetReply;
  readonly at: number;
}

export interface LastGood {
  keep(request: SetRequest, reply: SetReply): void;
  /** With its Age; `undefined` where nothing may stand in. */
  find(request: SetRequest): SetReply | undefined;
}

export function makeLastGood(clock: Clock): LastGood {
  const kept = new LRUCache<string, Kept>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ reply }) => reply.body.byteLength + 1_024,
  });
  return {
    keep(request, reply) {
      // RFC 9111 3: what says so is kept by nobody; credentials of one client are part of the key.
      const directives = parseCacheControl(reply.fields.get('cache-control'));
      const isKept = request.method === 'GET' && reply.status === 200 && !directives.has('no-store');
      if (isKept && reply.body.byteLength <= MAX_REPLY_BYTES)
        kept.set(keyOf(request), { reply, at: clock.monotonic() });
    },
    find(request) {
      if (request.method !== 'GET') return undefined;
      const found = kept.get(keyOf(request));
      const ageMs = found === undefined ? Number.POSITIVE_INFINITY : clock.monotonic() - found.at;
      if (found === undefined || ageMs > MAX_AGE_MS) return undefined;
      // RFC 9111 4.2.4: never where the reply forbids it.
      const directives = parseCacheControl(found.reply.fields.get('cache-control'));
      if (directives.has('must-revalidate') || directives.has('proxy-revalidate')) return undefined;
      const fields = found.reply.fields.clone().set('age', String(Math.ceil(ageMs / 1_000)));
      return { ...found.reply, fields, madeBy: { ...found.reply.madeBy, by: 'stale' } };
    },
  };
}

function keyOf({ url, route, fields }: SetRequest): string {
  const selected = SELECTING.map((name) => fields.get(name) ?? null);
  return createHash('sha256')
    .update(JSON.stringify([route.set, url.href, selected]))
    .digest('base64url');
}

/**
 * What is known of originals that were formatted: enough to find a variant, or to answer 304, without asking for the
 * bytes again. Holds no bodies: those are the origin cache's.
 */
import { LRUCache } from 'lru-cache';
import {
  currentAgeSeconds,
  effectiveCacheControl,
  freshnessLifetimeSeconds,
  isPrivateOrNoStore,
} from '../../core/cache-control.ts';
import type { Clock } from '../../core/clock.ts';
import type { Fields } from '../../core/fields.ts';
import { parseVary } from '../../core/vary.ts';

/** An original, without its body. */
export interface OriginalFacts {
  readonly status: number;
  readonly fields: Fields;
  /** URL after redirects. */
  readonly url: string;
  /** Hex digest of the decoded body. */
  readonly digest: string;
  /** Bytes of the decoded body. */
  readonly bytes: number;
  readonly requestedAt: number;
  readonly receivedAt: number;
}

interface Entry {
  readonly facts: OriginalFacts;
  /** Request fields the origin's Vary names, with the values they had. */
  readonly selecting: readonly (readonly [name: string, value: string | undefined])[];
  /** Milliseconds since 1970. */
  readonly freshUntil: number;
}

export interface OriginalIndex {
  /** A fresh original for a request, or `undefined`. */
  find(url: string, requestFields: Fields): OriginalFacts | undefined;
  /** True while these very facts are what is known of the URL. */
  holds(url: string, facts: OriginalFacts): boolean;
  /** Keeps facts when RFC 9111 lets a shared cache reuse the response. */
  put(url: string, requestFields: Fields, facts: OriginalFacts): void;
  /** Drops what is known of a URL, after an unsafe method on it (C-4). */
  drop(url: string): void;
}

const MAX_ENTRIES = 20_000;
const MAX_VARIANTS_OF_URL = 16;
const MAX_SELECTING_FIELDS = 16;

export function makeOriginalIndex(clock: Clock): OriginalIndex {
  const byUrl = new LRUCache<string, Entry[]>({ max: MAX_ENTRIES });
  return {
    find(url, requestFields) {
      const entry = byUrl
        .get(url)
        ?.find((each) => each.selecting.every(([name, value]) => requestFields.get(name) === value));
      return entry !== undefined && entry.freshUntil > clock.now() ? entry.facts : undefined;
    },
    holds: (url, facts) => byUrl.get(url)?.some((each) => each.facts === facts) === true,
    put(url, requestFields, facts) {
      const entry = makeEntry(requestFields, facts);
      if (entry === undefined) return;
      const others = (byUrl.get(url) ?? []).filter(
        (each) => each.freshUntil > clock.now() && JSON.stringify(each.selecting) !== JSON.stringify(entry.selecting),
      );
      byUrl.set(url, [entry, ...others].slice(0, MAX_VARIANTS_OF_URL));
    },
    drop: (url) => void byUrl.delete(url),
  };
}

function makeEntry(requestFields: Fields, facts: OriginalFacts): Entry | undefined {
  const { fields, receivedAt } = facts;
  const { directives } = effectiveCacheControl(fields);
  if (isPrivateOrNoStore(directives) || directives.has('no-cache') || fields.has('set-cookie')) return undefined;
  // RFC 9111 3.5 and threat 23: what needs credentials is nobody else's.
  if (requestFields.has('authorization') || requestFields.has('cookie')) return undefined;
  const varying = parseVary(fields.get('vary'));
  if (varying === '*' || varying.length > MAX_SELECTING_FIELDS) return undefined;
  const lifetime = freshnessLifetimeSeconds(fields, receivedAt);
  const age = currentAgeSeconds(fields, { requestedAt: facts.requestedAt, receivedAt, now: receivedAt });
  if (lifetime === undefined || lifetime <= age) return undefined;
  return {
    facts,
    selecting: varying.map((name) => [name, requestFields.get(name)] as const),
    freshUntil: receivedAt + (lifetime - age) * 1_000,
  };
}

/**
 * Replies that can be given again at once: the same path, the same values of every field that was read, the same
 * original, variant, profiles and client. Nothing is decided here that was not decided before by the steps.
 */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.ts';
import { evaluateConditions } from '../../core/conditional.ts';
import type { Fields } from '../../core/fields.ts';
import type { ClientRecord } from '../../profiles/clients.ts';
import type { Mode } from '../config.ts';
import type { Received } from '../received.ts';
import type { Reply } from '../reply.ts';
import type { Target } from '../target.ts';
import type { OriginalFacts } from './original-index.ts';

/** What a remembered reply stands on; compared by identity. */
export interface MemoGround {
  readonly registry: unknown;
  readonly profiles: unknown;
  readonly sites: unknown;
  readonly suspended: number;
}

/** A finished reply to remember. */
export interface Memorable {
  readonly reply: Reply;
  /** Names of all request fields that were read for it, lower case. */
  readonly names: readonly string[];
  readonly ground: MemoGround;
  readonly record: ClientRecord | undefined;
  /** Upstream URL and facts, which must still be the ones known. */
  readonly url: string;
  readonly facts: OriginalFacts;
  readonly ageSeconds: number;
  readonly ttlSeconds: number;
  /** Key of the variant, which must still be held. */
  readonly variantKey: string;
  readonly mode: Mode;
  readonly picture: Target['picture'];
  readonly personal: boolean;
}

/** A remembered reply. */
export interface MemoEntry extends Memorable {
  readonly base: Fields;
  /** Milliseconds since 1970. */
  readonly madeAt: number;
  readonly etag: string | undefined;
  /** Monotonic milliseconds at which what it stands on was last found unchanged. */
  checkedAt: number;
}

interface Slot {
  names: readonly string[];
  readonly entries: Map<string, MemoEntry>;
}

export interface ReplyMemo {
  /** A remembered reply that fits the request's fields; the caller checks what it stands on. */
  find(received: Received): MemoEntry | undefined;
  put(received: Received, memorable: Memorable): void;
  /** The reply of an entry for this request, conditions answered. */
  replyOf(entry: MemoEntry, received: Received): Reply;
}

const MAX_PATHS = 5_000;
const MAX_ENTRIES_OF_PATH = 32;
/** Fields that change what may be answered in ways the read-set does not tell; requests with them take all steps. */
const UNUSUAL: ReadonlySet<string> = new Set(
  'cookie authorization cache-control pragma via cdn-loop service-worker range if-match if-unmodified-since x-no-transform referer proxy-authorization'.split(
    ' ',
  ),
);
/** Fields that say something of this one exchange. */
const OWN_TO_EACH = ['age', 'cache-status', 'server-timing', 'x-request-id'];

export function makeReplyMemo(clock: Clock): ReplyMemo {
  const slots = new LRUCache<string, Slot>({ max: MAX_PATHS });
  return {
    find(received) {
      if (!isUsual(received)) return undefined;
      const slot = slots.get(slotKey(received));
      const entry = slot?.entries.get(valuesKey(received, slot.names));
      if (entry === undefined || clock.now() >= entry.madeAt + entry.ttlSeconds * 1_000) return undefined;
      return entry;
    },
    put(received, memorable) {
      if (!isUsual(received) || memorable.reply.status !== 200 || memorable.ttlSeconds <= 0) return;
      const key = slotKey(received);
      let slot = slots.get(key);
      const names = [...new Set([...(slot?.names ?? []), ...memorable.names])].sort();
      if (slot === undefined || names.length !== slot.names.length || slot.entries.size >= MAX_ENTRIES_OF_PATH) {
        // Entries were found by fewer names: another name could tell them apart.
        slot = { names, entries: new Map<string, MemoEntry>() };
        slots.set(key, slot);
      }
      slot.entries.set(valuesKey(received, slot.names), makeEntry(memorable, clock));
    },
    replyOf(entry, received) {
      const passed = Math.floor((clock.now() - entry.madeAt) / 1_000);
      const fields = entry.base.clone();
      const age = entry.ageSeconds + passed;
      if (age > 0) fields.append('age', String(age));
      fields.append('cache-status', `gw-origin; hit; ttl=${Math.trunc(entry.ttlSeconds) - passed}, gw-variant; hit`);
      fields.append('x-request-id', received.id);
      const { status, body, trace } = entry.reply;
      const outcome =
        received.fields.has('if-none-match') || received.fields.has('if-modified-since')
          ? evaluateConditions({ method: received.method, fields: received.fields, etag: entry.etag, status })
          : 'proceed';
      if (outcome === 'not-modified') {
        for (const name of ['content-type', 'content-length', 'content-encoding', 'content-language'])
          fields.delete(name);
        return { status: 304, fields, body: undefined, trace };
      }
      return { status, fields, body: received.method === 'HEAD' ? undefined : body, trace };
    },
  };
}

function isUsual(received: Received): boolean {
  if ((received.method !== 'GET' && received.method !== 'HEAD') || received.form !== 'origin') return false;
  for (const [name] of received.fields.entries()) if (UNUSUAL.has(name)) return false;
  return true;
}

// No part of it can hold a space: authorities and targets with one are refused.
function slotKey({ authority, path, peer }: Received): string {
  return `${authority} ${path} ${peer.address} ${peer.secure}`;
}

// No value holds a line break or a NUL (threat 19): they stand between values, and for what is not there.
function valuesKey({ fields }: Received, names: readonly string[]): string {
  let key = '';
  for (const name of names) key += `\n${fields.get(name) ?? '\0'}`;
  return key;
}

function makeEntry(memorable: Memorable, clock: Clock): MemoEntry {
  const base = memorable.reply.fields.clone();
  for (const name of OWN_TO_EACH) base.delete(name);
  return {
    ...memorable,
    base,
    madeAt: clock.now(),
    etag: memorable.reply.fields.get('etag'),
    checkedAt: Number.NEGATIVE_INFINITY,
  };
}

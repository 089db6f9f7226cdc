/**
 * What is known of originals that were formatted: enough to find a variant, or to answer 304, without asking for the
 * bytes again. Holds no bodies: those are the origin cache's.
 */
import { LRUCache } from 'lru-cache';
import type { DiskCache, HeldEntry } from '../../core/cache/disk-cache.ts';
import { currentAgeSeconds, effectiveCacheControl, freshnessLifetimeSeconds } from '../../core/cache-control.ts';
import type { Clock } from '../../core/clock.ts';
import { Fields } from '../../core/fields.ts';
import { selectingValue } from '../../core/selecting-value.ts';
import { parseVary } from '../../core/vary.ts';
import { isForAll } from './is-for-all.ts';

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
  /** Media types of other forms that the page names itself (CT-15): they come before what would be made of it. Default: none. */
  readonly offers?: readonly string[];
  readonly requestedAt: number;
  readonly receivedAt: number;
}

interface Entry {
  readonly facts: OriginalFacts;
  /** Request fields the origin's Vary names, with the values they had, made comparable. */
  readonly selecting: readonly (readonly [name: string, value: string | undefined])[];
  /** Milliseconds since 1970. */
  readonly freshUntil: number;
  /** As it is written on disk. */
  readonly text: string;
}

/** An entry as JSON. */
interface Written {
  readonly facts: Omit<OriginalFacts, 'fields'> & { readonly fields: readonly (readonly [string, string])[] };
  readonly selecting: readonly (readonly [name: string, value: string | null | undefined])[];
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

interface Slot {
  readonly entries: readonly Entry[];
  /** Edition of the disk at which the entries were last found to be right. */
  edition: string;
}

/**
 * Opens the index.
 *
 * @param disk What all processes share, so that what one learns or drops holds for the others' next request; without it
 *   the index is this process's own.
 */
export function makeOriginalIndex(clock: Clock, disk?: DiskCache): OriginalIndex {
  const byUrl = new LRUCache<string, Slot>({ max: MAX_ENTRIES });
  const entriesOf = (url: string): readonly Entry[] => {
    const slot = byUrl.get(url);
    if (disk === undefined) return slot?.entries ?? [];
    const edition = disk.edition();
    if (slot?.edition === edition) return slot.entries;
    // Another process has written something since.
    const entries = disk.find(url).map((held) => sameOrRead(held, slot?.entries));
    if (entries.length > 0) byUrl.set(url, { entries, edition });
    else byUrl.delete(url);
    return entries;
  };
  return {
    find(url, requestFields) {
      const entry = entriesOf(url).find((each) =>
        each.selecting.every(([name, value]) => selectingValue(name, requestFields.get(name)) === value),
      );
      return entry !== undefined && entry.freshUntil > clock.now() ? entry.facts : undefined;
    },
    holds: (url, facts) => entriesOf(url).some((each) => each.facts === facts),
    put(url, requestFields, facts) {
      const entry = makeEntry(requestFields, facts);
      if (entry === undefined) return;
      const selector = selectorOf(entry);
      const others = entriesOf(url).filter((each) => each.freshUntil > clock.now() && selectorOf(each) !== selector);
      void disk?.put({ key: url, selector, meta: entry.text, body: new Uint8Array(), ends: entry.freshUntil });
      const entries = [entry, ...others].slice(0, MAX_VARIANTS_OF_URL);
      byUrl.set(url, { entries, edition: disk?.edition() ?? '' });
    },
    drop(url) {
      byUrl.delete(url);
      disk?.drop(url);
    },
  };
}

// Replies are remembered by the identity of the facts they stand on: what has not changed stays the same object.
function sameOrRead(held: HeldEntry, known: readonly Entry[] | undefined): Entry {
  return known?.find((each) => each.text === held.meta) ?? readEntry(held.meta);
}

function selectorOf({ selecting }: Entry): string {
  return JSON.stringify(selecting);
}

function readEntry(text: string): Entry {
  const { facts, selecting, freshUntil } = JSON.parse(text) as Written;
  return {
    text,
    freshUntil,
    facts: { ...facts, fields: Fields.from(facts.fields) },
    // JSON has no `undefined`: a field that was absent is null there.
    selecting: selecting.map(([name, value]) => [name, value ?? undefined]),
  };
}

function makeEntry(requestFields: Fields, facts: OriginalFacts): Entry | undefined {
  const { fields, receivedAt } = facts;
  if (effectiveCacheControl(fields).directives.has('no-cache') || !isForAll(requestFields, fields)) return undefined;
  const varying = parseVary(fields.get('vary'));
  if (varying === '*' || varying.length > MAX_SELECTING_FIELDS) return undefined;
  const lifetime = freshnessLifetimeSeconds(fields, receivedAt);
  const age = currentAgeSeconds(fields, { requestedAt: facts.requestedAt, receivedAt, now: receivedAt });
  if (lifetime === undefined || lifetime <= age) return undefined;
  const selecting = varying.map((name) => [name, selectingValue(name, requestFields.get(name))] as const);
  const freshUntil = receivedAt + (lifetime - age) * 1_000;
  const written: Written = { facts: { ...facts, fields: fields.entries() }, selecting, freshUntil };
  return { facts, selecting, freshUntil, text: JSON.stringify(written) };
}

/** Replies that a front-end holds, each for the client it was made for: nobody else's is looked at. */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { namesWithTopQuality, parseAccept } from '../../core/accept.ts';
import { currentAgeSeconds, freshnessLifetimeSeconds } from '../../core/cache-control.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { Clock } from '../../core/clock.ts';
import type { Fields } from '../../core/fields.ts';
import { readMediaType } from '../../core/media-type.ts';
import { parseVary } from '../../core/vary.ts';
import type { Exchange } from '../exchange.ts';
import { jarOwnerOf } from '../jar-owner.ts';
import { clientKeyOf } from '../steps/identify.ts';
import { digestOfBody } from './bodies.ts';
import type { HeldPart } from './held-parts.ts';
import type { HeldStore, StoredReply } from './held-store.ts';

export interface HeldReply {
  readonly place: string;
  readonly status: number;
  readonly fields: Fields;
  readonly body: Uint8Array;
  readonly digest: string;
  readonly isPage: boolean;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  /** Values of the request fields that it was selected by. */
  readonly selected: readonly (readonly [string, string | undefined])[];
  /** Digest of the preferences that it was made by. */
  readonly wishes: string;
  /** Came with its page, unasked. */
  readonly isPart: boolean;
}

/** What is known of the one who asks. */
export interface Asker {
  readonly client: string;
  /** What is asked, with the host that the client asks it of. */
  readonly place: string;
  readonly wishes: string;
  /** What the places of this site's parts begin with. */
  readonly site: string;
  /** True where several people may have this client's address and User-Agent, and nothing else tells them apart. */
  readonly isShared: boolean;
}

export interface HeldReplies {
  find(asker: Asker, fields: Fields): HeldReply | undefined;
  isFresh(held: HeldReply): boolean;
  /** Seconds since it was made. */
  age(held: HeldReply): number;
  put(client: string, held: Omit<HeldReply, 'digest' | 'receivedAt' | 'selected'>, fields: Fields): void;
  /** The same again, by what the origin says now. */
  renew(client: string, held: HeldReply, fields: Fields): void;
  drop(client: string, place: string): void;
  /** Pages of a client, those of the site first, then newest first: what its next page may be told by. */
  dictionaries(client: string, site: string): readonly string[];
  body(client: string, digest: string): Uint8Array | undefined;
  /** Parts of a site's pages that a client holds, newest first. @param site what their places begin with */
  parts(client: string, site: string): readonly HeldPart[];
}

const MAX_BYTES = 128 * 1024 * 1024;
const MAX_REPLY_BYTES = 8 * 1024 * 1024;
const MAX_DICTIONARIES = 4;
const MAX_PARTS = 96;
const MAX_OF_PLACE = 4;
/** A part that came with its page is as good as the page for so long, whatever its origin says of freshness. */
const PART_MS = 30_000;

export function askerOf(exchange: Exchange): Asker {
  const { received, negotiation, target } = exchange;
  const { accept: _accept, acceptText: _text, ...wishes } = negotiation;
  const isAbsolute = received.form === 'absolute';
  const host = `//${received.authority}/`;
  const ownSite = target.links.mode === 'prefix' ? `${host}${target.url.origin}/` : host;
  return {
    client: shortDigest(clientOf(exchange)),
    place: isAbsolute ? received.absolute! : placeOn(received.authority, received.path),
    wishes: shortDigest(wishes),
    site: isAbsolute ? `${target.url.origin}/` : ownSite,
    isShared: isShared(exchange),
  };
}

/** The place of an address that a page of this host names. */
export function placeOn(authority: string, address: string): string {
  return address.startsWith('/') ? `//${authority}${address}` : address;
}

/** The address that a page of its host names a place by. */
export function addressOfPlace(place: string): string {
  return place.startsWith('//') ? place.slice(place.indexOf('/', 2)) : place;
}

// An address and a User-Agent are shared by many: whoever is known to an origin is somebody else than who is not.
function clientOf({ received, client, target, order }: Exchange): unknown {
  const owner = jarOwnerOf(received, client.user, target);
  const cookie = target.mode === 'prefix' ? undefined : order.fields.get('cookie');
  return [clientKeyOf(received, client.user), owner, cookie, order.fields.get('authorization')].map(
    (each) => each ?? null,
  );
}

function isShared({ received, client, target }: Exchange): boolean {
  const { kind } = clientKeyOf(received, client.user);
  return kind === 'address' && jarOwnerOf(received, client.user, target) === undefined;
}

function shortDigest(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('base64url').slice(0, 22);
}

/** @param store where it is kept as well */
export function makeHeldReplies(clock: Clock, store: HeldStore): HeldReplies {
  const byClient = new LRUCache<string, LRUCache<string, HeldReply>>({ max: 1_000 });
  const all = new LRUCache<string, HeldReply>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ body }) => body.byteLength + 2_000,
    noDisposeOnSet: true,
    dispose: (_, key) => {
      const [client, name] = JSON.parse(key) as [string, string];
      byClient.peek(client)?.delete(name);
      store.remove(client, name);
    },
  });
  const of = (client: string) => {
    const known = byClient.get(client) ?? new LRUCache<string, HeldReply>({ max: 2_000 });
    byClient.set(client, known);
    return known;
  };
  const take = (client: string, name: string, held: HeldReply) => {
    of(client).set(name, held);
    all.set(JSON.stringify([client, name]), held);
  };
  for (const { client, name, held } of store.all()) take(client, name, held);
  const keep = (client: string, held: HeldReply): StoredReply => {
    const name = JSON.stringify([held.place, held.wishes, held.selected]);
    const others = [...of(client).entries()].filter(([key, each]) => each.place === held.place && key !== name);
    for (const [key] of others.slice(MAX_OF_PLACE - 1)) all.delete(JSON.stringify([client, key]));
    take(client, name, held);
    return { client, name, held };
  };
  const times = ({ receivedAt }: HeldReply) => ({ requestedAt: receivedAt, receivedAt, now: clock.now() });
  const replies: HeldReplies = {
    find({ client, place, wishes }, fields) {
      for (const held of byClient.get(client)?.values() ?? [])
        if (held.place === place && held.wishes === wishes && isSelected(held, fields)) return held;
      return undefined;
    },
    isFresh(held) {
      if (held.isPart && clock.now() - held.receivedAt < PART_MS) return true;
      const lifetime = freshnessLifetimeSeconds(held.fields, held.receivedAt);
      return lifetime !== undefined && lifetime > currentAgeSeconds(held.fields, times(held));
    },
    age: (held) => currentAgeSeconds(held.fields, times(held)),
    put(client, given, fields) {
      if (given.body.byteLength > MAX_REPLY_BYTES) return;
      const varying = parseVary(given.fields.get('vary'));
      if (varying === '*') return;
      // What the back-end varies by; Accept was read here.
      const selected = [...new Set([...varying, 'accept'])]
        .filter((name) => name !== 'accept-encoding')
        .sort()
        .map((name) => [name, fields.get(name)] as const);
      store.put(keep(client, { ...given, selected, digest: digestOfBody(given.body), receivedAt: clock.now() }));
    },
    renew: (client, held, fields) => store.renew(keep(client, { ...held, fields, receivedAt: clock.now() })),
    drop(client, place) {
      for (const [name, held] of byClient.get(client)?.entries() ?? [])
        if (held.place === place) all.delete(JSON.stringify([client, name]));
    },
    dictionaries(client, site) {
      const pages = [...(byClient.get(client)?.values() ?? [])].filter(({ isPage }) => isPage);
      const isNear = ({ place }: HeldReply) => place.startsWith(site);
      return [...pages.filter(isNear), ...pages.filter((each) => !isNear(each))]
        .slice(0, MAX_DICTIONARIES)
        .map(({ digest }) => digest);
    },
    body: (client, digest) => [...(byClient.get(client)?.values() ?? [])].find((held) => held.digest === digest)?.body,
    parts(client, site) {
      const parts = [...(byClient.get(client)?.values() ?? [])].filter(
        ({ isPage, place }) => !isPage && place.startsWith(site),
      );
      return parts.slice(0, MAX_PARTS).map((held) => ({
        address: addressOfPlace(held.place),
        digest: held.digest,
        isFresh: replies.isFresh(held),
      }));
    },
  };
  return replies;
}

function isSelected(held: HeldReply, fields: Fields): boolean {
  return held.selected.every(
    ([name, value]) => fields.get(name) === value || (name === 'accept' && isWhatIsWanted(held, fields)),
  );
}

// Another browser than was guessed, or a newer edition of it, words the same wish in another way.
function isWhatIsWanted(held: HeldReply, fields: Fields): boolean {
  const mediaType = readMediaType(held.fields.get('content-type'));
  return mediaType !== undefined && namesWithTopQuality(parseAccept(fields.get('accept')), mediaType);
}

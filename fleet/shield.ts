/**
 * Where misses of one address meet (design part 7, Shield): of the servers of a zone, the one that its address prefers asks the
 * origin, and the others ask that server, so that an origin is asked once by a fleet. What the cache does not keep is asked
 * for directly from then on.
 */
import { Readable } from 'node:stream';
import { LRUCache } from 'lru-cache';
import { canonicalJson } from '../core/canonical-json.ts';
import type { Clock } from '../core/clock.ts';
import { pack, unpack } from '../core/envelope.ts';
import { type ErrorCode, GatewayError } from '../core/errors.ts';
import { Fields } from '../core/fields.ts';
import type { Grant } from '../egress/address-policy.ts';
import type { Egress } from '../egress/fetch-upstream.ts';
import { isLoopback, readAddress } from '../egress/ip-address.ts';
import type { Lead, Miss, Shield, ShieldAnswer } from '../egress/shield.ts';
import type { FleetView } from './fleet-view.ts';
import { PeerLost, PeerRefused, PeerUnreachable } from './peers/peer-errors.ts';
import type { PeerHandler } from './peers/peer-server.ts';
import type { Peers } from './peers/peers.ts';
import { pickServers } from './route/pick-server.ts';

export interface ShieldParts {
  readonly view: () => FleetView;
  readonly peers: Peers;
  readonly egress: Pick<Egress, 'fetchUpstream'>;
  /** What this server's own configuration lets be fetched although private. */
  readonly grantOf: (url: URL) => Grant | undefined;
  readonly clock: Clock;
}

export interface FleetShield extends Shield {
  /** Answers servers that ask through this one. */
  readonly answer: PeerHandler;
}

/** Path below `/-/fleet/`. */
export const ORIGIN = 'origin';

/** How long an address is asked for directly once it was not kept, or its origin could not be reached from its server. */
const GIVEN_UP_MS = 600_000;
const UNREACHED_MS = 30_000;
const MAX_GIVEN_UP = 10_000;
/** How long a miss waits for an equal one under way: a long download is no reason to stand still. */
const WAIT_MS = 5_000;
/** The deadlines of the egress bind there and here; this is beyond them. */
const ANSWER_MS = 120_000;
const MAX_HEAD_BYTES = 1_048_576;
/** Met where the connection was made: from here the same origin may well be reached. */
const UNREACHED: ReadonlySet<ErrorCode> = new Set([
  'UPSTREAM_REFUSED',
  'UPSTREAM_CONNECT_TIMEOUT',
  'UPSTREAM_DNS',
  'UPSTREAM_DNS_TIMEOUT',
  'UPSTREAM_DOWN',
]);
/** Differ with each server on the way; what an origin answers seldom does (P-10). */
const OF_THE_WAY: ReadonlySet<string> = new Set(['via', 'cdn-loop', 'x-forwarded-for', 'forwarded']);

export function makeShield({ view, peers, egress, grantOf, clock }: ShieldParts): FleetShield {
  const flights = new Map<string, Promise<void>>();
  /** Until when, monotonic, by address or origin. */
  const givenUp = new LRUCache<string, number>({ max: MAX_GIVEN_UP });
  const isGivenUp = (key: string) => (givenUp.get(key) ?? 0) > clock.monotonic();
  const giveUp = (key: string, ms: number) => givenUp.set(key, clock.monotonic() + ms);

  const homeOf = ({ url }: Miss): string | undefined => {
    const { self, members } = view();
    const zone = members.find(({ name }) => name === self)?.zone;
    const near = members.filter((each) => each.zone === zone && !each.isDraining);
    if (near.length < 2 || isHere(url.hostname)) return undefined;
    const candidates = near.map(({ name }) => ({ name, load: 0, isHealthy: name === self || peers.isUp(name) }));
    return pickServers({ key: url.href, candidates })[0];
  };
  const fetchHere = async (miss: Miss) => {
    const { url, fields, signal } = miss;
    const grant = miss.isGranted ? grantOf(url) : undefined;
    const request = { method: 'GET', url, fields, signal, isForPeer: true, timing: 'pass-through' } as const;
    return await egress.fetchUpstream(grant === undefined ? request : { ...request, grant });
  };
  /** Waits for an equal miss; false where there is none under way. */
  const join = async (miss: Miss): Promise<boolean> => {
    const flight = flights.get(keyOf(miss));
    if (flight === undefined) return false;
    await orSooner(flight, miss.signal, clock);
    return true;
  };
  const askHome = async (home: string, miss: Miss): Promise<ShieldAnswer | undefined> => {
    try {
      const { answer, isKept } = await ask(peers, home, miss);
      if (!isKept) giveUp(miss.url.href, GIVEN_UP_MS);
      return answer;
    } catch (error) {
      if (miss.signal.aborted) throw error;
      if (error instanceof GatewayError && error.code.startsWith('UPSTREAM_') && !UNREACHED.has(error.code))
        throw error;
      if (error instanceof GatewayError) giveUp(miss.url.origin, UNREACHED_MS);
      else if (!isFaultOfPeer(error)) throw error;
      return undefined;
    }
  };
  return {
    find(miss) {
      if (isGivenUp(miss.url.href) || isGivenUp(miss.url.origin)) return undefined;
      const home = miss.isForPeer ? view().self : homeOf(miss);
      if (home === undefined) return undefined;
      if (home !== view().self) return askHome(home, miss);
      if (!flights.has(keyOf(miss))) return undefined;
      return join(miss).then(() => fetchHere(miss));
    },
    lead(miss) {
      const isOfOthers = miss.isForPeer || homeOf(miss) === view().self;
      if (!isOfOthers || isGivenUp(miss.url.href)) return undefined;
      return lead(flights, keyOf(miss), () => giveUp(miss.url.href, GIVEN_UP_MS));
    },
    async answer({ body, signal }) {
      const miss = readMiss(body, signal);
      await join(miss);
      const response = await fetchHere(miss);
      const { hit, stored, ttlSeconds = 0 } = response.cache;
      const isKept = hit || (stored === true && ttlSeconds > 0);
      const head = { status: response.status, message: response.message, fields: response.fields.entries(), isKept };
      return { status: 200, body: prefixed(pack(head), response.body) };
    },
  };
}

/** An address of this machine is another thing on another one. */
function isHere(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  const address = readAddress(host);
  return address === undefined ? /(?:^|\.)localhost\.?$/.test(host) : isLoopback(address);
}

function keyOf({ url, fields, isGranted }: Miss): string {
  return canonicalJson([url.href, isGranted, fields.entries().filter(([name]) => !OF_THE_WAY.has(name))]);
}

function lead(flights: Map<string, Promise<void>>, key: string, giveUp: () => void): Lead | undefined {
  if (flights.has(key)) return undefined;
  const { promise, resolve } = Promise.withResolvers<void>();
  flights.set(key, promise);
  const end = () => {
    if (flights.get(key) === promise) flights.delete(key);
    resolve();
  };
  return {
    started: (isKept) => {
      if (isKept) return;
      giveUp();
      end();
    },
    ended: end,
  };
}

async function orSooner(flight: Promise<void>, signal: AbortSignal, clock: Clock): Promise<void> {
  const sooner = Promise.withResolvers<void>();
  const timer = clock.after(WAIT_MS, sooner.resolve);
  const abort = () => sooner.reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([flight, sooner.promise]);
  } finally {
    timer.cancel();
    signal.removeEventListener('abort', abort);
  }
}

async function ask(peers: Peers, home: string, miss: Miss): Promise<{ answer: ShieldAnswer; isKept: boolean }> {
  const { url, fields, isGranted, signal } = miss;
  const body = pack({ url: url.href, fields: fields.entries(), isGranted });
  const reply = await peers.send(home, { method: 'POST', path: ORIGIN, body, signal, timeoutMs: ANSWER_MS });
  const { head, rest } = await readHead(reply.body);
  const answer = {
    status: Number(head['status']),
    message: String(head['message']),
    fields: Fields.from(head['fields'] as [string, string][]),
    body: rest,
  };
  return { answer, isKept: head['isKept'] === true };
}

function isFaultOfPeer(error: unknown): boolean {
  return error instanceof PeerUnreachable || error instanceof PeerLost || error instanceof PeerRefused;
}

/** @throws GatewayError BAD_REQUEST */
function readMiss(body: Buffer, signal: AbortSignal): Miss {
  const { head } = unpack(body);
  const url = URL.parse(String(head['url']));
  if (url === null) throw new GatewayError('BAD_REQUEST', { why: 'there is no address to ask' });
  const fields = Fields.from(head['fields'] as [string, string][]);
  return { url, fields, isGranted: head['isGranted'] === true, isForPeer: true, signal };
}

function prefixed(head: Buffer, body: Readable): Readable {
  return Readable.from(
    (async function* () {
      yield head;
      yield* body;
    })(),
    { objectMode: false },
  );
}

/** Splits what `prefixed` put together. @throws RangeError where there is no head; the stream's error. */
async function readHead(body: Readable): Promise<{ head: Readonly<Record<string, unknown>>; rest: Readable }> {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let begun = Buffer.alloc(0);
  while (!begun.includes(10)) {
    const { value, done } = await chunks.next();
    if (done === true || begun.byteLength > MAX_HEAD_BYTES) break;
    begun = Buffer.concat([begun, value]);
  }
  const { head, body: first } = unpack(begun);
  const rest = Readable.from(
    (async function* () {
      if (first.byteLength > 0) yield first;
      for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
    })(),
    { objectMode: false },
  );
  rest.once('close', () => body.destroy());
  return { head, rest };
}

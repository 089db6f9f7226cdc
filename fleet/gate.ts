/** How the gateway reaches function sets: here, on another server, or by sending the client there (design part 7, Router). */
import type { Clock } from '../core/clock.ts';
import { pack, unpack } from '../core/envelope.ts';
import { GatewayError } from '../core/errors.ts';
import { FormatFailure, type FormatJob, type FormatOutcome } from '../core/executor.ts';
import { Fields } from '../core/fields.ts';
import type { FleetGate, MadeBy, RemoteFormatter, SetHost, SetReply, SetRequest } from '../core/fleet.ts';
import type { Log } from '../core/log.ts';
import type { FleetStore } from './fleet-store.ts';
import type { Member } from './fleet-view.ts';
import { PeerLost, PeerRefused, PeerUnreachable } from './peers/peer-errors.ts';
import type { Peers } from './peers/peers.ts';
import type { FleetPlan } from './plan/fleet-plan.ts';
import { isUpToDate } from './ready-sets.ts';
import { versionOf } from './reconciler.ts';
import { formatElsewhere, serverOfPlan } from './remote-format.ts';
import { makeRouteTable, type RouteTable } from './route/find-set-route.ts';
import { makeHealth } from './route/health.ts';
import { makeLastGood } from './route/last-good.ts';
import { pickServers } from './route/pick-server.ts';
import { pickVersion } from './route/pick-version.ts';
import { requestForSet } from './set-message.ts';
import type { VariantShare } from './variant-share.ts';

export interface GateParts {
  readonly store: Pick<FleetStore, 'view' | 'watch'>;
  readonly host: SetHost;
  readonly peers: Peers;
  readonly variants: VariantShare;
  readonly limits: { readonly serviceTimeoutMs: number; readonly maxServiceBytes: number };
  readonly clock: Clock;
  readonly log: Log;
}

/** How long a request waits for a server to become ready before it is told that there is none. */
const PATIENCE_MS = 3_000;
/** Where something else can be shown meanwhile. */
const SHORT_PATIENCE_MS = 400;
const LOOK_AGAIN_MS = 50;
/** The reply to a request that met a server which does not hold the set. */
export const NOT_HERE = 421;
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
/** RFC 9110 15.6: another server may well do better. */
const WORTH_ANOTHER: ReadonlySet<string> = new Set(['SHED', 'SERVICE_FAILED', 'SERVICE_TIMEOUT']);

export function openGate(parts: GateParts): FleetGate {
  const { store, clock, peers } = parts;
  const health = makeHealth(clock);
  const lastGood = makeLastGood(clock);
  let table: RouteTable = makeRouteTable(undefined);
  let tableOf: unknown;
  let revision = 0;
  let remote: readonly RemoteFormatter[] = [];
  const refresh = () => {
    revision += 1;
    remote = remoteOf(store.view());
  };
  store.watch(refresh);
  refresh();
  const routes = (): RouteTable => {
    const { plan } = store.view();
    if (tableOf !== plan) table = makeRouteTable(plan);
    tableOf = plan;
    return table;
  };
  const router: Router = { ...parts, health, inFlight: new Map(), missingSince: new Map() };
  return {
    get server() {
      return store.view().self;
    },
    get revision() {
      return revision;
    },
    findRoute: (host, path) => routes().find(host, path),
    hasSite: (host) => routes().hasSite(host),
    redirect: (request) => redirectFor(request, router),
    async ask(request) {
      try {
        const isSparable = request.isPart === true || lastGood.find(request) !== undefined;
        const reply = await askSomewhere(request, router, isSparable ? SHORT_PATIENCE_MS : PATIENCE_MS);
        lastGood.keep(request, reply);
        return reply;
      } catch (error) {
        // By `serve` a server that does not hold the set says so.
        const mayStandIn = isFault(error) && !request.signal.aborted && request.route.mode !== 'serve';
        const stale = mayStandIn ? lastGood.find(request) : undefined;
        if (stale === undefined) throw error;
        parts.log.warn('a stale reply stands in', { set: request.route.set, reason: (error as Error).message });
        return stale;
      }
    },
    remoteFormatters: () => remote,
    async format(job: FormatJob, signal: AbortSignal): Promise<{ outcome: FormatOutcome; madeBy: MadeBy }> {
      const order = serverOfPlan(job.plan, store.view()).filter(({ name }) => peers.isUp(name));
      if (order.length === 0)
        throw new FormatFailure('busy', job.plan.steps[0]?.formatter ?? '', 'no server has it now');
      return await formatElsewhere(job, { order, peers, signal });
    },
    findVariant: (key, signal) => parts.variants.find(key, signal),
    offerVariant: (key, variant) => parts.variants.offer(key, variant),
  };
}

interface Router extends GateParts {
  readonly health: ReturnType<typeof makeHealth>;
  /** Requests under way, by server. */
  readonly inFlight: Map<string, number>;
  /** Since when nobody has answered for a set, monotonic. */
  readonly missingSince: Map<string, number>;
}

function remoteOf({ self, members }: ReturnType<FleetStore['view']>): readonly RemoteFormatter[] {
  const mine = new Set(members.find(({ name }) => name === self)?.placedFormatters.map(nameOf));
  const found = new Map<string, RemoteFormatter>();
  for (const member of members.filter(({ name, isDraining }) => name !== self && !isDraining))
    for (const each of member.placedFormatters) {
      const name = nameOf(each);
      if (!mine.has(name) && !found.has(name)) found.set(name, each);
    }
  return [...found.values()];
}

function nameOf({ manifest }: RemoteFormatter): string {
  return String(manifest['name']);
}

function isFault(error: unknown): boolean {
  if (error instanceof PeerUnreachable || error instanceof PeerLost || error instanceof PeerRefused) return true;
  return error instanceof GatewayError && error.status >= 500;
}

type Question = Pick<SetRequest, 'route' | 'url' | 'client'>;

/** Servers that are ready for a request, best first, this one among them where it holds the client's version. */
function holdersFor(question: Question, { store, health, inFlight, peers }: Router): string[] {
  const { route, url, client } = question;
  const { members, self, plan } = store.view();
  const holders = members.filter(({ sets }) => sets[route.set] !== undefined);
  const staying = holders.filter(({ isDraining }) => !isDraining);
  const ready = staying.length > 0 ? staying : holders;
  const version = versionFor(ready, question, plan);
  const same = ready.filter(
    (member) => member.sets[route.set]?.version === version && isUpToDate(member, ready, route.set),
  );
  const key = route.key === 'client' ? client : url.pathname + url.search;
  const candidates = same.map(({ name }) => ({
    name,
    load: inFlight.get(name) ?? 0,
    isHealthy: name === self || (health.isHealthy(name) && peers.isUp(name)),
  }));
  const order = pickServers({ key: `${route.set} ${key}`, candidates });
  // Design part 8: a server that holds the set serves.
  const first = same.some(({ name }) => name === self) ? [self] : [];
  const others = ready.map(({ name }) => name);
  return [...new Set([...first, ...order, ...others])];
}

/** The version that this client is served: the plan's, once enough servers have it. */
function versionFor(ready: readonly Member[], { route, client }: Question, plan: FleetPlan | undefined): string {
  const held = ready.map(({ sets, serial }) => ({ version: sets[route.set]!.version, serial }));
  const planned = plan?.functionSets[route.set];
  const newest = planned === undefined ? undefined : versionOf(planned);
  if (held.length === 0) return '';
  return pickVersion({ client, held, ...(held.some(({ version }) => version === newest) ? { newest: newest! } : {}) });
}

function redirectFor(question: Question, router: Router): string | undefined {
  const { store } = router;
  const { members, self } = store.view();
  const { set, host } = question.route;
  const isReadyHere = members.some(({ name, sets }) => name === self && sets[set] !== undefined);
  // A name of a site leads to whatever server its owner chose: there is no other address to send to.
  if (host !== undefined || isReadyHere) return undefined;
  const chosen = holdersFor(question, router).find((name) => name !== self);
  const origin = members.find(({ name }) => name === chosen)?.url;
  // Threat 68: only ever to a member.
  return origin === undefined ? undefined : new URL(question.url.pathname + question.url.search, origin).href;
}

async function askSomewhere(request: SetRequest, router: Router, patienceMs: number): Promise<SetReply> {
  const { store, clock, missingSince } = router;
  const { set, mode } = request.route;
  const until = Math.min(clock.monotonic(), missingSince.get(set) ?? Number.POSITIVE_INFINITY) + patienceMs;
  for (;;) {
    const { self, placed } = store.view();
    const order = holdersFor(request, router);
    const elsewhere = mode === 'serve' ? [] : order.filter((name) => name !== self);
    const isHere = placed.some(({ name }) => name === set);
    // What this server holds but is about to give up, it answers for only where no other does.
    if (!(isHere && order[0] === self) && elsewhere.length > 0) {
      const reply = await askOthers(request, router, elsewhere.slice(0, 2));
      if (reply !== undefined) {
        missingSince.delete(set);
        return reply;
      }
    }
    if (isHere) {
      missingSince.delete(set);
      return await askHere(request, router, order);
    }
    if (mode === 'serve') break;
    // Who comes when it has been missing for long need not wait as the first one did.
    if (!missingSince.has(set)) missingSince.set(set, clock.monotonic());
    if (request.signal.aborted || clock.monotonic() > until || !isPlanned(set, router)) break;
    await new Promise<void>((resolve) => clock.after(LOOK_AGAIN_MS, resolve));
  }
  const fields = Fields.from({ 'retry-after': '1' });
  throw new GatewayError('SET_UNAVAILABLE', { set, seconds: 1 }, { fields });
}

function isPlanned(set: string, { store }: Router): boolean {
  return store.view().plan?.functionSets[set] !== undefined;
}

async function askHere(request: SetRequest, router: Router, order: readonly string[]): Promise<SetReply> {
  const { host, store, limits } = router;
  const { self } = store.view();
  const { set, mode } = request.route;
  try {
    const response = await host.ask(set, requestForSet(request));
    const body = Buffer.from(await response.arrayBuffer());
    if (body.byteLength > limits.maxServiceBytes) throw new GatewayError('SERVICE_FAILED', { name: set });
    const fields = Fields.from([...response.headers]);
    return { status: response.status, fields, body, madeBy: { server: self, set, by: 'serve' } };
  } catch (error) {
    const others = order.filter((name) => name !== self).slice(0, 1);
    const isWorth = error instanceof GatewayError && WORTH_ANOTHER.has(error.code);
    if (!isWorth || !IDEMPOTENT.has(request.method) || others.length === 0 || mode === 'serve') throw error;
    const reply = await askOthers(request, router, others);
    if (reply === undefined) throw error;
    return reply;
  }
}

/** The first answer of these servers; `undefined` where none of them could, and it is safe to look for another. */
async function askOthers(request: SetRequest, router: Router, names: readonly string[]): Promise<SetReply | undefined> {
  const { health, log } = router;
  const { set } = request.route;
  for (const [index, name] of names.entries()) {
    const isLast = index === names.length - 1;
    try {
      const reply = await askOne(request, router, name);
      if (reply === undefined) continue;
      health.noteSuccess(name);
      return reply;
    } catch (error) {
      if (request.signal.aborted) throw error;
      if (error instanceof GatewayError) {
        const isSafe = WORTH_ANOTHER.has(error.code) && IDEMPOTENT.has(request.method);
        if (!isSafe || isLast) throw error;
        continue;
      }
      if (!isFault(error)) throw error;
      health.noteFailure(name);
      log.warn('a server did not answer', { server: name, set, reason: (error as Error).message });
      if (error instanceof PeerLost && !IDEMPOTENT.has(request.method))
        throw new GatewayError('SERVICE_FAILED', { name: set }, { cause: error });
    }
  }
  return undefined;
}

async function askOne(request: SetRequest, router: Router, name: string): Promise<SetReply | undefined> {
  const { peers, limits, inFlight } = router;
  const { route, method, url, fields, body, signal } = request;
  inFlight.set(name, (inFlight.get(name) ?? 0) + 1);
  try {
    const head = { set: route.set, strip: route.strip, method, url: url.href, fields: fields.entries() };
    const answer = await peers.send(name, {
      method: 'POST',
      path: 'ask',
      body: pack(head, body),
      signal,
      timeoutMs: limits.serviceTimeoutMs + 2_000,
    });
    const bytes = await answer.readAll(limits.maxServiceBytes + 65_536);
    if (answer.status === NOT_HERE) return undefined;
    const { head: said, body: reply } = unpack(bytes);
    const madeBy: MadeBy = { server: name, set: route.set, by: 'replay' };
    return {
      status: Number(said['status']),
      fields: Fields.from(said['fields'] as [string, string][]),
      body: Buffer.from(reply),
      madeBy,
    };
  } finally {
    inFlight.set(name, (inFlight.get(name) ?? 1) - 1);
  }
}

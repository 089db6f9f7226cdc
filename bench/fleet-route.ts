/**
 * What routing costs a request: `replay` and `redirect` against asking the server that holds the set, one request at a time
 * over a kept connection; `serve` is too little for that, so it is timed within one process: the gate with a fleet's tables
 * on disk around a set that answers at once, against that set alone. Subjects take turns within a round.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { systemClock } from '../core/clock.ts';
import { digestOfBytes } from '../core/digest.ts';
import { Fields } from '../core/fields.ts';
import type { SetHost, SetRequest } from '../core/fleet.ts';
import { silentLog } from '../core/log.ts';
import { openFleetStore } from '../fleet/fleet-store.ts';
import type { FleetView, Member } from '../fleet/fleet-view.ts';
import { openGate } from '../fleet/gate.ts';
import type { Peers } from '../fleet/peers/peers.ts';
import { parsePlan } from '../fleet/plan/parse-plan.ts';
import { versionOf } from '../fleet/reconciler.ts';
import { requestForSet } from '../fleet/set-message.ts';
import { openFleetBed } from './fleet-bed.ts';
import { ask } from './fleet-client.ts';
import { treeProcessorMs } from './processor-time.ts';
import { quantile, type Round, round2, type Study, type StudyOptions, type StudyResult } from './study.ts';

const MIN_ROUNDS = 5;
const TIMES = { long: 400, short: 30 };
const SERVE_TIMES = { long: 4_000, short: 200 };
const WARM_TIMES = 200;
const NAMES = ['a', 'b', 'c'];
const COMPONENT = `export default { contract: 1, kind: 'service', name: 'hello', version: '1.0.0', routes: ['/hello/*'],
  handle: () => new Response('hello', { headers: { 'content-type': 'text/plain', 'cache-control': 'no-store' } }) };
`;

export const fleetRoute: Study = { name: 'fleet-route', run };

/** Does something once. */
type Work = (turn: number) => Promise<unknown>;

async function run({ isShort, rounds: wanted }: StudyOptions): Promise<StudyResult> {
  const times = isShort ? TIMES.short : TIMES.long;
  const serveTimes = isShort ? SERVE_TIMES.short : SERVE_TIMES.long;
  const bed = await openFleetBed({ names: NAMES, engines: 1 });
  const agents: Agent[] = [];
  try {
    const source = join(bed.fleet.folder, 'hello');
    mkdirSync(source);
    writeFileSync(join(source, 'index.mjs'), COMPONENT);
    const set = await bed.offer(source, {});
    const plan = planFor(set.bundles[0]!);
    await bed.apply(plan);
    const asking = (server: string, path: string, status: number): Work => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      agents.push(agent);
      return async (turn) => {
        const answer = await ask(`${bed.fleet.servers[server]!.origin}${path}?${turn}`, agent);
        if (answer.status !== status) throw new Error(`${server}${path} answers ${answer.status}: ${answer.body}`);
      };
    };
    const subjects = {
      direct: asking('b', '/hello/x', 200),
      replay: asking('a', '/hello/x', 200),
      redirect: asking('a', '/sent/x', 307),
    };
    const served = openServe(join(bed.fleet.folder, 'gate.db'), plan);
    try {
      const rounds: Round[] = [];
      for (let round = 0; round <= (isShort ? 1 : Math.max(MIN_ROUNDS, wanted ?? 0)); round++) {
        const over = await takeTurns(subjects, round === 0 ? Math.min(times, WARM_TIMES) : times, round);
        const within = await takeTurns(served.subjects, round === 0 ? WARM_TIMES : serveTimes, round);
        if (round > 0) rounds.push({ round, ...over, ...within });
      }
      return summarise(rounds, { times, serveTimes });
    } finally {
      served.close();
    }
  } finally {
    for (const agent of agents) agent.destroy();
    await bed.close();
  }
}

/** Medians in milliseconds, by subject, and the processor time of all processes for one request. */
async function takeTurns(subjects: Readonly<Record<string, Work>>, times: number, round: number): Promise<Round> {
  const names = round % 2 === 0 ? Object.keys(subjects) : Object.keys(subjects).toReversed();
  const medians: Record<string, number> = {};
  for (const name of names) {
    const taken: number[] = [];
    const processor = treeProcessorMs();
    for (let turn = 0; turn < times; turn++) {
      const began = systemClock.monotonic();
      await subjects[name]!(turn);
      taken.push(systemClock.monotonic() - began);
    }
    medians[`${name}ProcessorMs`] = round2((treeProcessorMs() - processor) / times);
    medians[name] = Math.round(quantile(taken, 0.5) * 10_000) / 10_000;
  }
  return medians;
}

function summarise(rounds: readonly Round[], about: StudyResult['about']): StudyResult {
  const added = (name: string, to: string) =>
    quantile(
      rounds.map((round) => Number(round[name]) - Number(round[to])),
      0.5,
    );
  const processorOf = (name: string, to: string | undefined) =>
    quantile(
      rounds.map(
        (round) => Number(round[`${name}ProcessorMs`]) - (to === undefined ? 0 : Number(round[`${to}ProcessorMs`])),
      ),
      0.5,
    );
  const redirects = rounds.map(({ redirect }) => Number(redirect));
  return {
    about: { ...about, servers: NAMES.length },
    figures: [
      { name: 'serve, added p50', value: added('gate', 'host'), unit: 'ms', aim: 0.05 },
      { name: 'redirect, added p50', value: round2(quantile(redirects, 0.5)), unit: 'ms', aim: 2 },
      { name: 'replay, added p50', value: round2(added('replay', 'direct')), unit: 'ms', aim: 1.5 },
      // What a shared machine adds of its own is not in these.
      { name: 'redirect, processor time', value: processorOf('redirect', undefined), unit: 'ms' },
      { name: 'replay, added processor time', value: processorOf('replay', 'direct'), unit: 'ms' },
    ],
    rounds,
  };
}

function planFor(bundle: string) {
  return {
    functionSets: { hello: { bundles: [bundle] } },
    placement: { hello: { replicas: 1, servers: ['b'] } },
    routes: [
      { match: '/hello/*', set: 'hello', mode: 'replay' },
      { match: '/sent/*', set: 'hello', mode: 'redirect' },
    ],
  };
}

/** The gate of the server that holds the set. Nobody else is asked. */
function openServe(file: string, planJson: unknown) {
  const plan = parsePlan(planJson);
  const version = versionOf(plan.functionSets['hello']!);
  const store = openFleetStore(file, 'b', systemClock);
  store.writeView(viewOf(plan, version));
  const body = Buffer.from('hello');
  const host: SetHost = {
    use: async () => undefined,
    ask: async () => new Response(body, { headers: { 'content-type': 'text/plain' } }),
    try: () => Promise.reject(new Error('nothing is tried here')),
    runUpdaters: () => undefined,
    close: async () => undefined,
  };
  const gate = openGate({
    store,
    host,
    peers: { isUp: () => true } as unknown as Peers,
    variants: { find: async () => undefined, offer: () => undefined },
    limits: { serviceTimeoutMs: 1_000, maxServiceBytes: 1_000 },
    clock: systemClock,
    log: silentLog,
  });
  const fields = Fields.from({ accept: '*/*' });
  const requestOf = (turn: number): SetRequest => {
    const url = new URL(`http://b.example/hello/x?${turn}`);
    const route = gate.findRoute(undefined, '/hello/x')!;
    return { route, method: 'GET', url, fields, body: undefined, client: 'one', signal: new AbortController().signal };
  };
  const fixed = requestOf(0).route;
  const subjects: Readonly<Record<string, Work>> = {
    host: async (turn) => {
      const response = await host.ask('hello', requestForSet({ ...requestOf(turn), route: fixed }));
      return Buffer.from(await response.arrayBuffer());
    },
    gate: (turn) => gate.ask(requestOf(turn)),
  };
  return { subjects, close: () => store.close() };
}

function viewOf(plan: ReturnType<typeof parsePlan>, version: string): FleetView {
  const member = (name: string): Member => ({
    name,
    url: `http://${name}.example`,
    key: 'ed25519:',
    zone: name,
    adminPort: 0,
    serial: 1,
    isDraining: false,
    isManager: false,
    sets: name === 'b' ? { hello: { version, editions: {} } } : {},
    formatters: [],
    placedFormatters: [],
    problems: {},
    routesBy: '',
    load: 0,
  });
  const bundle = digestOfBytes('');
  const component = {
    bundle,
    kind: 'service',
    name: 'hello',
    version: '1.0.0',
    module: '',
    root: '',
    plain: {},
  } as const;
  const placed = [{ name: 'hello', version, components: [component], data: {} }];
  return { self: 'b', serial: 1, plan, members: NAMES.map(member), placed, authorities: {} };
}

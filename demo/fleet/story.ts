/** What happens in the demo of the fleet, chapter by chapter. */
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, pause } from '../../core/clock.ts';
import { requestAsOperator } from '../../egress/operator-request.ts';
import type { FleetStatus } from '../../fleet/fleet-status.ts';
import type { Account } from './account.ts';
import { type CountingClient, startCountingClient, type Tally } from './counting-client.ts';
import type { FleetOfProcesses } from './fleet-of-processes.ts';
import { runVerb } from './run-verb.ts';

/** Clients ask the first, which never holds the set. */
export const SERVERS = ['quay', 'pier', 'mole'] as const;
type Server = (typeof SERVERS)[number];

export interface StoryParts {
  readonly fleet: FleetOfProcesses;
  readonly account: Account;
  /** How long the client asks on after each happening. */
  readonly calmMs: number;
  readonly clock: Clock;
}

interface Story extends StoryParts {
  readonly phases: { readonly name: string; readonly tally: Tally }[];
}

interface Built {
  readonly bundle: string;
  readonly data: Readonly<Record<string, string>>;
}

const SOURCE = fileURLToPath(new URL('../../services/sql-data/', import.meta.url));
const DATABASE = fileURLToPath(new URL('../data/harbour.db', import.meta.url));
const SET = 'landings';
const SQL = 'SELECT month, species, tonnes FROM landings ORDER BY month, species';
const QUERY = `/data/query.csv?sql=${encodeURIComponent(SQL)}`;
const CSV = { accept: 'text/csv' };
const CONCURRENCY = 4;
const LOOK_MS = 10;
const PATIENCE_MS = 20_000;

/** Tells it and leaves the fleet as it is then. @throws Error where something did not come about. */
export async function tellStory(parts: StoryParts): Promise<void> {
  const story: Story = { ...parts, phases: [] };
  await startAll(story);
  const first = await arrive(story);
  const expected = await showOverNetwork(story);
  const url = new URL(QUERY, parts.fleet.servers['quay']!.origin);
  const client = startCountingClient({ url, fields: CSV, expected, concurrency: CONCURRENCY, clock: parts.clock });
  try {
    await shift(story, { client, built: first });
    const second = await upgrade(story, client);
    await lose(story, { client, built: second });
  } finally {
    await client.stop();
  }
  close(story);
}

async function startAll({ fleet, account, clock }: Story): Promise<void> {
  account.chapter('A fleet of three');
  const timed = makeTimed(clock);
  account.tell('one engine, nats-server, listens on loopback', await timed(() => fleet.engines.start()));
  const starts = Object.values(fleet.servers).map((server) => server.start());
  const ms = await timed(() => Promise.all(starts));
  account.tell(`${SERVERS.join(', ')} are started, each a process, a zone and a folder of its own`, ms);
  const meet = await timed(() => until(() => everyoneSees(fleet, SERVERS.length), clock));
  const { manager } = await fleet.status('quay');
  account.tell(`they have found each other; ${manager} holds the lease and is the manager`, meet);
}

async function arrive(story: Story): Promise<Built> {
  const { account } = story;
  account.chapter('A database arrives, with the component that answers from it');
  const built = await buildAndPush(story, SOURCE);
  const { ms } = await applyPlan(story, planFor(built, ['pier']));
  account.tell('a signed plan puts both on pier; every server routes /data/* there', ms);
  return built;
}

/** What the client shall go on getting. */
async function showOverNetwork({ fleet, account, clock }: Story): Promise<string> {
  account.chapter('Another server draws it');
  const { quay, mole } = fleet.servers as Readonly<Record<Server, FleetOfProcesses['servers'][string]>>;
  const began = clock.monotonic();
  const data = await requestAsOperator({ method: 'GET', url: new URL(QUERY, quay.origin), fields: CSV });
  if (data.status !== 200) throw new Error(`quay answers ${data.status}: ${data.text}`);
  const maker = String(data.fields['format-server']);
  account.tell(
    `quay is asked for ${data.text.trim().split('\n').length - 1} rows of CSV, says: ${maker}`,
    clock.monotonic() - began,
  );
  const target = encodeURIComponent(quay.origin + QUERY);
  const chartUrl = `${mole.origin}/-/as/chart/${target}?mark=line&x=month&y=tonnes&color=species`;
  const asked = clock.monotonic();
  const chart = await requestAsOperator({
    method: 'GET',
    url: new URL(chartUrl),
    fields: { accept: 'image/svg+xml' },
  });
  const type = String(chart.fields['content-type']).split(';')[0];
  if (chart.status !== 200 || !chart.text.includes('<svg'))
    throw new Error(`mole answers ${chart.status}: ${chart.text.slice(0, 300)}`);
  account.tell(`mole fetches that and draws a chart, ${type} of ${chart.text.length} bytes`, clock.monotonic() - asked);
  return data.text;
}

interface Placed {
  readonly client: CountingClient;
  readonly built: Built;
}

async function shift(story: Story, { client, built }: Placed): Promise<void> {
  const { account } = story;
  account.chapter('It shifts to mole, under load');
  await beCalm(story, client, 'before');
  const seen = client.untilMadeBy('mole');
  const { ms } = await applyPlan(story, planFor(built, ['mole']));
  await seen;
  account.tell('mole has pulled both, tried them, and every server routes there', ms);
  await count(story, client, 'shift');
}

async function upgrade(story: Story, client: CountingClient): Promise<Built> {
  const { account, fleet } = story;
  account.chapter('It is upgraded, under load');
  const folder = join(fleet.folder, 'sql-data-1.0.1');
  copyAs(folder, '1.0.1');
  const built = await buildAndPush(story, folder);
  const { ms } = await applyPlan(story, planFor(built, ['mole']));
  account.tell('sql-data 1.0.1 answers; 1.0.0 has finished what it had begun', ms);
  await count(story, client, 'upgrade');
  return built;
}

async function lose(story: Story, { client, built }: Placed): Promise<void> {
  const { account, fleet, clock } = story;
  account.chapter('A server is killed, under load');
  const { ms } = await applyPlan(story, planFor(built, ['pier', 'mole']));
  account.tell('two replicas now: pier and mole', ms);
  const { by } = await count(story, client, 'second replica');
  const busiest = ['pier', 'mole'].sort((a, b) => (by.get(b) ?? 0) - (by.get(a) ?? 0))[0]!;
  const other = busiest === 'pier' ? 'mole' : 'pier';
  const seen = client.untilMadeBy(other);
  await fleet.servers[busiest]!.kill();
  account.tell(`kill -9 of ${busiest}, which has answered; ${other} answers after`, await seen);
  const timed = makeTimed(clock);
  const noticed = await timed(() => until(async () => (await fleet.status('quay')).servers.length === 2, clock));
  account.tell(`${busiest} is missed and struck from the list of the living`, noticed);
  await count(story, client, 'kill -9');
  const back = await timed(() => fleet.servers[busiest]!.start());
  await until(async () => (await fleet.status('quay')).isSettled, clock);
  account.tell(`${busiest} is started again and holds from its disk what it held`, back);
  await count(story, client, 'return');
}

function close({ account, phases }: Story): void {
  account.chapter('What the client counted');
  const rows = phases.map(({ name, tally }) => [
    name,
    `${tally.asked}`,
    `${tally.lost.length}`,
    tally.p50Ms.toFixed(1),
    tally.p95Ms.toFixed(1),
    tally.longestMs.toFixed(1),
    [...tally.by].map(([maker, answers]) => `${maker} ${answers}`).join(', '),
  ]);
  account.table(['', 'requests', 'lost', 'p50 ms', 'p95 ms', 'longest ms', 'made by'], rows);
  const lost = phases.flatMap(({ tally }) => tally.lost);
  account.tell(lost.length === 0 ? 'Nothing was lost.' : `${lost.length} were lost: ${[...new Set(lost)].join('; ')}`);
}

async function buildAndPush({ fleet, account, clock }: Story, source: string): Promise<Built> {
  const timed = makeTimed(clock);
  const out = join(fleet.folder, `out-${source.split('/').findLast((part) => part !== '')}`);
  const key = join(fleet.folder, 'keys', 'signing.key');
  const verb = ['bundle', 'build', source, '--data', `harbour=${DATABASE}`, '--key', key, '--out', out];
  let built: Built | undefined;
  const buildMs = await timed(async () => {
    built = await runVerb<Built>(verb, fleet);
  });
  const files = readdirSync(out).map((name) => join(out, name));
  account.tell(`bundle build: sql-data and harbour.db, signed, ${built!.bundle.slice(0, 19)}…`, buildMs);
  const pushMs = await timed(() =>
    runVerb(['fleet', 'push', ...files, '--server', fleet.servers['quay']!.adminOrigin], fleet),
  );
  account.tell('fleet push: quay keeps them for the others', pushMs);
  return built!;
}

interface Applied {
  readonly serial: number;
  readonly ms: number;
  readonly status: FleetStatus;
}

async function applyPlan({ fleet }: Story, plan: unknown): Promise<Applied> {
  const file = join(fleet.folder, 'plan.json');
  writeFileSync(file, `${JSON.stringify(plan, null, 2)}\n`);
  const key = join(fleet.folder, 'keys', 'signing.key');
  const server = fleet.servers['quay']!.adminOrigin;
  return await runVerb(['fleet', 'apply', file, '--key', key, '--server', server, '--wait'], fleet);
}

function planFor({ bundle, data }: Built, servers: readonly Server[]) {
  return {
    functionSets: { [SET]: { bundles: [bundle], data } },
    placement: { [SET]: { replicas: servers.length, servers } },
    routes: [{ match: '/data/*', strip: '/data', set: SET, mode: 'replay' }],
  };
}

/** The component as it will be when somebody has raised its version. */
function copyAs(folder: string, version: string): void {
  cpSync(SOURCE, folder, { recursive: true });
  const index = join(folder, 'index.ts');
  writeFileSync(
    index,
    readFileSync(index, 'utf8').replace(/^const VERSION = '[^']+'/m, `const VERSION = '${version}'`),
  );
}

async function beCalm(story: Story, client: CountingClient, name: string): Promise<void> {
  client.take();
  await count(story, client, name);
}

/** Lets the client go on a while, and writes down what it has counted since the last time. */
async function count({ account, phases, calmMs }: Story, client: CountingClient, name: string): Promise<Tally> {
  await pause(calmMs);
  const tally = client.take();
  phases.push({ name, tally });
  account.tell(`the client has asked ${tally.asked} times and lost ${tally.lost.length}`);
  return tally;
}

async function everyoneSees(fleet: FleetOfProcesses, servers: number): Promise<boolean> {
  const all = await Promise.all(SERVERS.map((name) => fleet.status(name)));
  return all.every((status) => status.servers.length === servers && status.manager !== null && status.isSettled);
}

async function until(isSo: () => Promise<boolean>, clock: Clock): Promise<void> {
  const end = clock.monotonic() + PATIENCE_MS;
  while (!(await isSo())) {
    if (clock.monotonic() > end) throw new Error('what was waited for did not come about');
    await pause(LOOK_MS);
  }
}

function makeTimed(clock: Clock) {
  return async (work: () => Promise<unknown>): Promise<number> => {
    const began = clock.monotonic();
    await work();
    return clock.monotonic() - began;
  };
}

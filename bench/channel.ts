/**
 * Pages with their pictures over a bad link, at the level of packets: a plain client straight to the origin by HTTP/1.1 with six
 * connections and gzip, and the same client at a front-end whose back-end is beside the origin (S5).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FAR_ADDRESS, type Link, type LinkKind, openLink } from './channel/link.ts';
import type { Load, Loaded } from './channel/page-words.ts';
import { hasPages, illustratedPages, PACKAGES, pagePair, SITES } from './channel/pages.ts';
import { treeOf } from './channel/process-tree.ts';
import { openServer, openSide, type Server, type Side } from './channel/side.ts';
import { type Figure, median, type Round, round2, type Study, type StudyOptions, type StudyResult } from './study.ts';

const SEEDS = 5;
const BAD: LinkKind = { name: '300 ms, 256 kbit/s, 1 %', roundTripMs: 300, bitsPerSecond: 256_000, loss: 0.01 };
const FAIR: LinkKind = { name: '50 ms, 4 Mbit/s', roundTripMs: 50, bitsPerSecond: 4_000_000, loss: 0 };
const LINKS: Readonly<Record<string, LinkKind>> = { bad: BAD, fair: FAIR };
const SECRET = 'of the benchmark';
/** Pages that servers have made when they are measured. */
const WARM_PAGES = 4;

/** What the client does, and what it is compared with. */
const STEPS = ['cold page', 'next page', 'changed page'] as const;
type Step = (typeof STEPS)[number];
/** Times as fast as the baseline, at least. That of the changed page is for a client without a cache. */
const AIMS: Readonly<Record<Step, number>> = { 'cold page': 3, 'next page': 5, 'changed page': 15 };

/** Who loads the pages. */
interface Client {
  readonly program: string;
  /** Whether it keeps what it has had, and asks whether that is still right. */
  readonly hasCache: boolean;
}

const PLAIN: Client = { program: 'bench/channel/page-client.ts', hasCache: false };
const BROWSER: Client = { program: 'bench/channel/browser-client.ts', hasCache: true };

export const channel: Study = { name: 'channel', run: (options) => run(options, PLAIN) };
/** The same with Chromium, on both ways. */
export const channelBrowser: Study = { name: 'channel-browser', run: (options) => run(options, BROWSER) };

/** @param args `bad` or `fair` for one link alone, numbers for some of the seeds alone */
async function run({ isShort, rounds: wanted, args }: StudyOptions, who: Client): Promise<StudyResult> {
  bringPages();
  const named = args.filter((each) => !/^\d+$/.test(each));
  const only = args.filter((each) => /^\d+$/.test(each)).map(Number);
  const kinds = named.length === 0 ? Object.values(LINKS) : named.map(linkNamed);
  const seeds = isShort ? 1 : Math.max(SEEDS, wanted ?? 0);
  const link = await openLink();
  const rounds: Round[] = [];
  try {
    const site = openSide({ within: link.far, program: 'bench/channel/site.ts', args: [FAR_ADDRESS] });
    const [origin] = await site.until(/^http:.*/);
    try {
      for (const kind of kinds)
        for (let seed = 1; seed <= seeds; seed++) {
          if (only.length > 0 && !only.includes(seed)) continue;
          for (const name of Object.keys(SITES)) {
            const pages = pagesOf(name, { seed, seeds, origin: origin! });
            const course = { link, site, kind, seed, who, ...pages };
            const common = { link: kind.name, seed, site: name, page: pages.pages[0].slice(origin!.length) };
            const turns = [...(await baseline(course)), ...(await channelled(course))];
            for (const { subject, step, ms = 0 } of turns)
              console.error(`${kind.name}, seed ${seed}, ${name}: ${step}, ${subject}: ${ms} ms`);
            rounds.push(...turns.map((turn) => ({ ...common, ...turn })));
          }
        }
    } finally {
      await site.close();
    }
  } finally {
    await link.close();
  }
  return { about: aboutOf(seeds, who), figures: figuresOf(rounds, kinds, who), rounds };
}

function linkNamed(name: string): LinkKind {
  const kind = LINKS[name];
  if (kind === undefined) throw new Error(`There is no link \`${name}\`; there are: ${Object.keys(LINKS).join(', ')}`);
  return kind;
}

function bringPages(): void {
  if (hasPages()) return;
  if (process.getuid?.() === 0) spawnSync('apt-get', ['install', '-y', '--no-install-recommends', ...PACKAGES]);
  if (!hasPages()) throw new Error(`The pages to measure with are missing: apt install ${PACKAGES.join(' ')}`);
}

/** @param name of the site */
function pagesOf(
  name: string,
  { seed, seeds, origin }: { seed: number; seeds: number; origin: string },
): Pick<Course, 'pages' | 'warmUp'> {
  const [page, next] = pagePair(illustratedPages(name), seed, seeds).map((each) => `${origin}/${name}/${each}`);
  const other = Object.keys(SITES).find((each) => each !== name)!;
  const others = Array.from({ length: WARM_PAGES }, (_, i) => pagePair(illustratedPages(other), i + 1, WARM_PAGES)[0]);
  return { pages: [page!, next!], warmUp: others.map((each) => `${origin}/${other}/${each}`) };
}

interface Course {
  readonly link: Link;
  readonly site: Side;
  readonly kind: LinkKind;
  readonly seed: number;
  readonly who: Client;
  /** A page, and the one that is read after it. */
  readonly pages: readonly [string, string];
  /** Pages of another site. */
  readonly warmUp: readonly string[];
}

type Turn = Readonly<Record<string, string | number>>;

/** Straight to the origin. */
async function baseline({ link, site, kind, seed, who, pages: [page, next] }: Course): Promise<readonly Turn[]> {
  const client = openSide({ within: link.near, program: who.program });
  try {
    await site.ask('1');
    await link.set(kind, seed);
    const take = (step: string, load: Load) => takeTurn({ link, client, subject: 'http/1.1', step, load });
    const turns = [await take('cold page', { url: page, cache: 'none', fresh: true })];
    turns.push(await take('next page', { url: next, cache: 'revalidate', fresh: false }));
    await site.ask('2');
    turns.push(await take('changed page, revalidated', { url: page, cache: 'revalidate', fresh: false }));
    // A browser keeps its cache: there is no other way for it.
    if (who.hasCache) turns.push({ ...turns.at(-1)!, step: 'changed page' });
    else turns.push(await take('changed page', { url: page, cache: 'none', fresh: false }));
    return turns;
  } finally {
    await client.close();
  }
}

/** The same client at the front-end. It keeps nothing itself: what is held, the front-end holds. */
async function channelled(course: Course): Promise<readonly Turn[]> {
  const { link, site, kind, seed } = course;
  const folder = mkdtempSync(join(tmpdir(), 'channel-bench-'));
  await site.ask('1');
  await link.set({ ...kind, roundTripMs: 0, bitsPerSecond: 0, loss: 0 }, seed);
  const servers: Server[] = [];
  try {
    const back = await openServer(link.far, {
      DATA_DIR: join(folder, 'back'),
      HOST: FAR_ADDRESS,
      CLIENTS_ALLOW: 'none',
      UPSTREAM_ALLOW: FAR_ADDRESS,
      CHANNEL_SECRET: SECRET,
    });
    servers.push(back);
    const front = await openServer(link.near, {
      DATA_DIR: join(folder, 'front'),
      BACK_END: back.origin,
      CHANNEL_SECRET: SECRET,
    });
    servers.push(front);
    return await channelledTurns({ ...course, back, front });
  } finally {
    // The front-end first: nobody is left who would miss the other.
    for (const server of servers.reverse()) await server.close();
    rmSync(folder, { recursive: true });
  }
}

async function channelledTurns(course: Course & { back: Server; front: Server }): Promise<readonly Turn[]> {
  const { link, site, kind, seed, who, pages, warmUp, back, front } = course;
  const cache = who.hasCache ? 'revalidate' : 'none';
  const [page, next] = pages.map((url) => `${front.origin}/${url}`) as [string, string];
  const client = openSide({ within: link.near, program: who.program });
  try {
    // Servers that have been up for a while: processes have started, the link is known. What is warm is another site's.
    await link.set(kind, seed);
    for (const each of warmUp) {
      const other: Load = { url: `${front.origin}/${each}`, cache: 'none', fresh: true, isOther: true };
      await client.ask(JSON.stringify(other));
    }
    await link.set(kind, seed);
    const before = [treeOf(front.pid), treeOf(back.pid)] as const;
    const take = (step: string, load: Load) => takeTurn({ link, client, subject: 'channel', step, load });
    const turns = [await take('cold page', { url: page, cache, fresh: true })];
    turns.push(await take('next page', { url: next, cache, fresh: false }));
    await site.ask('2');
    turns.push(await take('changed page', { url: page, cache, fresh: false }));
    const after = [treeOf(front.pid), treeOf(back.pid)] as const;
    turns.push({
      subject: 'channel',
      step: 'both ends',
      frontProcessorMs: after[0].processorMs - before[0].processorMs,
      backProcessorMs: after[1].processorMs - before[1].processorMs,
      frontBytes: after[0].residentBytes,
      backBytes: after[1].residentBytes,
    });
    return turns;
  } finally {
    await client.close();
  }
}

interface Taking {
  readonly link: Link;
  readonly client: Side;
  readonly subject: string;
  readonly step: string;
  readonly load: Load;
}

async function takeTurn({ link, client, subject, step, load }: Taking): Promise<Turn> {
  const before = await link.carried();
  const loaded = JSON.parse(await client.ask(JSON.stringify(load))) as Loaded;
  const after = await link.carried();
  return {
    subject,
    step,
    ms: round2(loaded.ms),
    pageMs: round2(loaded.pageMs),
    requests: loaded.requests,
    failed: loaded.failed.length,
    upBytes: after.up - before.up,
    downBytes: after.down - before.down,
  };
}

function figuresOf(rounds: readonly Round[], kinds: readonly LinkKind[], who: Client): readonly Figure[] {
  const figures: Figure[] = [];
  const of = (link: string, subject: string, step: string) =>
    rounds.filter((round) => round['link'] === link && round['subject'] === subject && round['step'] === step);
  for (const kind of kinds) {
    for (const step of STEPS) {
      const [plain, ours] = [of(kind.name, 'http/1.1', step), of(kind.name, 'channel', step)];
      const ratios = plain.map(({ ms }, index) => Number(ms) / Number(ours[index]!['ms']));
      const name = `${kind.name}: ${step}`;
      const middle = (turns: readonly Round[], key: string) => median(turns.map((turn) => Number(turn[key])));
      figures.push({
        name: `${name}, times as fast`,
        value: median(ratios),
        unit: '',
        ...(kind === FAIR ? { atLeast: 1 } : isAimed(step, who) ? { atLeast: AIMS[step] } : {}),
      });
      figures.push({ name: `${name}, http/1.1`, value: middle(plain, 'ms'), unit: 'ms' });
      figures.push({ name: `${name}, channel`, value: middle(ours, 'ms'), unit: 'ms' });
      figures.push({ name: `${name}, http/1.1`, value: middle(plain, 'downBytes'), unit: 'bytes' });
      figures.push({ name: `${name}, channel`, value: middle(ours, 'downBytes'), unit: 'bytes' });
    }
    const ours = of(kind.name, 'channel', 'changed page');
    const asked = of(kind.name, 'http/1.1', 'changed page, revalidated');
    const ratios = asked.map(({ ms }, index) => Number(ms) / Number(ours[index]!['ms']));
    figures.push({
      name: `${kind.name}: changed page against revalidation, times as fast`,
      value: median(ratios),
      unit: '',
    });
  }
  return [...figures, ...endsOf(rounds)];
}

function isAimed(step: Step, { hasCache }: Client): boolean {
  return step !== 'changed page' || !hasCache;
}

/** What both ends used for the three pages of a site. */
function endsOf(rounds: readonly Round[]): readonly Figure[] {
  const ends = rounds.filter(({ step }) => step === 'both ends');
  const middle = (key: string) => median(ends.map((each) => Number(each[key])));
  return [
    { name: 'both ends: front-end, processor', value: middle('frontProcessorMs'), unit: 'ms' },
    { name: 'both ends: back-end, processor', value: middle('backProcessorMs'), unit: 'ms' },
    { name: 'both ends: front-end, memory', value: middle('frontBytes'), unit: 'bytes' },
    { name: 'both ends: back-end, memory', value: middle('backBytes'), unit: 'bytes' },
  ];
}

function aboutOf(seeds: number, { hasCache }: Client): StudyResult['about'] {
  const client = hasCache ? 'Chromium as a phone, with its cache' : 'phone, without a cache where it is not said';
  return { seeds, sites: Object.keys(SITES).join(', '), connections: 6, client };
}

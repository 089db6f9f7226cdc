import { fstatSync, readSync, writeSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import sharp from 'sharp';
import { type Clock, systemClock } from '../core/clock.ts';
import type { FormatInput, Formatter, PlainRecord, Want } from '../core/component.ts';
import { parseSettings, SettingsError } from '../core/config.ts';
import { FormatFailure, type FormatJob } from '../core/executor.ts';
import { freeBytes } from '../core/free-bytes.ts';
import type { Wish } from '../core/plan.ts';
import { joinChunks } from '../core/whole-body.ts';
import { decodeText } from '../formatters/charset.ts';
import { formatterSettings } from '../formatters/config.ts';
import {
  describeFormatter,
  type FormatterDescriptor,
  RegistrationError,
  type RegistrationFault,
} from '../formatters/descriptor.ts';
import { findPlans, type PlanRequest } from '../formatters/planner.ts';
import { Breaker } from '../formatters/pool/breaker.ts';
import { estimateBytes, readPixels } from '../formatters/pool/estimate.ts';
import { encodeFrame, makeFrameReader } from '../formatters/pool/frame.ts';
import { openHandOver } from '../formatters/pool/hand-over.ts';
import { type GraphEdge, makeRegistry } from '../formatters/registry.ts';
import { type RunnerHost, runPlan } from '../formatters/runner.ts';

const TEXT = 'text/plain';
const HTML = 'text/html';

function formatterOf(over: object = {}): object {
  return {
    contract: 1,
    kind: 'formatter',
    name: 'shout',
    version: '1.0.0',
    reads: 'text',
    edges: [{ from: TEXT, to: TEXT, keeps: 1, cost: 1, meets: ['shout'] }],
    format: () => ({ mediaType: TEXT, body: '' }),
    ...over,
  };
}

function descriptorOf(over: object = {}): FormatterDescriptor {
  return {
    ...describeFormatter(formatterOf(over)),
    source: { module: 'file:///x.ts', thirdParty: false, root: '/x.ts' },
  };
}

const edgeWith = (over: object) => ({ edges: [{ from: TEXT, to: HTML, keeps: 1, cost: 1, ...over }] });

const REGISTRATION_FAULTS: [code: RegistrationFault, over: object][] = [
  ['wrong-contract', { contract: 2 }],
  ['wrong-contract', { contract: undefined }],
  ['wrong-kind', { kind: 'service' }],
  ['bad-name', { name: 'Shout' }],
  ['bad-name', { name: '' }],
  ['bad-name', { name: '../x' }],
  ['bad-name', { name: 'x'.repeat(65) }],
  ['bad-name', { name: '__proto__' }],
  ['bad-version', { version: '1' }],
  ['bad-version', { version: undefined }],
  ['bad-title', { title: 7 }],
  ['bad-reads', { reads: 'json' }],
  ['bad-deterministic', { deterministic: 'no' }],
  ['bad-options-schema', { optionsSchema: { f: () => 1 } }],
  ['bad-options-schema', { optionsSchema: { text: 'x'.repeat(70_000) } }],
  ['no-format', { format: undefined }],
  ['bad-function', { open: true }],
  ['bad-function', { parseOptions: {} }],
  ['no-edges', { edges: [] }],
  ['no-edges', { edges: undefined }],
  ['too-many-edges', { edges: Array.from({ length: 600 }, () => ({})) }],
  ['bad-media-type', edgeWith({ from: 'text' })],
  ['bad-media-type', edgeWith({ to: 'text/*' })],
  ['bad-media-type', edgeWith({ to: 'Text/HTML' })],
  ['bad-media-type', edgeWith({ to: 'text/html; charset=utf-8' })],
  ['bad-media-type', { edges: [null] }],
  ['bad-keeps', edgeWith({ keeps: 1.1 })],
  ['bad-keeps', edgeWith({ keeps: Number.NaN })],
  ['bad-keeps', edgeWith({ keeps: '1' })],
  ['bad-cost', edgeWith({ cost: -1 })],
  ['bad-cost', edgeWith({ cost: Number.POSITIVE_INFINITY })],
  ['bad-demand', edgeWith({ meets: 'shout' })],
  ['bad-demand', edgeWith({ meets: ['__proto__'] })],
  ['bad-demand', edgeWith({ meets: Array.from({ length: 65 }, (_, i) => `d${i}`) })],
  ['edge-meets-nothing', edgeWith({ from: HTML })],
  ['duplicate-edge', { edges: [edgeWith({}).edges[0], edgeWith({ keeps: 0.5 }).edges[0]] }],
];

test('each rule of registration has a code of its own', (t) => {
  for (const [code, over] of REGISTRATION_FAULTS) {
    const error = t.throws(() => describeFormatter(formatterOf(over)), { instanceOf: RegistrationError }, code);
    t.is(error?.code, code, JSON.stringify(over).slice(0, 100));
  }
  for (const nothing of [undefined, null, 5, 'x']) {
    t.is(t.throws(() => describeFormatter(nothing), { instanceOf: RegistrationError })?.code, 'not-an-object');
  }
});

test('a name is registered once, and nobody registers after freeze', (t) => {
  const builder = makeRegistry();
  builder.register(descriptorOf());
  const twice = t.throws(() => builder.register(descriptorOf()), { instanceOf: RegistrationError });
  t.is(twice?.code, 'duplicate-name');
  const registry = builder.freeze();
  const late = t.throws(() => builder.register(descriptorOf({ name: 'late' })), { instanceOf: RegistrationError });
  t.is(late?.code, 'frozen');
  t.throws(() => (registry.edges() as GraphEdge[]).push(registry.edges()[0]!), { instanceOf: TypeError });
  t.throws(() => Object.assign(registry.get('shout')!.edges[0]!, { keeps: 0 }), { instanceOf: TypeError });
  t.is(makeRegistry(registry.list()).freeze().digest, registry.digest, 'a new registry starts from the old one');
});

test('a registry is the same whatever the order of registration, and a switch makes a new one', (t) => {
  const descriptors = ['a', 'b', 'c'].map((name) => descriptorOf({ name }));
  const forth = makeRegistry(descriptors).freeze();
  const back = makeRegistry(descriptors.toReversed()).freeze();
  t.is(forth.digest, back.digest);
  t.deepEqual(forth.edges(), back.edges());
  const off = forth.withDisabled(['b']);
  t.deepEqual(
    off.edges().map((edge) => edge.formatter),
    ['a', 'c'],
  );
  t.not(off.digest, forth.digest);
  t.true(forth.isEnabled('b') && !off.isEnabled('b') && !off.isEnabled('nobody'));
  t.is(off.list().length, 3, 'one that is switched off is still listed');
  t.is(off.withDisabled([]).digest, forth.digest);
});

// --- planner ---

function edge(formatter: string, ends: string, over: Partial<GraphEdge> = {}): GraphEdge {
  const [from, to] = ends.split('>') as [string, string];
  return { formatter, version: '1.0.0', deterministic: true, from, to, keeps: 1, cost: 1, meets: [], ...over };
}

function wishOf(mediaType: string, over: Partial<Wish> = {}): Wish {
  return { mediaType, rank: [1], required: {}, optional: {}, presentation: 'x', ...over };
}

const namesOf = (graph: GraphEdge[], request: PlanRequest) =>
  findPlans(graph, request).plans.map(({ plan }) => plan.steps.map((step) => step.formatter).join(' '));

test('the original satisfies a wish for its type that requires nothing: no steps', (t) => {
  const { plans } = findPlans([], { from: TEXT, wishes: [wishOf(TEXT)] });
  t.deepEqual(plans[0]?.plan, {
    from: TEXT,
    to: TEXT,
    steps: [],
    demands: {},
    keeps: 1,
    cost: 0,
    deterministic: true,
  });
});

test('a same-type edge is run only where it meets what is wanted', (t) => {
  const graph = [
    edge('lite', 'h>h', { meets: ['lite'], keeps: 0.9 }),
    edge('both', 'h>h', { meets: ['lite', 'links'], keeps: 0.9 }),
    edge('links', 'h>h', { meets: ['links'], keeps: 0.99 }),
    edge('text', 'h>t', { keeps: 0.5, meets: ['width'] }),
  ];
  t.deepEqual(namesOf(graph, { from: 'h', wishes: [wishOf('h', { required: { links: 1 } })], limit: 1 }), ['links']);
  t.deepEqual(namesOf(graph, { from: 'h', wishes: [wishOf('h', { optional: { lite: 1, links: 1 } })], limit: 1 }), [
    'both',
  ]);
  t.deepEqual(namesOf(graph, { from: 'h', wishes: [wishOf('h')] }), ['']);
  const width = findPlans(graph, { from: 'h', wishes: [wishOf('t', { optional: { width: 72, other: 1 } })] });
  t.deepEqual(width.plans[0]?.plan.demands, { width: 72 }, 'a plan holds the values of the demands it meets');
  t.deepEqual(width.plans[0]?.plan.steps[0]?.meets, ['width']);
});

test('a step meets what no earlier one has met, and conversions may meet less than they can', (t) => {
  const graph = [edge('a', 'x>y', { meets: ['p', 'q'] }), edge('b', 'y>z', { meets: ['q', 'r', 's'] })];
  const { plans } = findPlans(graph, { from: 'x', wishes: [wishOf('z', { required: { q: 1 }, optional: { r: 2 } })] });
  t.deepEqual(
    plans[0]?.plan.steps.map((step) => step.meets),
    [['q'], ['r']],
  );
});

test('plans are ordered by rank, then demands met, what is kept, cost, steps and names', (t) => {
  const wishes = [wishOf('t', { rank: [1, 0] }), wishOf('m', { rank: [1, 5] }), wishOf('h', { rank: [2] })];
  const graph = [edge('to-t', 'x>t'), edge('to-m', 'x>m', { keeps: 0.1 }), edge('to-h', 'x>h', { keeps: 0.1 })];
  t.deepEqual(namesOf(graph, { from: 'x', wishes }), ['to-h', 'to-m', 'to-t']);
  const ties: [winner: string, graph: GraphEdge[]][] = [
    ['meets', [edge('a', 'x>t'), edge('meets', 'x>t', { keeps: 0.2, meets: ['d'] })]],
    ['keeps', [edge('a', 'x>t', { keeps: 0.8, cost: 0 }), edge('keeps', 'x>t', { keeps: 0.9 })]],
    ['cheap', [edge('a', 'x>t', { cost: 2 }), edge('cheap', 'x>t')]],
    ['short', [edge('a', 'x>y'), edge('b', 'y>t'), edge('short', 'x>t', { cost: 2 })]],
    ['first', [edge('second', 'x>t'), edge('first', 'x>t')]],
  ];
  for (const [winner, edges] of ties)
    t.is(namesOf(edges, { from: 'x', wishes: [wishOf('t', { optional: { d: 1 } })] })[0], winner);
});

test('options switch a formatter off, reach its steps, and never come from a prototype', (t) => {
  const graph = [edge('a', 'x>t'), edge('b', 'x>t', { keeps: 0.5 }), edge('constructor', 'x>m')];
  const wishes = [wishOf('t')];
  t.deepEqual(namesOf(graph, { from: 'x', wishes }), ['a', 'b'], 'the alternative is what remains when `a` fails');
  t.deepEqual(namesOf(graph, { from: 'x', wishes, options: { a: false } }), ['b']);
  t.deepEqual(namesOf(graph, { from: 'x', wishes, without: new Set(['a', 'b']) }), []);
  const { plans } = findPlans(graph, { from: 'x', wishes, options: { a: { level: 3 }, b: true } });
  t.deepEqual(
    plans.map(({ plan, alternative }) => [plan.steps[0]?.options, alternative]),
    [
      [{ level: 3 }, false],
      [{}, true],
    ],
  );
  t.deepEqual(findPlans(graph, { from: 'x', wishes: [wishOf('m')] }).plans[0]?.plan.steps[0]?.options, {});
});

test('an unmet wish says why', (t) => {
  const graph = [
    edge('a', 'x>t', { meets: ['p'] }),
    edge('b', 'x>t', { meets: ['q'] }),
    edge('c', 'x>x', { meets: ['z'] }),
  ];
  const unmet = (over: Partial<Wish>) =>
    findPlans(graph, { from: 'x', wishes: [wishOf('t', over)] }).unmet.map(({ reason, missing }) => [
      reason,
      ...missing,
    ]);
  t.deepEqual(unmet({ mediaType: 'nowhere' }), [['no-chain']]);
  t.deepEqual(unmet({ required: { p: 1, nobody: 1 } }), [['demands', 'nobody']]);
  t.deepEqual(unmet({ required: { p: 1, q: 1 } }), [['demands']], 'each can be met, but not both');
  t.deepEqual(unmet({ required: { p: 1 } }), []);
});

test('a plan is deterministic only when all of its formatters are', (t) => {
  const graph = [edge('a', 'x>y', { deterministic: false }), edge('b', 'y>z')];
  t.false(findPlans(graph, { from: 'x', wishes: [wishOf('z')] }).plans[0]?.plan.deterministic);
});

/** All paths the rules allow, by brute force. */
function allPaths(graph: readonly GraphEdge[], from: string, wish: Wish): GraphEdge[][] {
  const wanted = new Set([...Object.keys(wish.required), ...Object.keys(wish.optional)]);
  const found: GraphEdge[][] = [];
  const walk = (path: GraphEdge[], at: string, visited: string[], met: Set<string>) => {
    if (at === wish.mediaType && Object.keys(wish.required).every((name) => met.has(name))) found.push(path);
    if (path.length === 8) return;
    for (const each of graph.filter((candidate) => candidate.from === at)) {
      const fresh = each.meets.filter((name) => wanted.has(name) && !met.has(name));
      const stays = each.to === at;
      if (stays && fresh.length === 0) continue;
      if (!stays && visited.includes(each.to)) continue;
      walk([...path, each], each.to, stays ? visited : [...visited, each.to], new Set([...met, ...fresh]));
    }
  };
  walk([], from, [from], new Set());
  return found;
}

function scoreOf(path: readonly GraphEdge[], wish: Wish): number[] {
  const met = new Set(path.flatMap((each) => each.meets));
  return [
    Object.keys(wish.optional).filter((name) => met.has(name)).length,
    path.reduce((product, each) => product * each.keeps, 1),
    -path.reduce((sum, each) => sum + each.cost, 0),
    -path.length,
  ];
}

const typeArbitrary = fc.constantFrom('a', 'b', 'c', 'd');
const demandsArbitrary = fc.uniqueArray(fc.constantFrom('p', 'q', 'r'), { maxLength: 3 });
const graphArbitrary = fc
  .array(
    fc.record({
      from: typeArbitrary,
      to: typeArbitrary,
      keeps: fc.constantFrom(1, 0.5, 0.25),
      cost: fc.nat({ max: 3 }),
      meets: demandsArbitrary,
    }),
    { maxLength: 9 },
  )
  .map((edges) => edges.map((each, index) => edge(`f${index}`, `${each.from}>${each.to}`, each)));
const wishArbitrary = fc
  .record({ mediaType: typeArbitrary, required: demandsArbitrary, optional: demandsArbitrary })
  .map(({ mediaType, required, optional }) =>
    wishOf(mediaType, {
      required: Object.fromEntries(required.map((name) => [name, 1])),
      optional: Object.fromEntries(optional.filter((name) => !required.includes(name)).map((name) => [name, 2])),
    }),
  );

test('the first plan is as good as the best that brute force finds, and exists when one does', (t) => {
  fc.assert(
    fc.property(graphArbitrary, wishArbitrary, (graph, wish) => {
      const paths = allPaths(graph, 'a', wish);
      const best = paths
        .map((path) => scoreOf(path, wish))
        .sort(compareScores)
        .at(-1);
      const { plans } = findPlans(graph, { from: 'a', wishes: [wish], limit: 1 });
      const chosen = plans[0]?.plan.steps.map((step) => graph.find((each) => each.formatter === step.formatter)!);
      t.deepEqual(chosen === undefined ? undefined : scoreOf(chosen, wish), best);
    }),
    { numRuns: 2000 },
  );
});

function compareScores(a: number[], b: number[]): number {
  return a.map((value, index) => value - b[index]!).find((difference) => difference !== 0) ?? 0;
}

test('plans do not depend on the order of edges or wishes, visit no type twice and meet what is required', (t) => {
  const request = fc.record({ graph: graphArbitrary, wishes: fc.array(wishArbitrary, { maxLength: 3 }), by: fc.nat() });
  fc.assert(
    fc.property(request, ({ graph, wishes, by }) => {
      const { plans } = findPlans(graph, { from: 'a', wishes });
      const turned = findPlans(rotate(graph, by).toReversed(), { from: 'a', wishes: rotate(wishes, by) });
      t.deepEqual(
        turned.plans.map(({ plan }) => plan),
        plans.map(({ plan }) => plan),
      );
      for (const { plan, wish } of plans) {
        const turns = plan.steps.filter((step) => step.from !== step.to).map((step) => step.to);
        t.is(new Set(['a', ...turns]).size, turns.length + 1);
        t.true(Object.keys(wish.required).every((name) => name in plan.demands));
        t.is(plan.steps.at(-1)?.to ?? 'a', wish.mediaType);
        t.true(plan.steps.every((step, index) => step.from === (plan.steps[index - 1]?.to ?? 'a')));
      }
    }),
    { numRuns: 500 },
  );
});

function rotate<T>(list: readonly T[], by: number): T[] {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

test('a graph of pictures is planned at once, and a hostile one in bounded time', (t) => {
  const types = ['jpeg', 'png', 'webp', 'avif', 'gif', 'heic'];
  const meets = ['maxWidth', 'quality', 'gray', 'animation'];
  const pictures = types.flatMap((from) => types.map((to) => edge('image', `${from}>${to}`, { keeps: 0.9, meets })));
  const others = Array.from({ length: 20 }, (_, i) =>
    edge(`f${i}`, `t${i % 7}>t${(i * 3) % 11}`, { meets: [`d${i}`] }),
  );
  const demands = Object.fromEntries(meets.map((name) => [name, 1]));
  const wishes = types.map((type, index) => wishOf(type, { rank: [index], required: demands }));
  const once = () => findPlans([...pictures, ...others], { from: 'jpeg', wishes });
  t.is(once().plans.length, types.length);
  // About 0.2 ms on a quiet machine; the bound is one that noise cannot reach.
  t.true(medianMs(once, 200) < 200);
  const nodes = Array.from({ length: 30 }, (_, i) => `n${i}`);
  const dense = nodes.flatMap((from, i) =>
    nodes.map((to, j) =>
      edge(`f${i}`, `${from}>${to}`, { keeps: 0.99, cost: (i * 7 + j) % 5, meets: [`d${(i + j) % 12}`] }),
    ),
  );
  const all = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`d${i}`, 1]));
  const started = systemClock.monotonic();
  findPlans(dense, { from: 'n0', wishes: [wishOf('n29', { required: all })], limit: 1 });
  t.true(systemClock.monotonic() - started < 60_000);
});

function medianMs(call: () => unknown, times: number): number {
  const took = Array.from({ length: times }, () => {
    const started = systemClock.monotonic();
    call();
    return systemClock.monotonic() - started;
  });
  return took.sort((a, b) => a - b)[Math.floor(times / 2)]!;
}

// --- runner ---

interface Chain {
  readonly formatters: Formatter[];
  readonly body: string | Uint8Array;
  readonly charset?: string;
  readonly limits?: object;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly demands?: PlainRecord;
  readonly options?: PlainRecord;
}

/** Runs formatters one after the other, each by its first edge, in this process. */
async function runChain(chain: Chain) {
  const { formatters, body, charset, limits, signal, clock = systemClock, demands = {}, options = {} } = chain;
  const steps = formatters.map(({ name, version, edges }) => {
    const { from, to, keeps, cost, meets = [] } = edges[0]!;
    return { formatter: name, version, from, to, keeps, cost, meets, options };
  });
  const { from } = steps[0]!;
  const { to } = steps.at(-1)!;
  const plan = { from, to, steps, demands, keeps: 1, cost: 1, deterministic: true };
  const job: FormatJob = {
    plan,
    body: Buffer.from(body as string),
    mediaType: from,
    charset,
    url: 'http://a.example/',
    fields: {},
  };
  const begun: number[] = [];
  const host: RunnerHost = {
    clock,
    limits: { maxInputBytes: 1e6, maxOutputBytes: 1e6, timeoutMs: 5000, maxPixels: 1e6, ...limits },
    signal: signal ?? new AbortController().signal,
    load: async (step) => formatters.find((each) => each.name === step.formatter)!,
    fetch: () => Promise.reject(new Error('no network here')),
    log: () => {},
    onStep: (index) => begun.push(index),
    track: () => {},
  };
  const outcome = await runPlan(job, host);
  return { ...outcome, text: Buffer.from(outcome.body).toString(), begun };
}

function stepOf(name: string, over: Partial<Formatter>): Formatter {
  return { ...(formatterOf({ name }) as Formatter), ...over };
}

const page = (name: string, over: Partial<Formatter>) =>
  stepOf(name, { reads: 'document', edges: [{ from: HTML, to: HTML, keeps: 1, cost: 1, meets: ['x'] }], ...over });

test('HTML is parsed once for a whole chain and serialised once', async (t) => {
  const seen: unknown[] = [];
  const mark = ({ document }: FormatInput) => {
    seen.push(document);
    document?.('p').append('!');
    return { mediaType: HTML, document: document! };
  };
  const { text, charset, begun, steps } = await runChain({
    formatters: [page('a', { format: mark }), page('b', { format: mark }), page('c', { format: mark })],
    body: '<!DOCTYPE html><title>x</title><p>hé',
    charset: 'utf-8',
  });
  t.is(new Set(seen).size, 1);
  t.true(text.includes('<p>hé!!!</p>'));
  t.is(charset, 'utf-8');
  t.deepEqual(begun, [0, 1, 2]);
  t.is(steps.at(-1)?.bytesOut, Buffer.byteLength(text));
  t.is(text.match(/<html>/g)?.length, 1);
});

test('a text step after a document step reads what that one wrote, and a document step after it parses anew', async (t) => {
  const { text } = await runChain({
    formatters: [
      page('a', { format: ({ document }) => ({ mediaType: HTML, document: document!('p').text('<b>') && document! }) }),
      page('b', { reads: 'text', format: ({ body }) => ({ mediaType: HTML, body: `${body}<i>more</i>` }) }),
      page('c', {
        format: ({ document }) => ({ mediaType: HTML, body: `${document!('p').text()} ${document!('i').text()}` }),
      }),
    ],
    body: '<p>old</p>',
  });
  t.is(text, '<b> more');
});

test('each way of reading gets its kind of body, and each kind of result is taken', async (t) => {
  const bytes = stepOf('bytes', {
    reads: 'bytes',
    format: ({ body }) => ({ mediaType: TEXT, body: Buffer.concat([body as Uint8Array, Buffer.from('1')]) }),
  });
  const stream = stepOf('stream', {
    reads: 'stream',
    async format({ body }) {
      const text = await new Response(body as ReadableStream<Uint8Array>).text();
      return { mediaType: TEXT, body: new Blob([`${text}2`]).stream() };
    },
  });
  const text = stepOf('text', { format: ({ body }) => ({ mediaType: TEXT, body: `${body as string}3` }) });
  t.is((await runChain({ formatters: [bytes, stream, text], body: 'é' })).text, 'é123');
  t.is((await runChain({ formatters: [text, stream, bytes], body: 'é' })).text, 'é321');
  const latin = stepOf('latin', {
    format: () => ({ mediaType: TEXT, body: Buffer.from('é', 'latin1'), charset: 'iso-8859-1' }),
  });
  const outcome = await runChain({ formatters: [latin], body: '' });
  t.deepEqual([outcome.charset, [...outcome.body]], ['iso-8859-1', [0xe9]]);
  t.is(
    (await runChain({ formatters: [latin, text], body: '' })).text,
    'é3',
    'the next step decodes what the result names',
  );
  const to = stepOf('to', {
    edges: [{ from: TEXT, to: 'image/png', keeps: 1, cost: 1 }],
    format: () => ({ mediaType: TEXT, body: 'x' }),
  });
  const png = await runChain({ formatters: [to], body: '' });
  t.deepEqual([png.mediaType, png.charset], ['image/png', undefined], 'a result still of the from type gets its to');
});

test('a formatter is given what the plan wants, its options parsed, and the original address', async (t) => {
  let given: { want: Want; input: FormatInput } | undefined;
  const formatter = stepOf('a', {
    parseOptions: (raw) => ({ parsed: raw }),
    format(input, want) {
      given = { input, want };
      return { mediaType: TEXT, body: 'x' };
    },
  });
  await runChain({ formatters: [formatter], body: 'x', demands: { width: 72 }, options: { level: 1 } });
  t.deepEqual(given?.want, { mediaType: TEXT, demands: { width: 72 }, options: { parsed: { level: 1 } } });
  t.deepEqual([given?.input.url, given?.input.charset, given?.input.mediaType], ['http://a.example/', 'utf-8', TEXT]);
});

const FAILURES: [kind: string, reason: RegExp, over: Partial<Formatter>, limits?: object][] = [
  ['failed', /boom/, { format: () => Promise.reject(new Error('boom')) }],
  ['failed', /threw string/, { format: () => Promise.reject('x') }],
  ['failed', /not an object/, { format: () => undefined as never }],
  ['failed', /image\/png/, { format: () => ({ mediaType: 'image/png', body: '' }) }],
  ['failed', /of type/, { format: () => ({ body: '' }) as never }],
  ['failed', /neither/, { format: () => ({ mediaType: TEXT }) }],
  ['failed', /neither/, { format: () => ({ mediaType: TEXT, body: 7 as never }) }],
  ['failed', /charset/, { format: () => ({ mediaType: TEXT, body: Buffer.from('x'), charset: 'a\r\nb' }) }],
  ['cannot', /^no tables here$/, { format: (_i, _w, env) => env.cannot('no tables here') }],
  [
    'cannot',
    /options: level/,
    {
      parseOptions: () => {
        throw new RangeError('level');
      },
    },
  ],
  ['hostile', /bomb/, { format: () => Promise.reject(new FormatFailure('hostile', 'x', 'bomb')) }],
  ['failed', /I am busy/, { format: () => Promise.reject(new FormatFailure('busy', 'x', 'I am busy')) }],
  ['timeout', /50 ms/, { format: () => new Promise(() => {}) }, { timeoutMs: 50 }],
  ['too-large', /output/, { format: () => ({ mediaType: TEXT, body: 'é'.repeat(60) }) }, { maxOutputBytes: 100 }],
  ['too-large', /output/, { format: () => ({ mediaType: TEXT, body: new Uint8Array(101) }) }, { maxOutputBytes: 100 }],
  ['too-large', /input/, {}, { maxInputBytes: 3 }],
  ['too-large', /output/, { format: () => ({ mediaType: TEXT, body: endless() }) }, { maxOutputBytes: 100 }],
];

function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(10)) });
}

/** Every deadline passes at the next turn of the event loop. */
const hastyClock: Clock = {
  ...systemClock,
  after(_ms, call) {
    const turn = setImmediate(call);
    return { cancel: () => clearImmediate(turn) };
  },
};

test('what a step does wrong fails the job by kind and names the formatter', async (t) => {
  const fine = stepOf('fine', { format: () => ({ mediaType: TEXT, body: 'body' }) });
  for (const [kind, reason, over, limits = {}] of FAILURES) {
    const run = runChain({
      formatters: [fine, stepOf('wrong', over)],
      body: 'x',
      limits,
      ...(kind === 'timeout' ? { clock: hastyClock } : {}),
    });
    const failure = await t.throwsAsync(run, { instanceOf: FormatFailure, message: reason });
    t.deepEqual([failure?.kind, failure?.formatter], [kind, 'wrong'], String(reason));
  }
});

test('a cancelled chain stops at once, though its step goes on', async (t) => {
  const controller = new AbortController();
  const hang = stepOf('hang', {
    format() {
      controller.abort();
      return new Promise(() => {});
    },
  });
  const failure = await t.throwsAsync(runChain({ formatters: [hang], body: 'x', signal: controller.signal }), {
    instanceOf: FormatFailure,
  });
  t.is(failure?.kind, 'aborted');
});

test('notes are bounded in number and size, and reply fields are those of the list', async (t) => {
  const chatty = stepOf('chatty', {
    format(_input, _want, env) {
      env.note('large', { text: 'x'.repeat(5000) });
      env.note('odd', { f: (() => 1) as never });
      for (let i = 0; i < 200; i++) env.note('table.flattened', { columns: i });
      return { mediaType: TEXT, body: 'x' };
    },
  });
  const { notes } = await runChain({ formatters: [chatty], body: 'x' });
  t.is(notes.length, 64);
  t.deepEqual(
    notes.slice(0, 3).map((note) => note.fields),
    [{}, {}, { columns: 0 }],
  );
  const told = stepOf('told', {
    format: () => ({ mediaType: TEXT, body: 'x', notes: { 'x-markdown-tokens': 12, 'set-cookie': 'a=b' } }),
  });
  t.deepEqual((await runChain({ formatters: [told], body: 'x' })).notes, [
    { formatter: 'told', event: 'fields', fields: { 'x-markdown-tokens': 12 } },
    // Who tells the tokens it made is told beside how many it was made of.
    { formatter: 'told', event: 'fields', fields: { 'x-original-tokens': 1 } },
  ]);
});

const latin = (text: string) => Buffer.from(text, 'latin1');
const CHARSETS: [title: string, bytes: Uint8Array, mediaType: string, label: string | undefined, text: string][] = [
  ['mark before label', Buffer.from([0xfe, 0xff, 0, 0x41]), HTML, 'utf-8', 'A'],
  ['UTF-8 mark before label', Buffer.from('\ufeffé'), TEXT, 'iso-8859-1', 'é'],
  ['label before meta', latin('<meta charset=koi8-r>\xe9'), HTML, 'windows-1252', '<meta charset=koi8-r>é'],
  ['meta of a page', latin('<meta charset=shift_jis>\x83\x65'), HTML, undefined, '<meta charset=shift_jis>テ'],
  ['no meta in plain text', latin('<meta charset=shift_jis>\xe9'), TEXT, undefined, '<meta charset=shift_jis>é'],
  [
    'XML declaration',
    latin('<?xml version="1.0" encoding="iso-8859-1"?>\xe9'),
    'application/rss+xml',
    undefined,
    '<?xml version="1.0" encoding="iso-8859-1"?>é',
  ],
  ['valid UTF-8 without a label', Buffer.from('é'), HTML, undefined, 'é'],
  ['anything else is windows-1252', latin('\x93x\x94'), HTML, undefined, '“x”'],
  ['UTF-7 is never honoured', latin('+ADw-script+AD4-'), HTML, 'utf-7', '+ADw-script+AD4-'],
  ['UTF-16 needs no mark when labelled', Buffer.from('<p>', 'utf16le'), HTML, 'utf-16', '<p>'],
  ['overlong forms are replaced', Buffer.from([0xc0, 0xbc, 0x41]), HTML, 'utf-8', '\ufffd\ufffdA'],
  ['ISO-2022-JP escapes', latin('\x1b$B%F\x1b(B'), TEXT, 'iso-2022-jp', 'テ'],
  ['unsafe encodings are replaced as a whole', latin('\x1b$)Cab'), TEXT, 'iso-2022-kr', '\ufffd'],
  ['a mark in the midst stays', Buffer.from('a\ufeffb'), TEXT, 'utf-8', 'a\ufeffb'],
  ['JSON is UTF-8', latin('"\xe9"'), 'application/json', undefined, '"\ufffd"'],
  [
    'x-user-defined in a page is windows-1252',
    latin('<meta charset=x-user-defined>\xe9'),
    HTML,
    undefined,
    '<meta charset=x-user-defined>é',
  ],
];

test('charsets are found and decoded as the encoding standard says (threat 45)', (t) => {
  for (const [title, bytes, mediaType, label, text] of CHARSETS)
    t.is(decodeText(bytes, mediaType, label).text, text, title);
});

test('output is valid UTF-8 even where a formatter returns half a character (threat 45)', async (t) => {
  const half = stepOf('half', { format: () => ({ mediaType: TEXT, body: 'a\ud83d' }) });
  t.is((await runChain({ formatters: [half], body: '' })).text, 'a\ufffd');
});

// --- pool parts ---

test('frames come out whole however the stream is cut', (t) => {
  const frames = fc.array(fc.record({ header: fc.dictionary(fc.string(), fc.jsonValue()), body: fc.uint8Array() }), {
    maxLength: 5,
  });
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 40 }), (sent, size) => {
      const stream = Buffer.concat(sent.flatMap(({ header, body }) => encodeFrame(header, body)));
      const read = makeFrameReader(1000);
      const got = [];
      for (let at = 0; at < stream.length; at += size) got.push(...read(stream.subarray(at, at + size)));
      t.deepEqual(
        got.map(({ header, body }) => [header, [...body]]),
        sent.map(({ header, body }) => [JSON.parse(JSON.stringify(header)), [...body]]),
      );
    }),
    { numRuns: 200 },
  );
});

test('pieces that are told as copied may be freed: frames do not refer to them', (t) => {
  const sizes = fc.array(fc.integer({ min: 0, max: 90 }), { maxLength: 6 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 50 }), (bodies, size) => {
      const stream = Buffer.concat(bodies.flatMap((length, id) => encodeFrame({ id }, Buffer.alloc(length, id + 1))));
      const read = makeFrameReader(1000, freeBytes);
      const got = [];
      for (let at = 0; at < stream.length; at += size)
        got.push(...read(new Uint8Array(stream.subarray(at, at + size))));
      t.deepEqual(
        got.map(({ header, body }) => [header['id'], [...body]]),
        bodies.map((length, id) => [id, Array.from({ length }, () => id + 1)]),
      );
    }),
    { numRuns: 300 },
  );
});

test('chunks that many collect are joined once, and stay readable: somebody may be reading them still', (t) => {
  const chunks = [1, 2].map((value) => new Uint8Array(65_536).fill(value));
  const first = joinChunks(chunks);
  t.is(joinChunks(chunks), first);
  t.is(joinChunks([...chunks]), first);
  t.deepEqual(
    chunks.map(({ length }) => length),
    [65_536, 65_536],
  );
});

test('a frame over the limit, or none at all, is refused before memory is taken', (t) => {
  t.throws(() => makeFrameReader(10)(Buffer.concat(encodeFrame({}, new Uint8Array(11)))), { instanceOf: RangeError });
  t.throws(() => makeFrameReader(10)(Buffer.from('Hello, I am no frame')), { instanceOf: RangeError });
  t.throws(() => makeFrameReader(10)(Buffer.from([0, 0, 0, 2, 0, 0, 0, 0, 0x7b, 0x7b])), { instanceOf: SyntaxError });
});

test('what is handed over beside the pipe has no name and is for reading alone', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hand-over-'));
  try {
    t.is(openHandOver(join(folder, 'nowhere')), undefined);
    const handOver = openHandOver(folder)!;
    t.deepEqual(await readdir(folder), []);
    t.throws(() => writeSync(handOver.reader, 'x'), { code: 'EBADF' });
    for (const size of [65_535, 8_388_609])
      t.false(handOver.put(new Uint8Array(size)), `${size} bytes go through the pipe`);
    t.is(fstatSync(handOver.reader).size, 0);
    for (const size of [8_388_608, 65_536]) {
      const body = new Uint8Array(size).fill(size >> 16);
      t.true(handOver.put(body));
      const read = Buffer.alloc(size);
      t.is(readSync(handOver.reader, read, 0, size, 0), size);
      t.is(Buffer.compare(read, body), 0);
    }
    handOver.closeReader();
    handOver.close();
    t.false(handOver.put(new Uint8Array(65_536)), 'after its end the pipe is taken');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('five faults in a minute suspend; after a minute one probe decides (threat 53)', (t) => {
  let now = 0;
  const clock = { ...systemClock, monotonic: () => now };
  const breaker = new Breaker(clock, { faults: 5, windowMs: 60_000, restMs: 60_000 });
  for (let i = 0; i < 4; i++) t.false(breaker.fault('x', false));
  now = 61_000;
  t.is(breaker.faults('x'), 0, 'old faults are forgotten');
  for (let i = 0; i < 4; i++) t.false(breaker.fault('x', false));
  t.true(breaker.mayRun('x'));
  t.true(breaker.fault('x', false), 'the fifth suspends');
  t.true(breaker.isSuspended('x') && !breaker.mayRun('x') && breaker.mayRun('y'));
  now += 60_000;
  t.true(breaker.mayRun('x'), 'a probe is due');
  breaker.enter('x');
  t.false(breaker.mayRun('x'), 'one probe at a time');
  t.true(breaker.fault('x', false), 'a failed probe suspends again');
  t.false(breaker.mayRun('x'));
  now += 60_000;
  breaker.enter('x');
  breaker.leave('x', false);
  t.true(breaker.mayRun('x'), 'a probe that was cancelled is given to the next');
  breaker.enter('x');
  breaker.leave('x', true);
  t.false(breaker.isSuspended('x'));
  t.is(breaker.faults('x'), 0);
});

test('the memory of a picture is estimated from its header, before it is decoded (threat 39)', async (t) => {
  const picture = sharp({ create: { width: 640, height: 300, channels: 4, background: '#8888' } });
  const encoded: Record<string, Buffer> = {
    png: await picture.clone().png().toBuffer(),
    jpeg: await picture
      .clone()
      .jpeg({ progressive: true })
      .withExif({ IFD0: { Copyright: 'x'.repeat(500) } })
      .toBuffer(),
    gif: await picture.clone().gif().toBuffer(),
    'webp lossy': await picture.clone().flatten().webp().toBuffer(),
    'webp lossless': await picture.clone().webp({ lossless: true }).toBuffer(),
    'webp extended': await picture.clone().webp().toBuffer(),
    avif: await picture.clone().avif({ effort: 0 }).toBuffer(),
  };
  for (const [kind, bytes] of Object.entries(encoded)) {
    t.is(readPixels(bytes), 640 * 300, kind);
    for (let end = 0; end < Math.min(bytes.length, 700); end += 7)
      t.notThrows(() => readPixels(bytes.subarray(0, end)));
  }
  const job = {
    mediaType: 'image/avif',
    body: encoded['avif']!,
    charset: undefined,
    url: '',
    fields: {},
  } as unknown as FormatJob;
  t.true(estimateBytes(job) > 640 * 300 * 18);
  t.true(estimateBytes({ ...job, mediaType: HTML, body: new Uint8Array(1e6) }) > 8e6);
});

test('one of our own is suspended only where it fails more often than it works (threat 39)', (t) => {
  const breaker = new Breaker(systemClock, { faults: 5, windowMs: 60_000, restMs: 60_000 });
  for (let i = 0; i < 6; i++) breaker.leave('image', true);
  for (let i = 0; i < 6; i++) t.false(breaker.fault('image', true));
  t.true(breaker.fault('image', true));
  for (let i = 0; i < 6; i++) breaker.leave('plugin', true);
  for (let i = 0; i < 4; i++) t.false(breaker.fault('plugin', false));
  t.true(breaker.fault('plugin', false), 'third-party code has no such credit');
});

test('settings of the formatters have defaults, and mistakes are told', (t) => {
  const values = parseSettings(formatterSettings, {});
  t.is(values.pluginsDir, undefined);
  t.deepEqual(values.formatsOff, []);
  t.true(values.pool >= 1 && values.budgetMb >= 512);
  t.deepEqual(parseSettings(formatterSettings, { FORMATS_OFF: 'image/avif, Image/WebP' }).formatsOff, [
    'image/avif',
    'image/webp',
  ]);
  const error = t.throws(() => parseSettings(formatterSettings, { POOL: '0', FORMATS_OFF: 'avif' }), {
    instanceOf: SettingsError,
  });
  t.deepEqual(
    error?.faults.map((fault) => fault.variable),
    ['POOL', 'FORMATS_OFF'],
  );
});

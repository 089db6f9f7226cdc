import test from 'ava';
import fc from 'fast-check';
import { parsePlan } from '../fleet/plan/parse-plan.ts';
import { makeRouteTable } from '../fleet/route/find-set-route.ts';
import { isAlive, makeHealth } from '../fleet/route/health.ts';
import { faultOfPattern, normalPath } from '../fleet/route/path-pattern.ts';
import { type Candidate, pickServers } from '../fleet/route/pick-server.ts';
import { type HeldVersion, pickVersion } from '../fleet/route/pick-version.ts';
import { FakeClock } from './support/fake-clock.ts';

const RUNS = 1_000;
const SEED = 20_261_123;
const BUNDLE = { bundles: [`sha256:${'a'.repeat(64)}`] };

// Routes

const TABLE = makeRouteTable(
  parsePlan({
    functionSets: {
      own: BUNDLE,
      deep: BUNDLE,
      whole: BUNDLE,
      hosted: BUNDLE,
      pages: BUNDLE,
      cart: BUNDLE,
      pay: BUNDLE,
      beside: BUNDLE,
    },
    routes: [
      { match: '/sales/*', strip: '/sales', set: 'own', mode: 'redirect', key: 'client' },
      { match: '/sales/deep/*', strip: '/sales/deep', set: 'deep' },
      { match: '/sales/deep/one', set: 'whole' },
      { match: '/sale*', strip: '/sale', set: 'beside' },
      { match: '/caf%C3%A9/*', set: 'whole' },
      { match: '/sales/*', host: 'data.example', set: 'hosted', mode: 'serve' },
      { match: '/extra/*', host: 'shop.example', set: 'hosted' },
    ],
    sites: [
      {
        host: 'shop.example',
        content: { set: 'pages' },
        functions: { '/cart/*': { set: 'cart' }, '/cart/pay': { set: 'pay' } },
      },
      { host: 'blog.example', content: { set: 'pages' } },
    ],
  }),
);

const FOUND: readonly (readonly [host: string | undefined, path: string, set: string | undefined, strip?: string])[] = [
  [undefined, '/sales/tables', 'own', '/sales'],
  [undefined, '/sales/', 'own', '/sales'],
  [undefined, '/sales/tables?x=/../..', 'own', '/sales'],
  [undefined, '/sales/deep/two', 'deep', '/sales/deep'],
  [undefined, '/sales/deep/one', 'whole', ''],
  [undefined, '/sales/deep/one/more', 'deep', '/sales/deep'],
  [undefined, '/sales/deep', 'own', '/sales'],
  [undefined, '/sales', 'beside', ''],
  [undefined, '/sale', 'beside', '/sale'],
  [undefined, '/sale/x', 'beside', '/sale'],
  [undefined, '/Sales/tables', undefined],
  [undefined, '/', undefined],
  [undefined, '', undefined],
  [undefined, '*', undefined],
  [undefined, 'sales/tables', undefined],
  [undefined, '//sales/tables', undefined],
  [undefined, '/\\sales/tables', undefined],
  // The URL standard: dot segments, encoded ones too, are taken out before anything is compared.
  [undefined, '/x/../sales/tables', 'own', '/sales'],
  [undefined, '/sales/../etc', undefined],
  [undefined, '/sales/%2e%2E/etc', undefined],
  [undefined, '/sales/.%2e/etc', undefined],
  [undefined, '/sales/deep/../tables', 'own', '/sales'],
  [undefined, '/sales/./tables', 'own', '/sales'],
  [undefined, '/sales\\..\\etc', undefined],
  // Slashes that a set might decode before it reads segments.
  [undefined, '/sales/..%2fetc', undefined],
  [undefined, '/sales/%2e%2e%2Fetc', undefined],
  [undefined, '/sales/..%5cetc', undefined],
  [undefined, '/sales/x%2f..%2f..%2f..%2fetc', undefined],
  [undefined, '/sales/x%2f..', undefined],
  [undefined, '/sales/..;/etc', undefined],
  [undefined, '/sales/a%2fb', 'own', '/sales'],
  [undefined, '/sales/...', 'own', '/sales'],
  [undefined, '/sales/..a', 'own', '/sales'],
  // As received: what is encoded is another path than what is not.
  [undefined, '/caf%C3%A9/x', 'whole', ''],
  [undefined, '/café/x', 'whole', ''],
  [undefined, '/caf%c3%a9/x', undefined],
  [undefined, '/s%61les/x', undefined],
  // Hosts.
  ['data.example', '/sales/x', 'hosted', ''],
  ['DATA.example', '/sales/x', 'hosted', ''],
  ['data.example', '/sales/deep/one', 'hosted', ''],
  ['data.example', '/elsewhere', undefined],
  ['other.example', '/sales/x', undefined],
  // Sites.
  ['shop.example', '/', 'pages', ''],
  ['shop.example', '/any/page?x', 'pages', ''],
  ['shop.example', '/cart/add', 'cart', ''],
  ['shop.example', '/cart/pay', 'pay', ''],
  ['shop.example', '/cart', 'pages', ''],
  ['shop.example', '/cart/../about', 'pages', ''],
  ['shop.example', '/extra/x', 'hosted', ''],
  ['shop.example', '/-/healthz', undefined],
  ['shop.example', '/x/../-/healthz', undefined],
  ['shop.example', '/%2e/-/healthz', undefined],
  ['shop.example', '/-', 'pages', ''],
  ['blog.example', '/cart/add', 'pages', ''],
];

for (const [host, path, set, strip] of FOUND)
  test(`the longest match of ${JSON.stringify(path)} on ${host ?? 'an own host'} is ${set ?? 'none'} (design part 8)`, (t) => {
    const route = TABLE.find(host, path);
    t.is(route?.set, set);
    t.is(route?.strip, strip);
  });

test('a route says how it is answered; content of a site has includes, its functions have none', (t) => {
  const ofSite = { mode: 'replay', key: 'client', strip: '', host: 'shop.example' } as const;
  t.deepEqual(TABLE.find('shop.example', '/'), { ...ofSite, set: 'pages', hasIncludes: true });
  t.deepEqual(TABLE.find('shop.example', '/cart/x'), { ...ofSite, set: 'cart', hasIncludes: false });
  t.deepEqual(TABLE.find(undefined, '/sales/x'), {
    set: 'own',
    mode: 'redirect',
    key: 'client',
    strip: '/sales',
    hasIncludes: false,
    host: undefined,
  });
  t.is(TABLE.find('data.example', '/sales/x')?.mode, 'serve');
});

test('hosts of sites are known, whatever their case; hosts of routes are none', (t) => {
  t.true(TABLE.hasSite('shop.example'));
  t.true(TABLE.hasSite('Blog.Example'));
  t.false(TABLE.hasSite('data.example'));
  t.false(TABLE.hasSite('constructor'));
});

test('without a plan there are no routes and no sites', (t) => {
  const table = makeRouteTable(undefined);
  t.is(table.find(undefined, '/'), undefined);
  t.false(table.hasSite('shop.example'));
});

test('a route of all paths leaves the names below /-/ alone', (t) => {
  const table = makeRouteTable(
    parsePlan({
      functionSets: { all: BUNDLE },
      routes: [
        { match: '/*', set: 'all' },
        { match: '/-*', set: 'all' },
      ],
    }),
  );
  t.is(table.find(undefined, '/x')?.set, 'all');
  t.is(table.find(undefined, '/-')?.set, 'all');
  for (const path of ['/-/', '/-/healthz', '/x/../-/fleet/ask', '/./-/x', '/x/%2e%2e/-/x', '/\\-/x', '/x\\..\\-/x'])
    t.is(table.find(undefined, path), undefined, path);
});

const segments = fc.array(
  fc.constantFrom(
    'a',
    'b',
    '.',
    '..',
    '%2e',
    '%2E.',
    '.%2e',
    '%2e%2e',
    '',
    '-',
    'é',
    ' ',
    '%20',
    '...',
    '%2f',
    '..%2f',
    '\\',
    ';',
    '%',
  ),
  { minLength: 1, maxLength: 8 },
);

test('a path is read as the URL standard reads it', (t) => {
  fc.assert(
    fc.property(segments, (parts) => {
      const path = `/a/${parts.join('/')}`;
      // At the end of an address a space is none of it.
      fc.pre(!path.endsWith(' '));
      t.is(normalPath(path), new URL(`http://host.invalid${path}`).pathname);
    }),
    { numRuns: RUNS * 5, seed: SEED },
  );
});

test('no path climbs out of what was matched, though it were decoded before it is read', (t) => {
  fc.assert(
    fc.property(segments, (parts) => {
      const path = `/sales/${parts.join('/')}`;
      const url = new URL(`http://host.invalid${path}`);
      if (TABLE.find(undefined, path)?.set !== 'own') return;
      t.true(url.pathname.startsWith('/sales/'), url.pathname);
      const decoded = url.pathname.replace(/%2f|%5c/gi, '/');
      t.true(new URL(decoded, 'http://host.invalid').pathname.startsWith('/sales/'), decoded);
    }),
    { numRuns: RUNS * 5, seed: SEED },
  );
});

test('the longest match wins, as in a search of all patterns', (t) => {
  const pattern = fc
    .tuple(fc.array(fc.constantFrom('a', 'b', 'ab'), { maxLength: 3 }), fc.constantFrom('', '*', '/*'))
    .map(([parts, end]) => `/${parts.join('/')}${parts.length === 0 && end === '/*' ? '*' : end}`);
  fc.assert(
    fc.property(
      fc.uniqueArray(pattern, { maxLength: 8 }),
      fc.array(fc.constantFrom('a', 'b', 'ab', 'abc')),
      (matches, parts) => {
        const table = makeRouteTable(
          parsePlan({
            functionSets: Object.fromEntries(matches.map((_, at) => [`s${at}`, BUNDLE])),
            routes: matches.map((match, at) => ({ match, set: `s${at}` })),
          }),
        );
        const path = `/${parts.join('/')}`;
        const fitting = matches.filter(
          (match) => match === path || (match.endsWith('*') && path.startsWith(match.slice(0, -1))),
        );
        const [best] = fitting.sort((a, b) => Number(b === path) - Number(a === path) || b.length - a.length);
        t.is(table.find(undefined, path)?.set, best === undefined ? undefined : `s${matches.indexOf(best)}`);
      },
    ),
    { numRuns: RUNS, seed: SEED },
  );
});

test('a pattern without a fault is met by the path it names', (t) => {
  fc.assert(
    fc.property(segments, (parts) => {
      const path = `/${parts.join('/')}`;
      if (faultOfPattern(path) === undefined) t.is(normalPath(path), path);
    }),
    { numRuns: RUNS, seed: SEED },
  );
});

// Servers

const KEYS = Array.from({ length: 10_000 }, (_, at) => `charts /sales/table-${at}.csv?page=${at % 7}`);

function candidates(names: readonly string[], loads: ReadonlyMap<string, number> = new Map()): Candidate[] {
  return names.map((name) => ({ name, load: loads.get(name) ?? 0, isHealthy: true }));
}

for (const count of [2, 3, 5, 10, 50]) {
  const names = Array.from({ length: count }, (_, at) => `server-${at}`);

  test(`when one of ${count} servers leaves, at most 1/${count} + 2 % of 10,000 keys move, and all of them were its own`, (t) => {
    const all = candidates(names);
    for (const gone of names.slice(0, 3)) {
      const rest = all.filter(({ name }) => name !== gone);
      const moved = KEYS.filter((key) => {
        const [before] = pickServers({ key, candidates: all });
        const [after] = pickServers({ key, candidates: rest });
        if (before !== gone) t.is(after, before);
        return after !== before;
      });
      t.true(moved.length / KEYS.length <= 1 / count + 0.02, `${moved.length} moved`);
    }
  });

  test(`with 10,000 requests under way none of ${count} servers has more than 1.25 times the mean`, (t) => {
    const loads = new Map<string, number>();
    for (const key of KEYS.map((each, at) => (at % 3 === 0 ? 'a key that everybody wants' : each))) {
      const [name] = pickServers({ key, candidates: candidates(names, loads) });
      loads.set(name!, (loads.get(name!) ?? 0) + 1);
    }
    t.true(Math.max(...loads.values()) <= Math.ceil((1.25 * KEYS.length) / count), `${[...loads.values()]}`);
  });

  test(`keys are spread evenly over ${count} servers without any load`, (t) => {
    const taken = new Map<string, number>();
    for (const key of KEYS) {
      const [name] = pickServers({ key, candidates: candidates(names) });
      taken.set(name!, (taken.get(name!) ?? 0) + 1);
    }
    // Six standard deviations of a fair choice.
    const mean = KEYS.length / count;
    for (const name of names)
      t.true(Math.abs((taken.get(name) ?? 0) - mean) < 6 * Math.sqrt(mean), `${name} ${taken.get(name)}`);
  });
}

const candidatesArbitrary = fc.uniqueArray(
  fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), load: fc.nat(20), isHealthy: fc.boolean() }),
  { selector: ({ name }) => name },
);

test('every candidate is named once: those with room, then the busy, then the unhealthy; the order of input is nothing', (t) => {
  fc.assert(
    fc.property(fc.string(), candidatesArbitrary, (key, given) => {
      const order = pickServers({ key, candidates: given });
      t.deepEqual([...order].sort(), given.map(({ name }) => name).sort());
      t.deepEqual(pickServers({ key, candidates: given.toReversed() }), order);
      const healthy = given.filter(({ isHealthy }) => isHealthy);
      const cap = Math.ceil((1.25 * (healthy.reduce((sum, { load }) => sum + load, 0) + 1)) / healthy.length);
      const ranks = order.map((name) => {
        const { load, isHealthy } = given.find((each) => each.name === name)!;
        return isHealthy ? Number(load + 1 > cap) : 2;
      });
      t.deepEqual(ranks, ranks.toSorted());
      if (healthy.length > 0) t.is(ranks[0], 0);
    }),
    { numRuns: RUNS, seed: SEED },
  );
});

// Versions

function held(...counts: readonly (readonly [version: string, serial: number, servers: number])[]): HeldVersion[] {
  return counts.flatMap(([version, serial, servers]) => Array.from({ length: servers }, () => ({ version, serial })));
}

test('while a version spreads each client moves to it once, and never back', (t) => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 30 }), (client, servers) => {
      const served = Array.from({ length: servers + 1 }, (_, ready) =>
        pickVersion({ client, held: held(['new', 8, ready], ['old', 7, servers - ready]) }),
      );
      t.is(served[0], 'old');
      t.is(served.at(-1), 'new');
      t.deepEqual(
        served,
        served.toSorted((a, b) => Number(a === 'new') - Number(b === 'new')),
      );
    }),
    { numRuns: RUNS, seed: SEED },
  );
});

test('as many clients are served the newest version as servers hold it', (t) => {
  for (const ready of [1, 2, 5, 9]) {
    const all = held(['old', 3, 10 - ready], ['new', 4, ready]);
    const moved = KEYS.filter((client) => pickVersion({ client, held: all }) === 'new').length;
    t.true(Math.abs(moved / KEYS.length - ready / 10) < 0.02, `${moved} of ${KEYS.length}`);
  }
});

test('the version the plan names is the newest, whatever serials say; one that nobody holds is served to nobody', (t) => {
  const all = held(['old', 9, 1], ['new', 9, 1]);
  for (const newest of ['old', 'new'])
    t.deepEqual(
      KEYS.slice(0, 100).filter((client) => pickVersion({ client, held: all, newest }) === newest).length,
      KEYS.slice(0, 100).filter(
        (client) => pickVersion({ client, held: all, newest: newest === 'old' ? 'new' : 'old' }) !== newest,
      ).length,
    );
  const bySerial = held(['b', 2, 2], ['a', 3, 1], ['c', 1, 1]);
  for (const client of KEYS.slice(0, 100))
    t.is(pickVersion({ client, held: bySerial }), pickVersion({ client, held: bySerial, newest: 'a' }));
  t.is(pickVersion({ client: 'c', held: held(['old', 1, 2]), newest: 'new' }), 'old');
  t.is(pickVersion({ client: 'c', held: [] }), '');
});

test('among three versions a client that has not moved keeps to its own while that is ready', (t) => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })), { minLength: 2 }),
      (client, counts) => {
        const served = counts.map(([first, second]) =>
          pickVersion({ client, held: held(['new', 3, 0], ['v1', 1, first], ['v2', 1, second]), newest: 'new' }),
        );
        t.is(new Set(served).size, 1);
        t.is(pickVersion({ client, held: held(['v1', 1, 3]), newest: 'new' }), 'v1');
      },
    ),
    { numRuns: RUNS, seed: SEED },
  );
});

test('a page and its parts are of one version on every server, in whatever order it knows the others', (t) => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.array(fc.record({ version: fc.constantFrom('x', 'y', 'z'), serial: fc.nat(3) }), { minLength: 1 }),
      (client, all) => {
        const version = pickVersion({ client, held: all });
        t.true(all.some((each) => each.version === version));
        t.is(pickVersion({ client, held: all.toReversed() }), version);
      },
    ),
    { numRuns: RUNS, seed: SEED },
  );
});

// Health

test('a server that failed is asked last for 250 ms, then twice as long each time, 30 s at most; a success ends it', (t) => {
  const clock = new FakeClock();
  const health = makeHealth(clock);
  t.true(health.isHealthy('a'));
  for (const pauseMs of [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
    health.noteFailure('a');
    clock.advance(pauseMs - 1);
    t.false(health.isHealthy('a'), `${pauseMs}`);
    t.true(health.isHealthy('b'));
    clock.advance(1);
    t.true(health.isHealthy('a'), `${pauseMs}`);
  }
  health.noteFailure('a');
  health.noteSuccess('a');
  t.true(health.isHealthy('a'));
  health.noteFailure('a');
  clock.advance(250);
  t.true(health.isHealthy('a'));
});

test('a hundred requests that fail together are one failure', (t) => {
  const clock = new FakeClock();
  const health = makeHealth(clock);
  for (let at = 0; at < 100; at += 1) health.noteFailure('a');
  clock.advance(250);
  t.true(health.isHealthy('a'));
});

test('a failure of long ago is forgotten', (t) => {
  const clock = new FakeClock();
  const health = makeHealth(clock);
  for (let at = 0; at < 5; at += 1) {
    health.noteFailure('a');
    clock.advance(30_000);
  }
  clock.advance(700_000);
  health.noteFailure('a');
  clock.advance(250);
  t.true(health.isHealthy('a'));
});

test('who is alive is judged by the newest heartbeat seen, so a silent engine empties nothing', (t) => {
  const cases: readonly (readonly [why: string, lastSeen: number | undefined, newest: number, alive: boolean])[] = [
    ['just heard', 10_000, 10_000, true],
    ['at the limit', 7_500, 10_000, true],
    ['past the limit', 7_499, 10_000, false],
    ['never heard', undefined, 10_000, false],
    ['all silent for an hour: the newest stands still', 9_000, 10_000, true],
    ['heard after what was thought the newest', 10_001, 10_000, true],
    ['nobody heard yet', undefined, Number.NEGATIVE_INFINITY, false],
  ];
  for (const [why, lastSeen, newest, alive] of cases) t.is(isAlive(lastSeen, newest, 2_500), alive, why);
});

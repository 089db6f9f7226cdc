import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { canonicalJson } from '../core/canonical-json.ts';
import { keyIdOf, signText } from '../fleet/bundle/signing-keys.ts';
import { assign } from '../fleet/plan/assign.ts';
import { diffAssignments, diffPlan } from '../fleet/plan/diff-plan.ts';
import { explainAssignment } from '../fleet/plan/explain-assignment.ts';
import type { Assignments, FleetPlan, Placement, SignedPlan } from '../fleet/plan/fleet-plan.ts';
import { parsePlan } from '../fleet/plan/parse-plan.ts';
import type { PlacementServer } from '../fleet/plan/placement-rules.ts';
import { PlanError } from '../fleet/plan/plan-error.ts';
import { openSignedPlan, type PlanRefusal, PlanRefused, signPlan } from '../fleet/plan/sign-plan.ts';

const RUNS = 1_000;
const SEED = 20_261_123;

function digest(letter: string): string {
  return `sha256:${letter.repeat(64)}`;
}

const CHARTS = { bundles: [digest('a')], data: { sales: digest('b') } };
const KEY = `ed25519:${'A'.repeat(43)}`;

function faultsOf(json: unknown): string[] {
  try {
    parsePlan(json);
  } catch (error) {
    if (error instanceof PlanError) return error.faults.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

// Reading

test('the plan of the contract is read, with its defaults filled in (design part 8)', (t) => {
  const plan = parsePlan({
    functionSets: { charts: CHARTS, pages: { bundles: [digest('c')] }, cart: { bundles: [digest('d')] } },
    placement: { charts: { servers: ['b'], zone: 'eu', spread: 'zone' } },
    routes: [{ match: '/sales/*', host: 'Data.Example.', strip: '/sales/', set: 'charts' }],
    sites: [{ host: 'Shop.example', content: { set: 'pages' }, functions: { '/cart/*': { set: 'cart' } } }],
    authority: { profiles: 'a', charts: 'b' },
    servers: {
      a: { url: 'http://127.0.0.1:1/', key: KEY },
      b: { url: 'https://b.example', key: KEY.replace('A', 'B') },
    },
  });
  t.deepEqual(plan, {
    functionSets: {
      charts: CHARTS,
      pages: { bundles: [digest('c')], data: {} },
      cart: { bundles: [digest('d')], data: {} },
    },
    placement: {
      charts: { replicas: 1, servers: ['b'], zone: 'eu', spread: 'zone' },
      pages: { replicas: 1 },
      cart: { replicas: 1 },
    },
    routes: [{ match: '/sales/*', host: 'data.example', strip: '/sales', set: 'charts', mode: 'replay', key: 'url' }],
    sites: [{ host: 'shop.example', content: { set: 'pages' }, functions: { '/cart/*': { set: 'cart' } } }],
    authority: { profiles: 'a', charts: 'b' },
    servers: {
      a: { url: 'http://127.0.0.1:1', key: KEY },
      b: { url: 'https://b.example', key: KEY.replace('A', 'B') },
    },
  } as unknown as FleetPlan);
  t.deepEqual(parsePlan({}), { functionSets: {}, placement: {}, routes: [], sites: [], authority: {} });
});

const sets = { charts: CHARTS };
const FAULTS: readonly (readonly [why: string, plan: unknown, fault: RegExp])[] = [
  ['a plan that is a list', [], /^: .*object/],
  ['a plan that is nothing', null, /^: .*object/],
  ['an unknown part', { sets: {} }, /^: Unrecognized key: "sets"$/],
  [
    'an unknown key of a set',
    { functionSets: { charts: { ...CHARTS, x: 1 } } },
    /^functionSets.charts: Unrecognized key: "x"$/,
  ],
  ['a set of nothing', { functionSets: { charts: {} } }, /^functionSets.charts: holds neither/],
  [
    'a bad digest',
    { functionSets: { charts: { bundles: ['sha256:AA'] } } },
    /^functionSets.charts.bundles.0: must be `sha256:`/,
  ],
  [
    'a bad digest of data',
    { functionSets: { charts: { data: { sales: digest('B') } } } },
    /^functionSets.charts.data.sales: must/,
  ],
  [
    'a bundle twice',
    { functionSets: { charts: { bundles: [digest('a'), digest('a')] } } },
    /^functionSets.charts.bundles: names one twice$/,
  ],
  ['a bad name', { functionSets: { '../up': CHARTS } }, /^functionSets.\.\.\/up: is no name of a function set/],
  [
    'a bad name of data',
    { functionSets: { charts: { data: { 'a/b': digest('a') } } } },
    /^functionSets.charts.data.a\/b: is no name/,
  ],
  [
    'a name of every object',
    { functionSets: { constructor: CHARTS } },
    /^functionSets.constructor: cannot be the name/,
  ],
  [
    'a prototype (threat 59)',
    JSON.parse('{"functionSets":{"__proto__":{"bundles":[]}}}'),
    /^functionSets.__proto__: this key is never taken$/,
  ],
  [
    'no replicas',
    { functionSets: sets, placement: { charts: { replicas: 0 } } },
    /^placement.charts.replicas: Too small/,
  ],
  [
    'half a replica',
    { functionSets: sets, placement: { charts: { replicas: 1.5 } } },
    /^placement.charts.replicas: .*int/,
  ],
  [
    'too many replicas',
    { functionSets: sets, placement: { charts: { replicas: 1001 } } },
    /^placement.charts.replicas: Too big/,
  ],
  [
    'no server at all',
    { functionSets: sets, placement: { charts: { servers: [] } } },
    /^placement.charts.servers: Too small/,
  ],
  [
    'a spread over racks',
    { functionSets: sets, placement: { charts: { spread: 'rack' } } },
    /^placement.charts.spread: .*"zone"/,
  ],
  [
    'placement of no set',
    { functionSets: sets, placement: { chart: {} } },
    /^placement.chart: there is no function set `chart`$/,
  ],
  [
    'an affinity to no set',
    { functionSets: sets, placement: { charts: { affinity: ['x'] } } },
    /^placement.charts.affinity.0: there is no function set `x`$/,
  ],
  [
    'an affinity to itself',
    { functionSets: sets, placement: { charts: { affinity: ['charts'] } } },
    /^placement.charts.affinity.0: a set is always beside itself$/,
  ],
  [
    'placement on no member',
    { functionSets: sets, placement: { charts: { servers: ['z'] } }, servers: {} },
    /^placement.charts.servers.0: `z` is not among the servers$/,
  ],
  ['a route to no set', { routes: [{ match: '/a', set: 'x' }] }, /^routes.0.set: there is no function set `x`$/],
  ['a route without a set', { routes: [{ match: '/a' }] }, /^routes.0.set: .*string/],
  [
    'an unknown mode',
    { functionSets: sets, routes: [{ match: '/a', set: 'charts', mode: 'teleport' }] },
    /^routes.0.mode: .*"replay"/,
  ],
  [
    'an unknown key',
    { functionSets: sets, routes: [{ match: '/a', set: 'charts', key: 'ip' }] },
    /^routes.0.key: .*"url"/,
  ],
  [
    'a match without a slash',
    { functionSets: sets, routes: [{ match: 'a', set: 'charts' }] },
    /^routes.0.match: must begin with `\/`$/,
  ],
  [
    'a star within',
    { functionSets: sets, routes: [{ match: '/*/a', set: 'charts' }] },
    /^routes.0.match: may have one `\*`/,
  ],
  [
    'two stars',
    { functionSets: sets, routes: [{ match: '/a**', set: 'charts' }] },
    /^routes.0.match: may have one `\*`/,
  ],
  ['a query', { functionSets: sets, routes: [{ match: '/a?b', set: 'charts' }] }, /^routes.0.match: .*neither/],
  [
    'two slashes first',
    { functionSets: sets, routes: [{ match: '//a', set: 'charts' }] },
    /^routes.0.match: cannot begin with/,
  ],
  [
    'dot segments',
    { functionSets: sets, routes: [{ match: '/a/%2e./-/b', set: 'charts' }] },
    /^routes.0.match: must be written as clients send it: `\/-\/b`$/,
  ],
  [
    'a space',
    { functionSets: sets, routes: [{ match: '/a b', set: 'charts' }] },
    /^routes.0.match: must be written .*`\/a%20b`$/,
  ],
  [
    'a path of our own',
    { functionSets: sets, routes: [{ match: '/-/x', set: 'charts' }] },
    /^routes.0.match: is below `\/-\/`/,
  ],
  [
    'all paths of our own',
    { functionSets: sets, routes: [{ match: '/-/*', set: 'charts' }] },
    /^routes.0.match: is below `\/-\/`/,
  ],
  [
    'a function on a path of our own',
    {
      functionSets: sets,
      sites: [{ host: 'a', content: { set: 'charts' }, functions: { '/-/x': { set: 'charts' } } }],
    },
    /^sites.0.functions.\/-\/x: is below/,
  ],
  [
    'a match too long',
    { functionSets: sets, routes: [{ match: `/${'a'.repeat(1_024)}`, set: 'charts' }] },
    /^routes.0.match: is longer/,
  ],
  [
    'a host with a port',
    { functionSets: sets, routes: [{ match: '/a', host: 'a:80', set: 'charts' }] },
    /^routes.0.host: must be a host name/,
  ],
  [
    'a strip that never applies',
    { functionSets: sets, routes: [{ match: '/a/*', strip: '/b', set: 'charts' }] },
    /^routes.0.strip: no path of `\/a\/\*` begins/,
  ],
  [
    'a strip with a star',
    { functionSets: sets, routes: [{ match: '/a/*', strip: '/a/*', set: 'charts' }] },
    /^routes.0.strip: must be the beginning/,
  ],
  [
    'two equal routes',
    {
      functionSets: sets,
      routes: [
        { match: '/a', host: 'H', set: 'charts' },
        { match: '/a', host: 'h.', set: 'charts' },
      ],
    },
    /^routes.1: leads from the same place as routes.0$/,
  ],
  [
    'two equal sites',
    {
      functionSets: sets,
      sites: [
        { host: 'h', content: { set: 'charts' } },
        { host: 'H', content: { set: 'charts' } },
      ],
    },
    /^sites.1: leads from the same place as sites.0$/,
  ],
  [
    'a route in the place of a function',
    {
      functionSets: sets,
      sites: [{ host: 'h', content: { set: 'charts' }, functions: { '/a': { set: 'charts' } } }],
      routes: [{ match: '/a', host: 'h', set: 'charts' }],
    },
    /^routes.0: leads from the same place as sites.0.functions.\/a$/,
  ],
  [
    'content of no set',
    { sites: [{ host: 'h', content: { set: 'x' } }] },
    /^sites.0.content.set: there is no function set `x`$/,
  ],
  [
    'functions of no set',
    { functionSets: sets, sites: [{ host: 'h', content: { set: 'charts' }, functions: { '/a': { set: 'x' } } }] },
    /^sites.0.functions.\/a.set: there is no/,
  ],
  ['authority over nothing', { authority: { x: 'a' } }, /^authority.x: there is no function set `x`$/],
  [
    'an authority that is no member',
    { authority: { profiles: 'z' }, servers: {} },
    /^authority.profiles: `z` is not among the servers$/,
  ],
  ['a server below a path', { servers: { a: { url: 'http://a/b', key: KEY } } }, /^servers.a.url: must be an origin/],
  ['a server with a user', { servers: { a: { url: 'http://u:p@a', key: KEY } } }, /^servers.a.url: must be an origin/],
  [
    'a server by another scheme',
    { servers: { a: { url: 'file:///etc', key: KEY } } },
    /^servers.a.url: must be an http/,
  ],
  ['a server without a key', { servers: { a: { url: 'http://a' } } }, /^servers.a.key: /],
  ['a bad key', { servers: { a: { url: 'http://a', key: 'ed25519:x' } } }, /^servers.a.key: must be `ed25519:`/],
  [
    'two servers at one place',
    { servers: { a: { url: 'http://a', key: KEY }, b: { url: 'http://a', key: KEY.replace('A', 'B') } } },
    /^servers.b.url: is that of `a` too$/,
  ],
  [
    'two servers with one key',
    { servers: { a: { url: 'http://a', key: KEY }, b: { url: 'http://b', key: KEY } } },
    /^servers.b.key: is that of `a` too$/,
  ],
  [
    'too many routes',
    { functionSets: sets, routes: Array.from({ length: 2_001 }, (_, at) => ({ match: `/${at}`, set: 'charts' })) },
    /^routes: Too big/,
  ],
  [
    'too many sets',
    { functionSets: Object.fromEntries(Array.from({ length: 1_001 }, (_, at) => [`s${at}`, CHARTS])) },
    /^functionSets: holds more than 1000$/,
  ],
];

for (const [why, plan, fault] of FAULTS)
  test(`a plan with ${why} is refused where it is wrong`, (t) => {
    const faults = faultsOf(plan);
    t.is(faults.length, 1, faults.join('\n'));
    t.regex(faults[0]!, fault);
  });

test('all faults of a plan are told together, those of shape and those of reference', (t) => {
  const faults = faultsOf({
    functionSets: { charts: { bundles: ['x'] } },
    placement: { nothing: { replicas: 0 } },
    routes: [{ match: 'a', set: 'nothing', extra: 1 }, 7],
    authority: { profiles: 3, other: 'a' },
    more: true,
  });
  t.deepEqual(faults.map((fault) => fault.slice(0, fault.indexOf(': '))).sort(), [
    '',
    'authority.other',
    'authority.profiles',
    'functionSets.charts.bundles.0',
    'placement.nothing',
    'placement.nothing.replicas',
    'routes.0',
    'routes.0.match',
    'routes.0.set',
    'routes.1',
  ]);
});

test('a plan with thousands of faults tells a hundred and counts the rest', (t) => {
  const routes = Array.from({ length: 1_500 }, (_, at) => ({ match: `/${at}`, set: 'gone' }));
  const error = t.throws(() => parsePlan({ routes }), { instanceOf: PlanError });
  t.is(error.faults.length, 1_500);
  t.regex(error.message, /\nand 1400 more$/);
});

test('reading never throws anything but a PlanError, and what it reads it reads again', (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), (json) => {
      try {
        const plan = parsePlan(json);
        t.deepEqual(parsePlan(JSON.parse(JSON.stringify(plan))), plan);
      } catch (error) {
        if (!(error instanceof PlanError)) throw error;
      }
    }),
    { numRuns: RUNS, seed: SEED },
  );
});

// Signing

const OURS = generateKeyPairSync('ed25519');
const THEIRS = generateKeyPairSync('ed25519');
const SECOND = generateKeyPairSync('ed25519');
const WRITTEN = { routes: [{ set: 'charts', match: '/sales/*' }], functionSets: { charts: CHARTS } };

/** Any text under a good signature, as only who holds the key can make it. */
function signed(text: string, serial: number, key: KeyObject = OURS.privateKey): SignedPlan {
  return { serial, text, ...signText(text, key) };
}

function refusalOf(plan: unknown, newerThan?: number): PlanRefusal {
  try {
    openSignedPlan(plan, [OURS.publicKey], newerThan === undefined ? {} : { newerThan });
  } catch (error) {
    if (error instanceof PlanRefused) return error.code;
    throw error;
  }
  throw new Error('it was taken');
}

test('a signed plan is read again with its serial; what is signed is what was written, keys in order', (t) => {
  const plan = signPlan(WRITTEN, 7, OURS.privateKey);
  t.is(plan.text, canonicalJson({ plan: WRITTEN, serial: 7 }));
  t.false(plan.text.includes('replicas'));
  t.is(plan.key, keyIdOf(OURS.publicKey));
  const kept = JSON.parse(JSON.stringify(plan)) as SignedPlan;
  const opened = openSignedPlan(kept, [SECOND.publicKey, OURS.publicKey], { newerThan: 6 });
  t.deepEqual(opened, { serial: 7, plan: parsePlan(WRITTEN) });
  t.deepEqual(signPlan(JSON.parse(JSON.stringify(WRITTEN)), 7, OURS.privateKey), plan);
});

test('a plan that is unsigned, tampered with, played again or older is refused, each by its name (threat 67)', (t) => {
  const good = signPlan(WRITTEN, 7, OURS.privateKey);
  const other = signPlan({ ...WRITTEN, authority: { profiles: 'a' } }, 8, OURS.privateKey);
  const strange = signPlan(WRITTEN, 8, THEIRS.privateKey);
  t.is(refusalOf(strange), 'untrusted-key');
  t.is(refusalOf({ ...good, key: '' }), 'untrusted-key');
  t.is(refusalOf({ ...strange, key: good.key }), 'bad-signature');
  t.is(refusalOf({ ...good, signature: '' }), 'bad-signature');
  t.is(refusalOf({ ...good, signature: 'not base64url at all!' }), 'bad-signature');
  t.is(refusalOf({ ...good, signature: other.signature }), 'bad-signature');
  t.is(refusalOf({ ...good, text: good.text.replace('charts', 'chartz') }), 'bad-signature');
  t.is(refusalOf({ ...good, text: `${good.text} ` }), 'bad-signature');
  t.is(refusalOf({ ...good, serial: 9 }, 8), 'tampered');
  t.is(refusalOf(good, 7), 'downgraded');
  t.is(refusalOf(good, 8), 'downgraded');
  for (const shape of [
    undefined,
    null,
    'plan',
    [],
    {},
    WRITTEN,
    { ...good, more: 1 },
    { ...good, serial: 0 },
    { ...good, serial: '7' },
  ])
    t.is(refusalOf(shape), 'bad-plan');
});

test('a good signature makes no good plan', (t) => {
  const plan = '{"functionSets":{},"routes":[{"match":"/a","set":"gone"}]}';
  t.is(refusalOf(signed('no json', 1)), 'bad-plan');
  t.is(refusalOf(signed(canonicalJson({ serial: 1, plan: JSON.parse(plan) }), 1)), 'bad-plan');
  t.is(refusalOf(signed(canonicalJson({ plan: {} }), 1)), 'bad-plan');
  t.is(refusalOf(signed(canonicalJson({ plan: {}, serial: 1, more: 1 }), 1)), 'bad-plan');
  // Two readers could see two serials.
  t.is(refusalOf(signed('{"plan":{},"serial":1,"serial":9}', 9)), 'bad-plan');
  t.is(refusalOf(signed('{"serial":1,"plan":{}}', 1)), 'bad-plan');
  t.is(openSignedPlan(signed('{"plan":{},"serial":1}', 1), [OURS.publicKey]).serial, 1);
});

test('no change of a character of a signed plan goes unseen (threat 67)', (t) => {
  const good = signPlan(WRITTEN, 7, OURS.privateKey);
  for (const part of ['text', 'signature', 'key'] as const)
    for (let at = 0; at < good[part].length; at += 1) {
      const changed = good[part].slice(0, at) + (good[part][at] === 'x' ? 'y' : 'x') + good[part].slice(at + 1);
      t.not(refusalOf({ ...good, [part]: changed }), undefined);
    }
});

test('only a plan that makes sense is signed, under a serial that is one, and of a size that travels', (t) => {
  t.throws(() => signPlan({ routes: [{ match: 'a', set: 'b' }] }, 1, OURS.privateKey), { instanceOf: PlanError });
  for (const serial of [0, -1, 1.5, Number.NaN, 2 ** 53])
    t.throws(() => signPlan(WRITTEN, serial, OURS.privateKey), { instanceOf: RangeError });
  const large = {
    functionSets: Object.fromEntries(
      Array.from({ length: 1_000 }, (_, at) => [`s${at}`, { bundles: ['a', 'b', 'c', 'd'].map(digest) }]),
    ),
  };
  t.throws(() => signPlan(large, 1, OURS.privateKey), { instanceOf: PlanError, message: /larger than 262144/ });
});

// Differences

const BEFORE = parsePlan({
  functionSets: { charts: CHARTS, old: { bundles: [digest('d')] } },
  routes: [{ match: '/sales/*', set: 'charts' }],
  sites: [{ host: 'shop.example', content: { set: 'charts' } }],
  authority: { profiles: 'a' },
  servers: { a: { url: 'http://a', key: KEY }, b: { url: 'http://b', key: KEY.replace('A', 'B') } },
});

test('what a new plan changes is told part by part, in sentences', (t) => {
  const after = parsePlan({
    functionSets: {
      charts: { bundles: [digest('c')], data: { sales: digest('e'), costs: digest('f') } },
      pages: { bundles: [digest('d')] },
    },
    placement: { charts: { replicas: 2, spread: 'zone' }, pages: { servers: ['b'], affinity: ['charts'] } },
    routes: [
      { match: '/sales/*', set: 'charts', mode: 'redirect' },
      { match: '/pages/*', host: 'h', set: 'pages' },
    ],
    authority: { profiles: 'b' },
    servers: { b: { url: 'http://b', key: KEY.replace('A', 'B') } },
  });
  t.deepEqual(
    diffPlan(BEFORE, after).map(({ part, change, sentence }) => `${part} ${change}: ${sentence}`),
    [
      'set changed: charts: bundle cccccccccccc replaces aaaaaaaaaaaa; data set costs is new; data set sales begins with eeeeeeeeeeee instead of bbbbbbbbbbbb.',
      'set removed: old: the set is removed.',
      'set added: pages: a new set, bundle dddddddddddd.',
      'placement changed: charts: now on 2 servers, spread over zones; before, on 1 server.',
      'placement added: pages: a new placement, on 1 server, only b, near charts.',
      'route changed: /sales/*: now to charts by redirect, chosen by url; before, to charts by replay, chosen by url.',
      'route added: h/pages/*: a new route, to pages by replay, chosen by url.',
      'site removed: shop.example: the site is removed.',
      'authority changed: profiles: now its authority is b; before, its authority is a.',
      'server removed: a: the server is removed.',
    ],
  );
});

test('a plan does not differ from itself, however it is written; before the first there is nothing', (t) => {
  t.deepEqual(diffPlan(BEFORE, JSON.parse(JSON.stringify(BEFORE)) as FleetPlan), []);
  const all = diffPlan(undefined, BEFORE);
  t.true(all.every(({ change }) => change === 'added'));
  t.is(all.length, 2 + 2 + 1 + 1 + 1 + 2);
});

test('shifts are told by server: what it gains and what it loses', (t) => {
  t.deepEqual(
    diffAssignments({ charts: ['a', 'b'], pages: ['a'] }, { charts: ['b', 'c'], cart: ['c'], pages: ['a'] }),
    [
      { server: 'a', gains: [], loses: ['charts'], sentence: 'a loses charts.' },
      { server: 'c', gains: ['cart', 'charts'], loses: [], sentence: 'c gains cart, charts.' },
    ],
  );
  t.deepEqual(
    diffAssignments({ charts: ['a'], cart: ['b'] }, { charts: ['b'], cart: ['a'] }).map((each) => each.sentence),
    ['a gains cart and loses charts.', 'b gains charts and loses cart.'],
  );
});

// Assignment

function server(name: string, more: Partial<PlacementServer> = {}): PlacementServer {
  return { name, zone: 'z', isDraining: false, held: [], ...more };
}

function planOf(placement: Readonly<Record<string, Placement>>): FleetPlan {
  const names = Object.keys(placement);
  return parsePlan({ functionSets: Object.fromEntries(names.map((name) => [name, CHARTS])), placement });
}

const ZONES = ['eu', 'us', 'as'];
const SERVER_NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const SET_NAMES = ['s1', 's2', 's3', 's4', 's5', 's6'];

const placementArbitrary = fc.record(
  {
    replicas: fc.integer({ min: 1, max: 5 }),
    servers: fc.option(fc.subarray(SERVER_NAMES, { minLength: 1 }), { nil: undefined, freq: 2 }),
    zone: fc.option(fc.constantFrom(...ZONES), { nil: undefined, freq: 2 }),
    spread: fc.option(fc.constant('zone' as const), { nil: undefined }),
    affinity: fc.option(fc.subarray(SET_NAMES, { maxLength: 2 }), { nil: undefined }),
  },
  { requiredKeys: ['replicas'] },
);

const planArbitrary = fc.uniqueArray(fc.constantFrom(...SET_NAMES), { minLength: 1 }).chain((names) =>
  fc.tuple(...names.map(() => placementArbitrary)).map((placements) =>
    planOf(
      Object.fromEntries(
        names.map((name, at) => {
          const { affinity, ...rest } = placements[at]!;
          const friends = affinity?.filter((friend) => friend !== name && names.includes(friend));
          const defined = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
          return [name, { ...(defined as unknown as Placement), ...(friends?.length ? { affinity: friends } : {}) }];
        }),
      ),
    ),
  ),
);

const serversArbitrary = fc.uniqueArray(fc.constantFrom(...SERVER_NAMES), { minLength: 1 }).chain((names) =>
  fc.tuple(
    ...names.map((name) =>
      fc.record({
        name: fc.constant(name),
        zone: fc.constantFrom(...ZONES),
        isDraining: fc.boolean().map((value) => value && name < 'c'),
        held: fc.subarray(SET_NAMES, { maxLength: 3 }),
      }),
    ),
  ),
) as fc.Arbitrary<PlacementServer[]>;

const currentArbitrary = fc.dictionary(fc.constantFrom(...SET_NAMES), fc.subarray([...SERVER_NAMES, 'gone']));

/** Told again in the plainest words, to hold the decision against. */
function mayHave(plan: FleetPlan, set: string, each: PlacementServer): boolean {
  const { servers, zone } = plan.placement[set]!;
  return (servers === undefined || servers.includes(each.name)) && (zone === undefined || zone === each.zone);
}

function check(property: (plan: FleetPlan, servers: PlacementServer[], current: Assignments) => void): void {
  fc.assert(fc.property(planArbitrary, serversArbitrary, currentArbitrary, property), { numRuns: RUNS, seed: SEED });
}

test('a set is never on a server outside its constraints, and never on one that is not there', (t) => {
  check((plan, servers, current) => {
    const found = assign({ plan, servers, current });
    t.deepEqual(Object.keys(found), Object.keys(plan.functionSets).sort());
    for (const [set, names] of Object.entries(found))
      for (const name of names) t.true(servers.some((each) => each.name === name && mayHave(plan, set, each)));
  });
});

test('a set is on as many servers as it wants and as qualify, each once; drained ones keep it only where none other does', (t) => {
  check((plan, servers, current) => {
    for (const [set, names] of Object.entries(assign({ plan, servers, current }))) {
      const allowed = servers.filter((each) => mayHave(plan, set, each));
      const staying = allowed.filter((each) => !each.isDraining);
      const holders = allowed.filter((each) => each.held.includes(set) || current[set]?.includes(each.name));
      const may = staying.length > 0 ? staying : holders;
      t.is(new Set(names).size, names.length);
      t.is(names.length, Math.min(plan.placement[set]!.replicas, may.length));
      t.true(names.every((name) => may.some((each) => each.name === name)));
    }
  });
});

test('the same input gives the same output, in whatever order it comes', (t) => {
  check((plan, servers, current) => {
    const turned = (record: object) => Object.fromEntries(Object.entries(record).reverse());
    const found = assign({ plan, servers, current });
    t.deepEqual(
      assign({
        plan: { ...plan, functionSets: turned(plan.functionSets), placement: turned(plan.placement) } as FleetPlan,
        servers: servers.toReversed().map((each) => ({ ...each, held: each.held.toReversed() })),
        current: turned(Object.fromEntries(Object.entries(current).map(([set, names]) => [set, names.toReversed()]))),
      }),
      found,
    );
  });
});

test('assignments that stand are left as they are', (t) => {
  check((plan, servers, current) => {
    const found = assign({ plan, servers, current });
    t.deepEqual(assign({ plan, servers, current: found }), found);
  });
});

test('a spread set is in as many zones as there are for it and it has replicas', (t) => {
  check((plan, servers, current) => {
    const zoneOf = new Map(servers.map(({ name, zone }) => [name, zone]));
    for (const [set, names] of Object.entries(assign({ plan, servers, current }))) {
      const staying = servers.filter((each) => mayHave(plan, set, each) && !each.isDraining);
      if (plan.placement[set]!.spread === undefined || staying.length === 0) continue;
      const zones = new Set(staying.map(({ zone }) => zone)).size;
      t.is(new Set(names.map((name) => zoneOf.get(name))).size, Math.min(zones, plan.placement[set]!.replicas));
    }
  });
});

test('when a server goes, only what it held moves', (t) => {
  check((plan, all, current) => {
    const servers = all.map((each) => ({ ...each, isDraining: false }));
    const before = assign({ plan, servers, current });
    for (const gone of servers) {
      const after = assign({ plan, servers: servers.filter((each) => each !== gone), current: before });
      for (const [set, names] of Object.entries(before))
        if (names.includes(gone.name))
          t.true(
            names.every((name) => name === gone.name || after[set]!.includes(name)),
            `${set} without ${gone.name}`,
          );
        else t.deepEqual(after[set], names);
    }
  });
});

test('a new server gets only what is missing somewhere, or a replica of a set that is spread where it opens a zone', (t) => {
  check((plan, all, current) => {
    const [added, ...servers] = all.map((each) => ({ ...each, isDraining: false }));
    const before = assign({ plan, servers, current });
    const after = assign({ plan, servers: [added!, ...servers], current: before });
    const zoneOf = new Map(servers.map(({ name, zone }) => [name, zone]));
    for (const [set, names] of Object.entries(before)) {
      const isFull = names.length === plan.placement[set]!.replicas;
      const opens =
        plan.placement[set]!.spread !== undefined && !names.some((name) => zoneOf.get(name) === added!.zone);
      const lost = names.filter((name) => !after[set]!.includes(name));
      if (isFull && !opens) t.deepEqual(after[set], names);
      else t.true(lost.length <= (isFull ? 1 : 0), `${set} moves more than one`);
    }
  });
});

test('without wishes, no server has two sets more than another', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 12 }),
      (count, replicas) => {
        const plan = planOf(Object.fromEntries(replicas.map((each, at) => [`s${at}`, { replicas: each }])));
        const servers = SERVER_NAMES.slice(0, count).map((name) => server(name));
        const found = Object.values(assign({ plan, servers, current: {} })).flat();
        const loads = servers.map(({ name }) => found.filter((each) => each === name).length);
        t.true(Math.max(...loads) - Math.min(...loads) <= 1, loads.join());
      },
    ),
    { numRuns: RUNS, seed: SEED },
  );
});

test('new sets even out what those that stay have left uneven', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.nat(10), fc.nat(10), (count, first, second) => {
      const placements = Array.from({ length: first + second }, (_, at) => [`s${at}`, { replicas: 1 }] as const);
      const servers = SERVER_NAMES.slice(0, count).map((name) => server(name));
      const current = assign({ plan: planOf(Object.fromEntries(placements.slice(0, first))), servers, current: {} });
      const found = Object.values(assign({ plan: planOf(Object.fromEntries(placements)), servers, current })).flat();
      const loads = servers.map(({ name }) => found.filter((each) => each === name).length);
      t.true(Math.max(...loads) - Math.min(...loads) <= 1, loads.join());
    }),
    { numRuns: RUNS, seed: SEED },
  );
});

test('a set stays on a holder that still qualifies, though another has fewer sets', (t) => {
  const plan = planOf({ s1: { replicas: 1 }, s2: { replicas: 1 }, s3: { replicas: 1 } });
  const current = { s1: ['a'], s2: ['a'], s3: ['a'] };
  t.deepEqual(assign({ plan, servers: [server('a'), server('b')], current }), current);
});

test('a drained server loses its sets when another can take them, and only then', (t) => {
  const plan = planOf({ anywhere: { replicas: 1 }, bound: { replicas: 1, servers: ['a'] } });
  const current = { anywhere: ['a'], bound: ['a'] };
  const drained = server('a', { isDraining: true, held: ['anywhere', 'bound'] });
  t.deepEqual(assign({ plan, servers: [drained, server('b')], current }), { anywhere: ['b'], bound: ['a'] });
  t.deepEqual(assign({ plan, servers: [drained], current }), current);
  t.deepEqual(assign({ plan, servers: [server('a', { isDraining: true })], current: {} }), { anywhere: [], bound: [] });
});

test('sets go beside those they have an affinity to, and to servers that still have their data', (t) => {
  const servers = ['a', 'b', 'c'].map((name) => server(name));
  const near = planOf({
    s1: { replicas: 1, affinity: ['s2'] },
    s2: { replicas: 1 },
    s3: { replicas: 1, affinity: ['s1'] },
  });
  const found = assign({ plan: near, servers, current: {} });
  t.is(new Set(Object.values(found).flat()).size, 1);
  const circle = planOf({ s1: { replicas: 1, affinity: ['s2'] }, s2: { replicas: 1, affinity: ['s1'] } });
  t.is(new Set(Object.values(assign({ plan: circle, servers, current: {} })).flat()).size, 1);
  for (const { name } of servers) {
    const holding = servers.map((each) => (each.name === name ? { ...each, held: ['s9'] } : each));
    t.deepEqual(assign({ plan: planOf({ s9: { replicas: 1 } }), servers: holding, current: { s9: ['gone'] } }), {
      s9: [name],
    });
  }
});

test('who is no member of the plan gets nothing (threat 67)', (t) => {
  const plan = { ...planOf({ s1: { replicas: 2 } }), servers: { a: { url: 'http://a', key: KEY } } };
  const servers = [server('a'), server('stranger', { held: ['s1'] })];
  t.deepEqual(assign({ plan, servers, current: { s1: ['stranger'] } }), { s1: ['a'] });
});

test('a set on fewer servers than it wants is told, with the reason for every server', (t) => {
  const plan = planOf({
    met: { replicas: 1 },
    unmet: { replicas: 3, servers: ['a', 'b', 'gone'], zone: 'eu' },
    many: { replicas: 9 },
  });
  const servers = [
    server('a', { zone: 'eu' }),
    server('b', { zone: 'us' }),
    server('c', { zone: 'eu' }),
    server('d', { zone: 'eu', isDraining: true }),
  ];
  const input = { plan, servers, current: {} };
  t.deepEqual(explainAssignment(input, assign(input)), [
    {
      set: 'many',
      wanted: 9,
      placed: 3,
      excluded: { d: 'drained' },
      sentence: 'many wants 9 servers and has 3: d is drained.',
    },
    {
      set: 'unmet',
      wanted: 3,
      placed: 1,
      excluded: {
        b: 'in zone us, not eu',
        c: 'not one of the servers it is for',
        d: 'not one of the servers it is for',
        gone: 'not alive',
      },
      sentence:
        'unmet wants 3 servers and has 1: b is in zone us, not eu; c is not one of the servers it is for; ' +
        'd is not one of the servers it is for; gone is not alive.',
    },
  ]);
  const alone = { plan: planOf({ s1: { replicas: 2 } }), servers: [server('a')], current: {} };
  t.is(explainAssignment(alone, assign(alone))[0]!.sentence, 's1 wants 2 servers and has 1: there is only 1.');
});

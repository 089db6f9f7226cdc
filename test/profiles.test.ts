import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { openDatabase } from '../core/database.ts';
import { GatewayError } from '../core/errors.ts';
import { PRESENTATIONS } from '../core/presentation.ts';
import type { ClientClass } from '../profiles/client-class.ts';
import type { ClientKey, ClientSighting } from '../profiles/clients.ts';
import { mergePreferences, type NetworkSignals } from '../profiles/merge.ts';
import type { PartialPreferences, Preferences } from '../profiles/preferences.ts';
import { presets } from '../profiles/presets.ts';
import { type Profile, parsePreferences, parseProfile } from '../profiles/profile.ts';
import type { Profiles } from '../profiles/profiles.ts';
import { type PreferenceSources, resolvePreferences } from '../profiles/resolve.ts';
import { type ClientStoreOptions, openClients } from '../profiles/sqlite-clients.ts';
import { openProfiles } from '../profiles/sqlite-profiles.ts';
import { FakeClock } from './support/fake-clock.ts';

const clock = new FakeClock();

function makeFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'profiles-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function openStore(t: ExecutionContext, file = ':memory:'): Profiles {
  const store = openProfiles({ file, clock });
  t.teardown(() => store.close());
  return store;
}

function openRecords(t: ExecutionContext, options: Partial<ClientStoreOptions> = {}) {
  const clients = openClients({ file: ':memory:', clock: new FakeClock(), key: 'secret', ...options });
  t.teardown(() => clients.close());
  return clients;
}

function failsWith(t: ExecutionContext, code: GatewayError['code'], work: () => unknown, why = /./): GatewayError {
  const error = t.throws(work, { instanceOf: GatewayError });
  t.is(error.code, code, error.message);
  t.regex(error.message, why);
  return error;
}

// --- The profile itself (threat 59) ---

const WHOLE: Profile = {
  name: 'kaios-2',
  title: 'KaiOS phone',
  extends: 'feature-phone',
  priority: 20,
  selectable: true,
  match: { userAgent: ['KAIOS'], address: ['10.8.0.0/16', '2001:db8::/32', '192.0.2.1'], class: ['feature-phone'] },
  prefers: {
    presentation: ['lite', 'text'],
    types: { 'text/html': 1, 'text/*': 0.5, '*/*': 0 },
    images: {
      load: true,
      types: ['image/webp'],
      maxWidth: 240,
      dpr: 1,
      quality: 40,
      color: 'gray',
      levels: 16,
      animation: false,
    },
    page: {
      markup: 'xhtml-mp',
      maxBytes: 40_000,
      split: true,
      styles: 'basic',
      scripts: false,
      fonts: false,
      media: false,
    },
    text: { width: 72, charset: 'utf-8', emphasis: 'ansi' },
    formatters: { 'html-lite': { tables: ['flat', 1, null] }, shout: true, other: false },
    strict: false,
    httpsUpgrade: false,
  },
  sites: { 'example.org': { presentation: 'original' } },
};

test('the profile of design part 4 is taken whole; only a name is needed', (t) => {
  t.deepEqual(parseProfile(JSON.parse(JSON.stringify(WHOLE))), WHOLE);
  t.deepEqual(parseProfile({ name: 'x' }), { name: 'x' });
});

const FAULTS: readonly [unknown, RegExp][] = [
  [{}, /`name` .*got `nothing`/],
  [{ name: 'A' }, /`name` must be 1 to 64 of a to z, 0 to 9 and -, got `"A"`/],
  [{ name: 'x'.repeat(65) }, /`name`/],
  [{ name: '../etc' }, /`name`/],
  [{ name: 'x', prefers: { images: { quality: 250 } } }, /`prefers\.images\.quality` must be 1 to 100, got `250`/],
  [{ name: 'x', prefers: { images: { maxWidth: '240' } } }, /`prefers\.images\.maxWidth`/],
  [{ name: 'x', prefers: { images: { maxWidth: 1.5 } } }, /`prefers\.images\.maxWidth` must be a whole number/],
  [{ name: 'x', prefers: { text: { charset: 'utf-99' } } }, /`prefers\.text\.charset` must be the name of a charset/],
  [{ name: 'x', prefers: { images: { types: ['image/*'] } } }, /`prefers\.images\.types\.0` must be a media type/],
  [{ name: 'x', prefers: { types: { html: 1 } } }, /prefers\.types/],
  [{ name: 'x', prefers: { types: { 'text/html': 2 } } }, /`prefers\.types\.text\/html` must be 0 to 1, got `2`/],
  [
    { name: 'x', prefers: { presentation: 'fancy' } },
    /`prefers\.presentation` must be one or a list of original, full/,
  ],
  [{ name: 'x', prefers: { presentation: [] } }, /`prefers\.presentation`/],
  [{ name: 'x', prefers: { text: { width: 5 } } }, /`prefers\.text\.width`/],
  [{ name: 'x', prefers: { formatters: { Lite: true } } }, /prefers\.formatters/],
  [{ name: 'x', match: { address: ['10.0.0.0/33'] } }, /`match\.address\.0` must be an address or a CIDR range/],
  [{ name: 'x', match: { address: ['10.1'] } }, /`match\.address\.0`/],
  [{ name: 'x', match: { class: ['phone'] } }, /`match\.class\.0`/],
  [{ name: 'x', match: { userAgent: [''] } }, /`match\.userAgent\.0`/],
  [{ name: 'x', match: { userAgent: Array(101).fill('x') } }, /`match\.userAgent`/],
  [{ name: 'x', sites: { 'not a host': {} } }, /sites/],
  [{ name: 'x', colour: 'red' }, /unknown keys: colour/],
  [{ name: 'x', prefers: { images: { width: 1 } } }, /prefers\.images has unknown keys: width/],
  [{ name: 'x', title: 'x'.repeat(1_001) }, /`title`/],
  [{ name: 'x', prefers: { formatters: { y: { z: Array(100).fill('x'.repeat(999)) } } } }, /65536 bytes/],
  [null, /the profile/],
  ['kaios', /the profile/],
  [[], /the profile/],
];

test('a bad profile is refused with the path of the fault and what was given (422)', (t) => {
  for (const [raw, why] of FAULTS) t.is(failsWith(t, 'BAD_INPUT', () => parseProfile(raw), why).status, 422);
});

test('every fault of a profile is told at once', (t) => {
  const raw = {
    name: 'X',
    prefers: { images: { quality: 0, dpr: 9 }, page: { styles: 'some' } },
    match: { class: ['a', 'b'] },
  };
  const { message } = failsWith(t, 'BAD_INPUT', () => parseProfile(raw));
  for (const path of [
    'name',
    'prefers.images.quality',
    'prefers.images.dpr',
    'prefers.page.styles',
    'match.class.0',
    'match.class.1',
  ])
    t.true(message.includes(`\`${path}\``), path);
});

test('keys that reach a prototype are refused wherever they are, and none is polluted (threat 59)', (t) => {
  const shapes = [
    '{"name":"x",KEY:1}',
    '{"name":"x","prefers":{KEY:{}}}',
    '{"name":"x","prefers":{"types":{KEY:1}}}',
    '{"name":"x","prefers":{"formatters":{"y":{"z":{KEY:{"polluted":1}}}}}}',
    '{"name":"x","sites":{KEY:{}}}',
  ];
  for (const shape of shapes)
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      failsWith(t, 'BAD_REQUEST', () => parseProfile(JSON.parse(shape.replace('KEY', `"${key}"`))), new RegExp(key));
      t.is(({} as Record<string, unknown>)['polluted'], undefined);
    }
});

test('nesting without end is refused, not followed', (t) => {
  let options: unknown = 1;
  for (let depth = 0; depth < 5_000; depth += 1) options = [options];
  failsWith(
    t,
    'BAD_INPUT',
    () => parseProfile({ name: 'x', prefers: { formatters: { y: { options } } } }),
    /nested too deeply/,
  );
});

test('whatever is given, parsing answers with a profile or a fault of the client', (t) => {
  fc.assert(
    fc.property(
      fc.oneof(fc.jsonValue(), fc.record({ name: fc.string(), prefers: fc.jsonValue(), sites: fc.jsonValue() })),
      (raw) => {
        try {
          parseProfile(raw);
        } catch (error) {
          return error instanceof GatewayError && error.status < 500;
        }
        return true;
      },
    ),
    { numRuns: 500 },
  );
  t.pass();
});

// --- Presets ---

test('the presets are those of the table of design part 4', (t) => {
  const of = (name: string) => presets.get(name)!.prefers as PartialPreferences;
  t.deepEqual([...presets.keys()].sort(), [
    'agent',
    'archive',
    'default',
    'desktop',
    'e-reader',
    'feature-phone',
    'kaios',
    'low-bandwidth',
    'opera-mini',
    'phone',
    'retro',
    'screen-reader',
    'tablet',
    'terminal',
    'text-browser',
    'wap',
  ]);
  const bigTypes = ['image/avif', 'image/webp', 'image/jpeg', 'image/png'];
  for (const [name, maxWidth] of [
    ['desktop', 1_920],
    ['tablet', 1_600],
    ['phone', 1_080],
  ] as const)
    t.like(of(name), { presentation: 'full', images: { types: bigTypes, maxWidth } }, name);
  t.like(of('low-bandwidth'), {
    presentation: 'lite',
    images: { types: ['image/avif', 'image/webp'], maxWidth: 480 },
    page: { maxBytes: 60_000, split: true },
  });
  t.true(of('low-bandwidth').images!.quality! <= 40);
  for (const [name, maxWidth] of [
    ['feature-phone', 240],
    ['kaios', 240],
    ['opera-mini', 320],
  ] as const)
    t.like(
      of(name),
      {
        presentation: 'lite',
        images: { types: ['image/jpeg', 'image/gif', 'image/webp'], maxWidth },
        page: { maxBytes: 40_000, split: true },
      },
      name,
    );
  t.like(of('wap'), {
    presentation: 'wml',
    images: { types: ['image/vnd.wap.wbmp', 'image/gif'], maxWidth: 96, color: 'mono' },
    page: { maxBytes: 1_400 },
  });
  t.like(of('e-reader'), {
    presentation: ['article', 'lite'],
    images: { types: ['image/jpeg', 'image/png'], maxWidth: 800, color: 'gray', levels: 16, animation: false },
    page: { styles: 'basic' },
  });
  for (const name of ['text-browser', 'screen-reader'])
    t.like(of(name), { presentation: 'lite', images: { load: false }, page: { styles: 'none' } }, name);
  t.like(of('terminal'), { presentation: 'text', text: { width: 72 } });
  t.like(of('retro'), {
    presentation: 'lite',
    images: { types: ['image/gif', 'image/jpeg'], maxWidth: 500 },
    page: { markup: 'html-3.2' },
    text: { charset: 'iso-8859-1' },
    httpsUpgrade: true,
  });
  t.is(of('agent').presentation, 'markdown');
  t.like(of('archive'), { images: { types: ['image/jpeg', 'image/png'], maxWidth: 1_200 } });
  t.is([of('archive').presentation].flat()[0], 'epub');
  t.is(of('default').presentation, 'original');
  for (const preset of presets.values())
    t.deepEqual(parseProfile(JSON.parse(JSON.stringify(preset))), preset, preset.name);
  t.true([...presets.values()].every((preset) => preset.selectable === true));
});

// --- Merging, layer by layer ---

const SLOW: NetworkSignals = {
  saveData: false,
  ect: '2g',
  rttMs: undefined,
  downlinkMbps: undefined,
  mayTightenPresentation: true,
};
const SAVE_DATA: NetworkSignals = { ...SLOW, saveData: true, ect: undefined };

function resolve(profiles: Profiles, sources: Partial<PreferenceSources>) {
  return resolvePreferences({
    profiles,
    detection: { class: 'desktop', preset: 'desktop', evidence: [] },
    stored: undefined,
    settings: undefined,
    siteSettings: undefined,
    host: 'example.org',
    network: undefined,
    ...sources,
  });
}

test('each layer goes over the one before it, and each value remembers its layer', (t) => {
  const store = openStore(t);
  const images = (maxWidth: number) => ({ prefers: { images: { maxWidth } } });
  const mine: Profile = { name: 'mine', extends: 'family', ...images(800) };
  const sites = { 'example.org': { images: { maxWidth: 700 } } };
  const steps: readonly [string, number, Partial<PreferenceSources>, Profile?][] = [
    ['preset:desktop', 1_920, {}],
    ['profile:family', 900, { stored: 'family' }, { name: 'family', ...images(900) }],
    ['profile:mine', 800, { stored: 'mine' }, mine],
    ['site:example.org', 700, {}, { ...mine, sites }],
    ['settings', 600, { settings: { images: { maxWidth: 600 } } }],
    ['settings:example.org', 500, { siteSettings: { images: { maxWidth: 500 } } }],
    ['request', 400, { request: { images: { maxWidth: 400 } } }],
  ];
  let sources: Partial<PreferenceSources> = {};
  t.is(
    resolve(store, { detection: { class: 'tool', preset: 'default', evidence: [] } }).values['images.maxWidth']!.layer,
    'base',
  );
  for (const [layer, value, added, profile] of steps) {
    if (profile !== undefined) store.put(profile);
    sources = { ...sources, ...added };
    const merged = resolve(store, sources);
    t.deepEqual(merged.values['images.maxWidth'], { value, layer });
    t.is(merged.preferences.images.maxWidth, value);
  }
  const merged = resolve(store, { ...sources, request: { images: { maxWidth: 4_000 } }, network: SLOW });
  t.deepEqual(merged.values['images.maxWidth'], { value: 640, layer: 'network:slow' });
});

test('values are merged one by one: what a layer leaves out stays as it was', (t) => {
  const store = openStore(t);
  store.put({ name: 'mine', prefers: { images: { quality: 20 }, formatters: { shout: true } } });
  const { preferences, values } = resolve(store, { stored: 'mine', settings: { formatters: { other: false } } });
  t.is(preferences.images.quality, 20);
  t.is(preferences.images.maxWidth, 1_920);
  t.deepEqual(preferences.formatters, { shout: true, other: false });
  t.is(values['images.quality']!.layer, 'profile:mine');
  t.is(values['presentation']!.layer, 'preset:desktop');
  t.is(values['strict']!.layer, 'base');
});

test('the default profile is the editable base of all', (t) => {
  const store = openStore(t);
  store.put({
    name: 'default',
    prefers: { strict: true, images: { maxWidth: 99 } },
    sites: { 'example.org': { text: { width: 40 } } },
  });
  const bot = resolve(store, { detection: { class: 'bot', preset: 'default', evidence: [] } });
  t.deepEqual(bot.values['images.maxWidth'], { value: 99, layer: 'default' });
  t.deepEqual(bot.preferences.presentation, ['original']);
  t.is(bot.preferences.text.width, 40);
  const desktop = resolve(store, {});
  t.is(desktop.preferences.images.maxWidth, 1_920);
  t.true(desktop.preferences.strict);
});

test('exceptions for a site hold for the host, then for its parents down to the registrable domain', (t) => {
  const store = openStore(t);
  const width = (columns: number) => ({ text: { width: columns } });
  store.put({
    name: 'mine',
    prefers: width(30),
    sites: { 'example.co.uk': width(40), 'Shop.example.co.uk': width(50), 'co.uk': width(60), '127.0.0.1': width(70) },
  });
  const at = (host: string) => resolve(store, { stored: 'mine', host }).preferences.text.width;
  t.is(at('example.co.uk'), 40);
  t.is(at('www.example.co.uk'), 40);
  t.is(at('shop.example.co.uk'), 50);
  t.is(at('A.SHOP.example.co.uk'), 50);
  t.is(at('other.co.uk'), 30);
  t.is(at('badexample.co.uk'), 30);
  t.is(at('127.0.0.1'), 70);
  t.is(at('localhost'), 30);
  t.is(at('constructor'), 30);
});

test('an exception for a site outlives what is said in general by a profile that extends it', (t) => {
  const store = openStore(t);
  store.put({ name: 'base', sites: { 'example.org': { presentation: 'original' } } });
  store.put({ name: 'mine', extends: 'base', prefers: { presentation: 'lite' } });
  t.deepEqual(resolve(store, { stored: 'mine' }).preferences.presentation, ['original']);
  t.deepEqual(resolve(store, { stored: 'mine', host: 'example.com' }).preferences.presentation, ['lite']);
});

const preferencesArbitrary: fc.Arbitrary<PartialPreferences> = fc.record(
  {
    presentation: fc.constantFrom(...PRESENTATIONS),
    images: fc.record(
      {
        quality: fc.integer({ min: 1, max: 100 }),
        maxWidth: fc.integer({ min: 1, max: 20_000 }),
        dpr: fc.double({ min: 0.5, max: 5, noNaN: true }),
        animation: fc.boolean(),
        load: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    page: fc.record(
      {
        fonts: fc.boolean(),
        media: fc.boolean(),
        scripts: fc.boolean(),
        maxBytes: fc.integer({ min: 0, max: 100_000 }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);
const networkArbitrary: fc.Arbitrary<NetworkSignals> = fc.record({
  saveData: fc.boolean(),
  ect: fc.constantFrom(undefined, 'slow-2g', '2g', '3g', '4g'),
  rttMs: fc.option(fc.integer({ min: 0, max: 5_000 }), { nil: undefined }),
  downlinkMbps: fc.option(fc.double({ min: 0, max: 100, noNaN: true }), { nil: undefined }),
  mayTightenPresentation: fc.boolean(),
});

const mayBecome = (before: boolean, after: boolean) => before || !after;

test('the network only tightens, whatever the layers say (design part 4, H-5)', (t) => {
  let tightened = 0;
  fc.assert(
    fc.property(fc.array(preferencesArbitrary, { maxLength: 4 }), networkArbitrary, (prefers, network) => {
      const layers = prefers.map((each, index) => ({ name: `layer:${index}`, prefers: each }));
      const before: Preferences = mergePreferences(layers, undefined).preferences;
      const merged = mergePreferences(layers, network);
      const after: Preferences = merged.preferences;
      if (JSON.stringify(before) !== JSON.stringify(after)) tightened += 1;
      for (const [path, { layer }] of Object.entries(merged.values))
        if (layer.startsWith('network:') && /^(?:types|formatters|strict|text|images\.(?:types|color|load))/.test(path))
          return false;
      return (
        after.images.quality <= before.images.quality &&
        after.images.maxWidth <= before.images.maxWidth &&
        after.images.dpr <= before.images.dpr &&
        mayBecome(before.images.animation, after.images.animation) &&
        mayBecome(before.page.fonts, after.page.fonts) &&
        mayBecome(before.page.media, after.page.media) &&
        (before.presentation[0] === after.presentation[0] ||
          (network.mayTightenPresentation && before.presentation[0] === 'full' && after.presentation[0] === 'lite'))
      );
    }),
    { numRuns: 1_000 },
  );
  t.true(tightened > 100);
});

test('pictures for a slow link have one device pixel to each of the page: a third of a preset’s width, in a usual one, 320 to 640', (t) => {
  const slow = {
    saveData: false,
    ect: '2g',
    rttMs: undefined,
    downlinkMbps: undefined,
    mayTightenPresentation: true,
  } as const;
  const widthOf = (name: string) => {
    const layers = [{ name: `preset:${name}`, prefers: presets.get(name)!.prefers! }];
    return mergePreferences(layers, slow).preferences.images.maxWidth;
  };
  const widths = ['desktop', 'tablet', 'phone', 'low-bandwidth', 'kaios'].map((name) => widthOf(name));
  t.deepEqual(widths, [640, 480, 320, 320, 240]);
});

test('Save-Data halves quality and drops what is decoration; a fast link changes nothing (H-5)', (t) => {
  const layers = [{ name: 'preset:desktop', prefers: presets.get('desktop')!.prefers! }];
  const { preferences, values } = mergePreferences(layers, SAVE_DATA);
  t.like(preferences, {
    presentation: ['lite', 'full'],
    images: { quality: 35, maxWidth: 640, animation: false },
    page: { fonts: false, media: false },
  });
  t.is(values['images.quality']!.layer, 'network:save-data');
  const fast = { saveData: false, ect: '4g', rttMs: 900, downlinkMbps: 10, mayTightenPresentation: true } as const;
  t.deepEqual(mergePreferences(layers, fast), mergePreferences(layers, undefined));
});

// --- Rules ---

test('a rule wants all keys given and any value of each; User-Agent words in any case', (t) => {
  const store = openStore(t);
  store.put({
    name: 'lab',
    match: {
      userAgent: ['kaios', 'Lynx'],
      address: ['10.8.0.0/16', '2001:db8::/32', '::ffff:192.0.2.0/120', '198.51.100.7'],
      class: ['feature-phone', 'text-browser'],
    },
  });
  const match = (userAgent: string, address: string, clientClass: ClientClass) =>
    store.match({ userAgent, address, class: clientClass })?.name;
  for (const address of ['10.8.3.4', '::ffff:10.8.3.4', '2001:db8:9::1', '192.0.2.99', '198.51.100.7'])
    t.is(match('x KAIOS/2.5', address, 'feature-phone'), 'lab', address);
  t.is(match('LYNX/2.9', '10.8.0.1', 'text-browser'), 'lab');
  for (const address of ['10.9.0.1', '2001:db9::1', '192.0.3.1', '198.51.100.8', '', 'unix', '::1'])
    t.is(match('KAIOS', address, 'feature-phone'), undefined, address);
  t.is(match('curl/8', '10.8.0.1', 'feature-phone'), undefined);
  t.is(match('KAIOS', '10.8.0.1', 'desktop'), undefined);
});

test('priority, then name, settles several matches; a rule without keys matches nobody', (t) => {
  const store = openStore(t);
  const match = { userAgent: ['x'] };
  const found = () => store.match({ userAgent: 'x', address: '10.0.0.1', class: 'unknown' })?.name;
  store.put({ name: 'empty', priority: 99, match: {} });
  store.put({ name: 'empty-list', priority: 99, match: { userAgent: [] } });
  t.is(found(), undefined);
  store.put({ name: 'b', match });
  t.is(found(), 'b');
  store.put({ name: 'a', match });
  t.is(found(), 'a');
  store.put({ name: 'z', priority: 1, match });
  t.is(found(), 'z');
  store.put({ name: 'z', priority: -1, match });
  t.is(found(), 'a');
  t.false(store.hasAddressRules);
  store.put({ name: 'net', match: { address: ['10.0.0.0/8'] } });
  t.true(store.hasAddressRules);
});

// --- The store ---

test('a base in use cannot be removed (409), a cycle is 422, an unknown base too', (t) => {
  const store = openStore(t);
  store.put({ name: 'base' });
  store.put({ name: 'mine', extends: 'base' });
  failsWith(t, 'CONFLICT', () => store.remove('base'), /base of mine/);
  failsWith(t, 'BAD_INPUT', () => store.put({ name: 'base', extends: 'mine' }), /cycle: base → mine → base/);
  failsWith(t, 'BAD_INPUT', () => store.put({ name: 'me', extends: 'me' }), /cycle/);
  failsWith(t, 'BAD_INPUT', () => store.put({ name: 'default', extends: 'retro' }), /base of all/);
  failsWith(t, 'BAD_INPUT', () => store.put({ name: 'x', extends: 'nobody' }), /names no profile, got `nobody`/);
  failsWith(t, 'NOT_FOUND', () => store.remove('nobody'));
  store.remove('mine');
  store.remove('base');
  t.is(store.get('base'), undefined);
});

test('a preset may be changed but not removed; removing the change gives it back', (t) => {
  const store = openStore(t);
  failsWith(t, 'CONFLICT', () => store.remove('kaios'), /preset/);
  const before = store.get('kaios')!;
  t.true(before.preset);
  store.put({ name: 'kaios', prefers: { presentation: 'text' } });
  t.false(store.get('kaios')!.preset);
  t.is(store.list().filter((each) => each.profile.name === 'kaios').length, 1);
  store.put({ name: 'mine', extends: 'kaios' });
  store.remove('kaios');
  t.deepEqual(store.get('kaios'), before);
});

test('If-Match: a stale tag is 412 and changes nothing', (t) => {
  const store = openStore(t);
  const first = store.put({ name: 'mine', title: 'one' }, []);
  t.is(store.get('mine')!.etag, first.etag);
  failsWith(t, 'STALE', () => store.put({ name: 'mine', title: 'two' }, []));
  const second = store.put({ name: 'mine', title: 'two' }, [first.etag]);
  t.not(second.etag, first.etag);
  failsWith(t, 'STALE', () => store.put({ name: 'mine', title: 'three' }, [first.etag, '"x"']));
  failsWith(t, 'STALE', () => store.remove('mine', [first.etag]));
  failsWith(t, 'STALE', () => store.put({ name: 'other' }, '*'));
  t.is(store.get('mine')!.profile.title, 'two');
  store.remove('mine', '*');
});

test('the tag of a profile is the same when it is given in another order of keys', (t) => {
  const store = openStore(t);
  const { etag } = store.put({ title: 'T', selectable: true, name: 'mine' });
  t.is(store.get('mine')!.etag, etag);
  t.is(store.put({ name: 'mine', title: 'T', selectable: true }, [etag]).etag, etag);
});

test('a stored profile that cannot be read takes no other away', (t) => {
  const file = join(makeFolder(t), 'profiles.db');
  openStore(t, file).put({ name: 'good' });
  const raw = new DatabaseSync(file);
  raw.exec(
    `INSERT INTO profile VALUES ('bad', '{"name":"bad","prefers":{"images":{"quality":900}}}', 0), ('torn', '{"na', 0)`,
  );
  raw.close();
  const store = openStore(t, file);
  t.truthy(store.get('good'));
  t.is(store.get('bad'), undefined);
  t.is(store.get('torn'), undefined);
  store.put({ name: 'bad', title: 'better' });
  t.is(store.get('bad')!.profile.title, 'better');
});

// --- Schema versions ---

test('a database of an older version is migrated step by step, once; a newer one is refused and left alone', (t) => {
  const file = join(makeFolder(t), 'db');
  const steps = [
    'CREATE TABLE a (x TEXT) STRICT',
    "ALTER TABLE a ADD COLUMN y TEXT NOT NULL DEFAULT 'new'",
    'CREATE INDEX i ON a (y)',
  ];
  const open = (count: number) => openDatabase({ file, migrations: steps.slice(0, count), durable: true });
  const first = open(1);
  first.exec("INSERT INTO a VALUES ('kept')");
  first.close();
  for (const _ of [1, 2]) {
    const third = open(3);
    t.deepEqual({ ...third.prepare('SELECT * FROM a').get() }, { x: 'kept', y: 'new' });
    t.is(third.prepare('PRAGMA user_version').get()!['user_version'], 3);
    third.close();
  }
  t.throws(() => open(2), { message: /newer version/ });
  open(3).close();
});

test('a migration that fails leaves the version before it', (t) => {
  const file = join(makeFolder(t), 'db');
  const good = 'CREATE TABLE a (x TEXT) STRICT';
  t.throws(
    () => openDatabase({ file, migrations: [good, 'CREATE TABLE b (x TEXT) STRICT; CREATE NONSENSE'], durable: true }),
    { message: /NONSENSE/ },
  );
  const database = openDatabase({ file, migrations: [good], durable: true });
  t.deepEqual(database.prepare("SELECT name FROM sqlite_schema WHERE name = 'b'").all(), []);
  database.close();
});

test('stores of a newer version of the program are refused at the start', (t) => {
  const file = join(makeFolder(t), 'db');
  const raw = new DatabaseSync(file);
  raw.exec('PRAGMA user_version = 99');
  raw.close();
  t.throws(() => openProfiles({ file, clock }), { message: /newer version/ });
  t.throws(() => openClients({ file, clock, key: 'k' }), { message: /newer version/ });
});

// --- Client records ---

const SIGHTING: ClientSighting = { class: 'desktop', preset: 'desktop', evidence: ['because'], userAgent: 'UA/1' };
const addressKey = (address: string): ClientKey => ({ kind: 'address', address, userAgent: 'UA/1' });

test('a client is known by user, cookie or keyed hash; neither address nor secret is in the file', (t) => {
  const folder = makeFolder(t);
  const file = join(folder, 'clients.db');
  const clients = openRecords(t, { file });
  const keys: ClientKey[] = [
    { kind: 'user', name: 'ann' },
    { kind: 'cookie', secret: 'cookie-secret-1234' },
    addressKey('203.0.113.77'),
    { kind: 'address', address: '203.0.113.77', userAgent: 'UA/2' },
    { kind: 'cookie', secret: 'ann' },
  ];
  const ids = keys.map((key) => clients.see(key, SIGHTING).id);
  t.is(new Set(ids).size, keys.length);
  t.deepEqual(
    keys.map((key) => clients.find(key)!.id),
    ids,
  );
  t.not(openRecords(t, { key: 'other' }).see(keys[2]!, SIGHTING).id, ids[2]);
  t.is(clients.list({ limit: 10, offset: 0 }).length, keys.length);
  const bytes = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join('');
  t.notRegex(bytes, /203\.0\.113\.77|cookie-secret/);
  t.is(clients.find(addressKey('203.0.113.78')), undefined);
});

test('requests are counted and written once a second; User-Agents are cut to 512 characters', (t) => {
  const fakeClock = new FakeClock();
  const file = join(makeFolder(t), 'clients.db');
  const clients = openRecords(t, { file, clock: fakeClock });
  const other = openRecords(t, { file });
  const { id } = clients.see(addressKey('a'), { ...SIGHTING, userAgent: 'x'.repeat(9_000) });
  t.is(other.get(id), undefined);
  fakeClock.advance(400);
  t.is(clients.see(addressKey('a'), SIGHTING).requests, 2);
  fakeClock.advance(600);
  t.like(other.get(id), { requests: 2, lastSeen: Date.UTC(2026, 0, 1) + 400, userAgent: 'UA/1' });
  clients.see(addressKey('a'), { ...SIGHTING, userAgent: 'y'.repeat(9_000) });
  fakeClock.advance(1_000);
  t.like(other.get(id), { requests: 3, firstSeen: Date.UTC(2026, 0, 1), userAgent: 'y'.repeat(512) });
});

test('records are bounded in number: those nobody has decided anything for go first, the oldest of them', (t) => {
  const fakeClock = new FakeClock();
  const clients = openRecords(t, { clock: fakeClock, maxClients: 10 });
  const { id } = clients.see(addressKey('kept'), SIGHTING);
  clients.choose(id, { strict: true });
  for (let count = 0; count < 50; count += 1) {
    fakeClock.advance(10);
    clients.see(addressKey(String(count)), SIGHTING);
  }
  fakeClock.advance(1_000);
  const held = clients.list({ limit: 100, offset: 0 });
  t.is(held.length, 10);
  t.deepEqual(clients.get(id)!.settings, { strict: true });
  t.truthy(clients.find(addressKey('49')));
  t.is(clients.find(addressKey('3')), undefined);
  clients.see(addressKey('3'), SIGHTING);
  fakeClock.advance(1_000);
  t.is(clients.list({ limit: 1, offset: 0 })[0]!.id, clients.find(addressKey('3'))!.id);
});

test('records are bounded in age', (t) => {
  const fakeClock = new FakeClock();
  const clients = openRecords(t, { clock: fakeClock, maxAgeMs: 60_000 });
  clients.see(addressKey('old'), SIGHTING);
  fakeClock.advance(50_000);
  clients.see(addressKey('new'), SIGHTING);
  fakeClock.advance(1_000);
  t.truthy(clients.find(addressKey('old')));
  fakeClock.advance(20_000);
  clients.see(addressKey('newer'), SIGHTING);
  fakeClock.advance(1_000);
  t.is(clients.find(addressKey('old')), undefined);
  t.truthy(clients.find(addressKey('new')));
});

test('what a person chooses is durable at once, everywhere and per site, and merged as their layer', (t) => {
  const file = join(makeFolder(t), 'clients.db');
  const clients = openRecords(t, { file });
  const key: ClientKey = { kind: 'cookie', secret: 's' };
  const { id } = clients.see(key, SIGHTING);
  const settings = parsePreferences({ presentation: 'text', images: { load: false } });
  clients.choose(id, settings, { 'example.org': parsePreferences({ presentation: 'full' }) });
  clients.assign(id, 'kaios');
  const again = openRecords(t, { file }).find(key)!;
  t.like(again, { settings, profile: 'kaios', sites: { 'example.org': { presentation: 'full' } } });
  const store = openStore(t);
  const at = (host: string) => resolve(store, { host, settings: again.settings, siteSettings: again.sites[host] });
  t.deepEqual(at('example.org').values['presentation'], { value: ['full'], layer: 'settings:example.org' });
  t.deepEqual(at('example.com').values['presentation'], { value: ['text'], layer: 'settings' });
  t.false(at('example.org').preferences.images.load);
  clients.choose(id, undefined);
  t.like(clients.get(id), { settings: undefined, sites: { 'example.org': { presentation: 'full' } } });
  failsWith(t, 'NOT_FOUND', () => clients.choose('nobody', settings));
  failsWith(t, 'BAD_INPUT', () => parsePreferences({ name: 'x' }));
  failsWith(t, 'BAD_INPUT', () => parsePreferences({ presentation: 'shiny' }));
});

test('a client that is forgotten is gone, also for a process that has just seen it', (t) => {
  const clocks = [new FakeClock(), new FakeClock()] as const;
  const file = join(makeFolder(t), 'clients.db');
  const [here, there] = [openRecords(t, { file, clock: clocks[0] }), openRecords(t, { file, clock: clocks[1] })];
  const { id } = here.see(addressKey('a'), SIGHTING);
  clocks[0].advance(1_000);
  here.see(addressKey('a'), SIGHTING);
  there.forget(id);
  t.is(here.get(id), undefined);
  clocks[0].advance(1_000);
  const again = here.see(addressKey('a'), SIGHTING);
  clocks[0].advance(1_000);
  here.see(addressKey('a'), SIGHTING);
  there.forget(again.id);
  clocks[0].advance(1_000);
  t.is(here.get(id), undefined);
  t.is(there.get(id), undefined);
  t.like(here.see(addressKey('a'), SIGHTING), { requests: 1, settings: undefined });
});

test('a profile assigned elsewhere holds at the next request, also for a client with requests not yet written', (t) => {
  const fakeClock = new FakeClock();
  const file = join(makeFolder(t), 'clients.db');
  const [here, there] = [openRecords(t, { file, clock: fakeClock }), openRecords(t, { file })];
  const { id } = here.see(addressKey('a'), SIGHTING);
  fakeClock.advance(1_000);
  here.see(addressKey('a'), SIGHTING);
  there.assign(id, 'kaios');
  t.like(here.see(addressKey('a'), SIGHTING), { profile: 'kaios', requests: 3 });
  fakeClock.advance(1_000);
  t.like(there.get(id), { profile: 'kaios', requests: 3 });
});

// --- Processes (threats 64, 65) ---

const SCRIPT = fileURLToPath(new URL('support/profile-process.ts', import.meta.url));

interface Store {
  readonly child: ChildProcess;
  /** Lines of its output so far. */
  readonly lines: string[];
  ask(line: string): Promise<unknown>;
}

function startProcess(t: ExecutionContext, folder: string, limit?: string): Store {
  const child =
    limit === undefined
      ? spawn(process.execPath, [SCRIPT, folder], { stdio: ['pipe', 'pipe', 'inherit'] })
      : spawn('sh', ['-c', `trap '' XFSZ; ulimit -f ${limit}; exec "$0" "$@"`, process.execPath, SCRIPT, folder], {
          stdio: ['pipe', 'pipe', 'inherit'],
        });
  t.teardown(() => child.kill('SIGKILL'));
  const lines: string[] = [];
  const output = createInterface({ input: child.stdout! });
  output.on('line', (line) => lines.push(line));
  return {
    child,
    lines,
    async ask(line) {
      child.stdin!.write(`${line}\n`);
      const [answer] = (await once(output, 'line')) as [string];
      return JSON.parse(answer);
    },
  };
}

test('a change made in one process is seen by the next request in another', async (t) => {
  const folder = makeFolder(t);
  const store = openStore(t, join(folder, 'profiles.db'));
  const other = startProcess(t, folder);
  t.is(await other.ask('get shared'), null);
  for (const title of ['one', 'two', 'three']) {
    store.put({ name: 'shared', title });
    t.is(await other.ask('get shared'), title);
    const etag = await other.ask(`put shared ${title}-back`);
    t.is<unknown, unknown>(store.get('shared')!.etag, etag);
    t.is(store.get('shared')!.profile.title, `${title}-back`);
  }
  await other.ask('remove shared');
  t.is(store.get('shared'), undefined);
  const clients = openRecords(t, { file: join(folder, 'clients.db'), key: 'key' });
  const { id } = clients.see(addressKey('a'), SIGHTING);
  clients.list({ limit: 1, offset: 0 });
  t.is(await other.ask(`assign ${id} kaios`), 'kaios');
  t.is(clients.see(addressKey('a'), SIGHTING).profile, 'kaios');
});

test('a full disk is STORE_FULL (507); reads go on and what was stored stays (threat 65)', async (t) => {
  const folder = makeFolder(t);
  const limited = startProcess(t, folder, '512');
  let stored = 0;
  let answer: unknown;
  for (; stored < 500; stored += 1) {
    answer = await limited.ask(`put p${stored} title-${stored}`);
    if (typeof answer !== 'string') break;
  }
  t.deepEqual(answer, { code: 'STORE_FULL', status: 507 });
  t.true(stored > 5);
  t.is(await limited.ask(`get p${stored - 1}`), `title-${stored - 1}`);
  t.is(await limited.ask(`get p${stored}`), null);
  t.deepEqual(await limited.ask('put again x'), { code: 'STORE_FULL', status: 507 });
  t.is(await limited.ask('get p0'), 'title-0');
  const after = openStore(t, join(folder, 'profiles.db'));
  for (let count = 0; count < stored; count += 1) t.is(after.get(`p${count}`)!.profile.title, `title-${count}`);
  t.is(after.get(`p${stored}`), undefined);
});

const KILLS = 24;
const AT_ONCE = 2;

test(`kill -9 at ${KILLS} random moments, ${AT_ONCE} writers on one file: nothing acknowledged is lost (threat 64)`, async (t) => {
  const folder = makeFolder(t);
  const acknowledged = new Map<string, number>();
  let slowest = 0;
  for (let round = 0; round < KILLS / AT_ONCE; round += 1) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, writer) => {
        const store = startProcess(t, folder);
        // Every third dies while it starts, when migration and recovery run.
        const wanted = (round + writer) % 3 === 0 ? 0 : Math.ceil(Math.random() * 40);
        store.child.stdin!.write(`flood r${round}w${writer}\n`);
        if (wanted === 0) await new Promise((resolve) => setTimeout(resolve, 60 + Math.random() * 200));
        else while (store.lines.length < wanted) await once(store.child.stdout!, 'data');
        store.child.kill('SIGKILL');
        await once(store.child, 'close');
        for (const name of store.lines) acknowledged.set(name, Number(name.split('-')[1]) % 900 || 1);
      }),
    );
    const from = performance.now();
    const store = openProfiles({ file: join(folder, 'profiles.db'), clock });
    for (const [name, length] of acknowledged) t.is(store.get(name)?.profile.title?.length, length, name);
    slowest = Math.max(slowest, performance.now() - from);
    store.close();
  }
  const database = new DatabaseSync(join(folder, 'profiles.db'));
  t.is(database.prepare('PRAGMA integrity_check').get()!['integrity_check'], 'ok');
  database.close();
  t.true(acknowledged.size > KILLS, `${acknowledged.size}`);
  t.true(slowest < 2_000, `opened again in ${slowest.toFixed(0)} ms`);
});

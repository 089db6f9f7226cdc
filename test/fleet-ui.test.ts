/** The fleet screen of the admin UI, in Chromium without scripts and over plain HTTP (design part 8; threats 57, 59, 60, 67). */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { AxeBuilder } from '@axe-core/playwright';
import test, { type ExecutionContext } from 'ava';
import * as cheerio from 'cheerio';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { placementCell } from '../admin/ui/parts/placement-cell.ts';
import { makeSigningKeys, readSigningKey } from '../fleet/bundle/signing-keys.ts';
import type { FleetStatus, ServerStatus, SetStatus } from '../fleet/fleet-status.ts';
import { signPlan } from '../fleet/plan/sign-plan.ts';
import { makeVisitor, type Visitor } from './support/admin-visitor.ts';
import type { Answer } from './support/client.ts';
import { bundleOf, serviceText } from './support/components.ts';
import { eventually } from './support/fleet.ts';
import { type OpenWorld, openWorld, type World } from './support/gateway.ts';

// Chromium must reach nobody but the gateway; the sandbox of its own cannot be had as root.
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'];
const XSS = '<img src=x onerror=alert(1)>"\'</textarea><script>alert(1)</script>';
const CLI = fileURLToPath(new URL('../bin/cli.ts', import.meta.url));
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'fleet-ui-'));
const { keyFile, publicFile } = makeSigningKeys(join(folder, 'keys'));
const key = readSigningKey(keyFile);
let browser: Browser;
let shared: OpenWorld;
let world: World;
let visitor: Visitor;
/** The plan that a fleet of one is given: a set that is ready, and one that wants a server more than there is. */
let plan: object;

test.before(async (t) => {
  t.timeout(120_000);
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGUMENTS });
  shared = await openWorld({ environment: { NODE_NAME: 'harbour', ZONE: 'north', FLEET_KEYS: publicFile } });
  world = shared.world;
  visitor = makeVisitor(world.server.adminOrigin!);
  await visitor.signIn(world.server.adminToken.secret);
  t.regex((await visitor.get('/ui/fleet')).text, /There is no plan yet/);
  const built = await bundleOf(
    { 'index.ts': serviceText('tides', "return new Response('high');"), 'data/sales': 'a,b\n1,2\n' },
    key,
  );
  const fields = { 'content-type': 'application/octet-stream' };
  const bodies = [...built.data.values()].map(({ bytes }) => ['', bytes] as const);
  for (const [query, body] of [['?kind=bundle', built.bytes] as const, ...bodies])
    t.is((await world.admin(`/api/fleet/blobs${query}`, { method: 'POST', body, fields })).status, 201);
  const [bundles, sales] = [[built.digest], built.data.get('sales')!.digest];
  plan = {
    functionSets: { tides: { bundles }, charts: { bundles, data: { sales } } },
    placement: { tides: { replicas: 2, servers: ['harbour', 'pier'] }, charts: { replicas: 1 } },
    routes: [{ match: '/tides/*', strip: '/tides', set: 'tides' }],
    sites: [{ host: 'shop.example', content: { set: 'tides' }, functions: { '/cart/*': { set: 'charts' } } }],
    authority: { profiles: 'harbour' },
  };
});

test.after.always(async () => {
  await browser?.close();
  await shared?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function readStatus(): Promise<FleetStatus> {
  return JSON.parse((await world.admin('/api/fleet')).text) as FleetStatus;
}

async function signedIn(options: BrowserContextOptions): Promise<Page> {
  const page = await (await browser.newContext(options)).newPage();
  await page.goto(`${world.server.adminOrigin}/`);
  await page.fill('input[name=token]', world.server.adminToken.secret);
  await page.keyboard.press('Enter');
  await page.waitForSelector('nav.screens');
  return page;
}

async function tabTo(t: ExecutionContext, page: Page, selector: string): Promise<void> {
  const place = page.locator(selector).first();
  for (let presses = 0; presses < 100; presses++) {
    await page.keyboard.press('Tab');
    if (await place.evaluate((element) => element.matches(':focus'))) return;
  }
  t.fail(`Tab never reached ${selector}`);
}

const faultOf = ({ text }: Answer): string => cheerio.load(text)('.fault').text().trim();
const tryPlan = (text: string): Promise<Answer> => visitor.submit('/ui/fleet/plan', { plan: text }, PLAN_FORM);
const PLAN_FORM = { form: 'form[action="/ui/fleet/plan"]' };

test.serial(
  'a signed plan is pasted, its changes are shown, and only then it is applied; the screen shows what came of it',
  async (t) => {
    const signed = JSON.stringify(signPlan(plan, 1, key));
    const shown = await tryPlan(signed);
    t.is(shown.status, 200);
    const $ = cheerio.load(shown.text);
    t.regex($('#changes').text(), /charts: a new set.*tides: a new set/s);
    t.regex($('#shifts').text(), /harbour gains charts, tides/);
    t.regex($('#unmet').text(), /tides wants 2 servers and has 1: pier is not alive/);
    t.is((await readStatus()).serial, 0, 'nothing is applied yet');
    const apply = 'form[action="/ui/fleet/apply"]';
    const done = await visitor.post('/ui/fleet/apply', [
      ['form', String($(`${apply} [name=form]`).attr('value'))],
      ['plan', String($(`${apply} [name=plan]`).attr('value'))],
    ]);
    t.is(done.fields.location, '/ui/fleet?done=applied');
    await eventually(async () => (await readStatus()).sets.every(({ ready }) => ready.includes('harbour')));
    const page = cheerio.load((await visitor.get('/ui/fleet?done=applied')).text);
    const rows = page('#placements tbody tr');
    const cellsOf = (index: number) =>
      rows
        .eq(index)
        .children()
        .map((_, cell) => page(cell).text().trim())
        .get();
    t.deepEqual(
      page('#placements thead th')
        .map((_, cell) => page(cell).text())
        .get(),
      ['Server', 'charts', 'tides'],
    );
    const [name, charts, tides] = cellsOf(0);
    t.is(name, 'harbour');
    t.regex(charts!, /^ready [0-9a-f]{12} sales edition 1$/);
    t.regex(tides!, /^ready [0-9a-f]{12}$/);
    t.deepEqual(cellsOf(1), ['pier', '–', 'not there']);
    t.regex(page('.done').text(), /Plan 1 is in force/);
    t.regex(page('#drift').text(), /tides wants 2 servers and has 1: pier is not alive/);
    t.regex(page('#servers').text(), /harbour this server.*north.*in use.*1.*0.*none.*pier.*not there/s);
    t.regex(page('#sets').text(), /tides.*12harbouron 2 servers, only harbour, pier/s);
    t.regex(page('#routes').text(), /\/tides\/\*own hoststidesreplayurl\/tides/);
    t.regex(page('#plan-sites').text(), /shop\.example.*tides.*\/cart\/\* charts/s);
    t.regex(page('#authorities').text(), /profilesharbour/);
    t.regex(page('main').text(), /fleet of one/);
  },
);

test.serial('the state of the fleet holds its plan, with all defaults filled in', async (t) => {
  const { plan: held, serial } = await readStatus();
  t.is(serial, 1);
  t.deepEqual(held?.placement, {
    tides: { replicas: 2, servers: ['harbour', 'pier'] },
    charts: { replicas: 1 },
  });
  t.deepEqual(held?.routes, [{ match: '/tides/*', strip: '/tides', set: 'tides', mode: 'replay', key: 'url' }]);
  t.is(held?.sites[0]?.host, 'shop.example');
});

test.serial(
  'by keyboard alone and without scripts a set is moved: tried, downloaded, signed where the key is, applied, and written down',
  async (t) => {
    t.timeout(90_000);
    const page = await signedIn({ javaScriptEnabled: false, acceptDownloads: true });
    await tabTo(t, page, 'nav a[href="/ui/fleet"]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#sets');
    await tabTo(t, page, 'a[href="/ui/fleet/move?set=tides"]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#replicas');
    t.true(await page.getByLabel('pier', { exact: true }).isChecked());
    await tabTo(t, page, 'input[value=pier]');
    await page.keyboard.press('Space');
    await tabTo(t, page, 'button[name=try]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#changes');
    t.regex((await page.textContent('#changes')) ?? '', /tides: now on 1 server, only harbour; before, on 2 servers/);
    t.regex((await page.textContent('section')) ?? '', /No server gains or loses a set/);
    t.is(
      await page.textContent('#apply-command'),
      `format-gateway fleet apply PLAN.json --key signing.key --server ${world.server.adminOrigin} --wait`,
    );
    await tabTo(t, page, 'form[action="/ui/fleet/plan.json"] button');
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
    t.is(download.suggestedFilename(), 'PLAN.json');
    const file = join(folder, 'PLAN.json');
    await download.saveAs(file);
    t.deepEqual(JSON.parse(readFileSync(file, 'utf8')).placement.tides, { replicas: 1, servers: ['harbour'] });
    const command = /fleet sign PLAN.json --key signing.key --serial (\d+)/.exec(
      (await page.textContent('#sign-command')) ?? '',
    );
    const sign = ['fleet', 'sign', file, '--key', keyFile, '--serial', command![1]!];
    const { stdout } = await run(process.execPath, [CLI, ...sign]);
    await tabTo(t, page, 'main a[href="/ui/fleet/plan"]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#plan');
    await tabTo(t, page, '#plan');
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.insertText(stdout);
    await tabTo(t, page, 'form[action="/ui/fleet/plan"] button');
    await page.keyboard.press('Enter');
    await page.waitForSelector('form[action="/ui/fleet/apply"]');
    await tabTo(t, page, 'form[action="/ui/fleet/apply"] button');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.done');
    t.regex((await page.textContent('.done')) ?? '', /Plan 2 is in force/);
    const { serial, sets } = await readStatus();
    t.is(serial, 2);
    t.is(sets.find(({ name }) => name === 'tides')?.replicas, 1);
    const log = JSON.parse((await world.admin('/api/audit?kind=fleet&name=plan')).text) as { changes: AuditLine[] };
    t.like(log.changes[0], { action: 'apply', actor: { kind: 'session' }, before: { serial: 1 }, result: 'done' });
    t.regex((await visitor.get('/ui/audit?kind=fleet')).text, /apply fleet/);
    await page.context().close();
  },
);

interface AuditLine {
  readonly action: string;
  readonly actor: { readonly kind: string };
  readonly before: unknown;
  readonly after: unknown;
  readonly result: string;
}

test.serial(
  'threats 59, 60, 67: what is wrong with a plan is told above it, it stays as it was written, and nothing changes',
  async (t) => {
    const { serial } = await readStatus();
    const other = readSigningKey(makeSigningKeys(join(folder, 'others')).keyFile);
    const good = signPlan(plan, serial + 1, key);
    const cases: readonly (readonly [string, string, RegExp])[] = [
      ['no JSON', XSS, /this is not JSON/],
      ['an unknown key', '{"sets":{}}', /Unrecognized key: "sets"/],
      ['a prototype', '{"functionSets":{"__proto__":{}}}', /never taken/],
      ['a set that is none', '{"routes":[{"match":"/x","set":"nowhere"}]}', /nowhere/],
      ['another key', JSON.stringify(signPlan(plan, serial + 1, other)), /untrusted-key/],
      ['an old serial', JSON.stringify(signPlan(plan, serial, key)), /downgraded/],
      ['another serial than was signed', JSON.stringify({ ...good, serial: serial + 2 }), /tampered/],
      ['another text than was signed', JSON.stringify({ ...good, text: `${good.text} ` }), /bad-signature/],
    ];
    for (const [what, text, expected] of cases) {
      for (const action of ['/ui/fleet/plan', '/ui/fleet/apply']) {
        const token = cheerio
          .load((await visitor.get('/ui/fleet/plan')).text)('main [name=form]')
          .attr('value');
        const answer = await visitor.post(action, [
          ['form', token!],
          ['plan', text],
        ]);
        t.is(answer.status, 422, `${what} ${action}`);
        const isApplied = action.endsWith('apply') && !text.includes('signature');
        t.regex(faultOf(answer), isApplied && text !== XSS ? /this is no signed plan/ : expected, `${what} ${action}`);
        const $ = cheerio.load(answer.text);
        t.is($('textarea').text().trim(), text.trim(), what);
        t.is($('textarea').attr('aria-invalid'), 'true');
        t.is($(`#${$('textarea').attr('aria-describedby')?.split(' ')[1]}`).length, 1);
        t.is($('main img, main script, form[action="/ui/fleet/apply"]').length, 0, what);
      }
    }
    t.is((await readStatus()).serial, serial);
  },
);

test.serial('a plan that is not signed is tried, offered for download, and lists what no server has', async (t) => {
  const digest = `sha256:${'0'.repeat(64)}`;
  const tried = await tryPlan(JSON.stringify({ functionSets: { other: { bundles: [digest] } } }));
  t.is(tried.status, 200);
  const $ = cheerio.load(tried.text);
  t.regex($('#missing').text(), /sha256:0{64}: push it first/);
  t.regex($('#changes').text(), /tides: the set is removed/);
  t.is($('form[action="/ui/fleet/apply"]').length, 0);
  t.is($('form[action="/ui/fleet/plan.json"]').length, 1);
  const same = cheerio.load((await visitor.submit('/ui/fleet/plan', {}, PLAN_FORM)).text);
  t.regex(same('section').text(), /Nothing changes/, 'the form begins with the plan in force');
});

test.serial('a move that cannot be is told beside the form, which stays as it was filled', async (t) => {
  t.is(
    cheerio
      .load((await visitor.get('/ui/fleet/move?set=charts')).text)('#replicas')
      .attr('value'),
    '1',
    'as it is',
  );
  t.is(faultOf(await visitor.get('/ui/fleet/move?set=nobody&try=yes')), 'the plan has no set `nobody`.');
  const wrong = await visitor.get('/ui/fleet/move?set=charts&server=harbour&replicas=lots&try=yes');
  t.is(wrong.status, 422);
  const $ = cheerio.load(wrong.text);
  t.is($('#replicas').attr('value'), 'lots');
  t.is($('#replicas').attr('aria-invalid'), 'true');
  t.true($('input[value=harbour]').is('[checked]'));
  t.is($('#set [selected]').attr('value'), 'charts');
  t.is((await visitor.get('/ui/fleet/move?set=charts&replicas=0&try=yes')).status, 422);
  const named = await visitor.get(`/ui/fleet/move?set=charts&server=${encodeURIComponent(XSS)}&try=yes`);
  t.is(named.status, 422);
  t.is(cheerio.load(named.text)('main img, main script').length, 0);
  const far = cheerio.load((await visitor.get('/ui/fleet/move?set=charts&zone=south&spread=zone&try=yes')).text);
  t.regex(far('#unmet').text(), /charts wants 1 server and has 0: harbour is in zone north, not south/);
  t.deepEqual(JSON.parse(far('#changed-plan').text()).placement.charts, { replicas: 1, zone: 'south', spread: 'zone' });
});

test.serial(
  'a server is drained and taken back, each after a question; both are written down (threat 57)',
  async (t) => {
    const isDraining = async () => (await readStatus()).servers[0]!.isDraining;
    const question = await visitor.get('/ui/fleet/servers/harbour/drain');
    t.regex(question.text, /charts: no other server in use may have it, so it stays here/);
    t.false(await isDraining(), 'looking changes nothing');
    t.is((await visitor.post('/ui/fleet/servers/harbour/drain', [])).status, 403);
    t.false(await isDraining());
    const form = (verb: string) => ({ form: `form[action="/ui/fleet/servers/harbour/${verb}"]` });
    const drained = await visitor.submit('/ui/fleet/servers/harbour/drain', {}, form('drain'));
    t.is(drained.fields.location, '/ui/fleet?done=draining&server=harbour');
    await eventually(isDraining);
    const page = cheerio.load((await visitor.get(String(drained.fields.location))).text);
    t.regex(page('.done').text(), /harbour is being drained/);
    t.regex(page('#servers').text(), /draining.*Take back harbour/s);
    await visitor.submit('/ui/fleet/servers/harbour/use', {}, form('use'));
    await eventually(async () => !(await isDraining()));
    const log = JSON.parse((await world.admin('/api/audit?kind=fleet&name=harbour')).text) as { changes: AuditLine[] };
    t.deepEqual(
      log.changes.map(({ action, actor, after, result }) => [action, actor.kind, after, result]),
      [
        ['drain', 'session', { isDraining: false }, 'done'],
        ['drain', 'session', { isDraining: true }, 'done'],
      ],
    );
    t.is((await visitor.get('/ui/fleet/servers/nobody/drain')).status, 404);
  },
);

test.serial(
  'every page of the fleet has no fault that axe finds, in light and dark, and none scrolls sideways at 320 pixels',
  async (t) => {
    t.timeout(120_000);
    const page = await signedIn({});
    const paths = ['/ui/fleet', '/ui/fleet/move?set=tides', '/ui/fleet/move?set=tides&server=pier&try=yes'];
    paths.push('/ui/fleet/move?set=charts&replicas=x&try=yes', '/ui/fleet/plan', '/ui/fleet/servers/harbour/drain');
    const views = [
      [1280, 'light'],
      [320, 'dark'],
    ] as const;
    for (const path of paths)
      for (const [width, colorScheme] of views) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        await page.goto(`${world.server.adminOrigin}${path}`, { waitUntil: 'load' });
        const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
        t.deepEqual(
          violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 120)}`),
          [],
          `${path} ${width}`,
        );
        const over = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
        t.true(Number(over) <= 0, `${path} is ${over} pixels too wide at ${width}`);
      }
    await page.context().close();
  },
);

test('a cell tells whether a set is ready on a server, being got, to be given up, or why not', (t) => {
  const server = (name: string, more: Partial<ServerStatus> = {}): ServerStatus => ({
    name,
    url: `http://${name}.example`,
    key: 'ed25519:x',
    zone: 'north',
    adminPort: 1,
    serial: 1,
    isDraining: false,
    isManager: false,
    sets: {},
    problems: {},
    routesBy: '',
    load: 0,
    agrees: true,
    ...more,
  });
  const version = 'sha256:0123456789abcdef';
  const holder = (name: string, edition: number) => ({
    server: name,
    version,
    editions: { sales: edition },
    isReady: edition === 2,
  });
  const set: SetStatus = {
    name: 'charts',
    version,
    replicas: 5,
    assigned: ['ready', 'behind', 'empty', 'broken', 'dead'],
    ready: ['ready', 'leaving'],
    holders: [holder('ready', 2), holder('behind', 1), holder('leaving', 2)],
    editions: { sales: 2 },
    why: [],
  };
  const status: FleetStatus = {
    server: 'ready',
    registry: { kind: 'nats', isConnected: true },
    manager: null,
    serial: 1,
    plan: {
      functionSets: { charts: { bundles: [], data: {} } },
      placement: { charts: { replicas: 5, zone: 'north' } },
      routes: [],
      sites: [],
      authority: {},
    },
    servers: [
      ...['ready', 'behind', 'empty', 'leaving', 'free'].map((name) => server(name)),
      server('broken', { problems: { charts: 'an example failed' } }),
      server('far', { zone: 'south' }),
      server('drained', { isDraining: true }),
    ],
    sets: [set],
    authorities: {},
    drift: [],
    isSettled: false,
  };
  const told = Object.fromEntries(
    ['ready', 'behind', 'empty', 'broken', 'dead', 'leaving', 'free', 'far', 'drained', 'nobody'].map((name) => [
      name,
      cheerio
        .load(placementCell(status, set, name).text)
        .text()
        .trim(),
    ]),
  );
  t.deepEqual(told, {
    ready: 'ready 0123456789ab sales edition 2',
    behind: 'being got 0123456789ab sales edition 1 is what it has so far',
    empty: 'being got',
    broken: 'failed  an example failed',
    dead: 'not there',
    leaving: 'to be given up 0123456789ab sales edition 2',
    free: '–',
    far: 'in zone south, not north',
    drained: 'drained',
    nobody: '–',
  });
});

test('fleet sign prints a plan that a server takes, and refuses a serial that is none', async (t) => {
  const file = join(folder, 'unsigned.json');
  writeFileSync(file, JSON.stringify({ functionSets: {} }));
  const sign = (serial: string) =>
    run(process.execPath, [CLI, 'fleet', 'sign', file, '--key', keyFile, '--serial', serial]);
  t.deepEqual(JSON.parse((await sign('7')).stdout), signPlan({ functionSets: {} }, 7, key));
  const refused = await t.throwsAsync<Error & { code: number; stderr: string }>(() => sign('none'));
  t.not(refused?.code, 0);
  t.regex(String(refused?.stderr), /serial/);
});

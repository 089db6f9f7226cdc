/** The admin UI, in Chromium and over plain HTTP (design part 4; threats 24, 26, 56 to 62). */
import { AxeBuilder } from '@axe-core/playwright';
import test from 'ava';
import * as cheerio from 'cheerio';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { makeSessions } from '../admin/ui/sessions.ts';
import { fieldsOf, makeVisitor, type Visitor } from './support/admin-visitor.ts';
import { ask, CLIENTS } from './support/client.ts';
import { FakeClock } from './support/fake-clock.ts';
import { inWorld, type OpenWorld, openWorld } from './support/gateway.ts';

// Chromium must reach nobody but the gateway; the sandbox of its own cannot be had as root.
const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'];
const XSS = '<img src=x onerror=alert(1)>"\'><script>alert(1)</script>';
const PAGE = `<!DOCTYPE html><title>${XSS}</title><h1>Tides</h1><p>High water at noon, low water at six; ${'the harbour stays open all year. '.repeat(20)}</p>`;
let browser: Browser;
let shared: OpenWorld;
let visitor: Visitor;
let context: BrowserContext;

test.before(async () => {
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGUMENTS });
  shared = await openWorld({ environment: { NODE_NAME: 'harbour', ZONE: 'north' } });
  const { origin, server, through } = shared.world;
  origin.on('/page', PAGE);
  await through('/page', { fields: CLIENTS.kaios });
  visitor = makeVisitor(server.adminOrigin!);
  await visitor.signIn(server.adminToken.secret);
});

test.after.always(async () => {
  await browser?.close();
  await shared?.close();
});

/** The form that edits a profile, among the small ones of its page. */
const EDITOR = { form: 'form:has(button[value=save])' };

async function signedIn(page: Page): Promise<Page> {
  const { server } = shared.world;
  await page.goto(`${server.adminOrigin}/`);
  if ((await page.locator('input[name=token]').count()) > 0) {
    await page.fill('input[name=token]', server.adminToken.secret);
    await page.keyboard.press('Enter');
  }
  await page.waitForSelector('nav.screens');
  return page;
}

async function clientId(agent: string): Promise<string> {
  const { clients } = JSON.parse((await shared.world.admin(`/api/clients?q=${agent}`)).text) as {
    clients: { id: string }[];
  };
  return clients[0]!.id;
}

const chainFor = async (fields: Record<string, string>) =>
  String((await shared.world.through('/page', { fields })).fields['format-chain']);
const typeFor = async (fields: Record<string, string>) =>
  String((await shared.world.through('/page', { fields })).fields['content-type']);

test.serial(
  'an admin signs in and edits a profile by keyboard alone, and a running client’s next reply changes',
  async (t) => {
    t.timeout(60_000);
    context = await browser.newContext();
    const page = await context.newPage();
    const { server } = shared.world;
    t.regex(await chainFor(CLIENTS.kaios), /html-lite/);
    await page.goto(`${server.adminOrigin}/`);
    t.is(await page.evaluate('document.activeElement?.getAttribute("name")'), 'token');
    await page.keyboard.type(server.adminToken.secret);
    await page.keyboard.press('Enter');
    await page.waitForSelector('nav.screens');
    for (const name of ['Profiles', 'Clients', 'Formatters', 'Traffic', 'Preview', 'Fleet'])
      t.is(await page.locator('nav.screens').getByRole('link', { name, exact: true }).count(), 1, name);
    const tabTo = async (selector: string) => {
      for (let presses = 0; presses < 200; presses++) {
        await page.keyboard.press('Tab');
        if (
          await page
            .locator(selector)
            .first()
            .evaluate((element) => element.matches(':focus'))
        )
          return;
      }
      t.fail(`Tab never reached ${selector}`);
    };
    await tabTo('nav a[href="/ui/profiles"]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#presets');
    await tabTo('a[href="/ui/profiles/kaios"]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[name="prefers.presentation"]');
    await tabTo('select[name="prefers.presentation"]');
    await page.keyboard.type('article');
    await tabTo('button[value=save]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.done');
    t.regex((await page.textContent('.done')) ?? '', /Saved/);
    t.regex(await chainFor(CLIENTS.kaios), /html-article/);
    await page.locator('.done button').click();
    await page.waitForURL(/done=undone/);
    t.notRegex(await chainFor(CLIENTS.kaios), /html-article/, 'the change was undone');
    await page.close();
  },
);

test.serial(
  'a detected client becomes a profile by one click, is given another, is previewed and is forgotten',
  async (t) => {
    const id = await clientId('KAIOS');
    const made = await visitor.submit('/ui/clients?q=kaios', {}, { form: `form[action="/ui/clients/${id}/profile"]` });
    t.is(made.status, 303);
    const name = /^\/ui\/profiles\/([a-z0-9-]+)\?/.exec(String(made.fields.location))?.[1] ?? '';
    const stored = JSON.parse((await shared.world.admin(`/api/profiles/${name}`)).text) as Record<string, unknown>;
    t.is(stored['extends'], 'kaios');
    const assigned = await visitor.submit(`/ui/clients/${id}`, { profile: 'terminal' });
    t.is(assigned.status, 303);
    t.regex(await typeFor(CLIENTS.kaios), /text\/plain/);
    const url = encodeURIComponent(`${shared.world.origin.url}/page`);
    const seen = cheerio.load((await visitor.get(`/ui/preview?client=${id}&url=${url}`)).text);
    t.regex(seen('main').text(), /Sent as text/);
    const gone = await visitor.submit(`/ui/clients/${id}/forget`, {});
    t.is(gone.status, 303);
    t.is((await visitor.get(`/ui/clients/${id}`)).status, 404);
    await shared.world.admin(`/api/profiles/${name}`, { method: 'DELETE' });
    const log = JSON.parse((await shared.world.admin('/api/audit?kind=client')).text) as {
      changes: { action: string; actor: { kind: string } }[];
    };
    t.deepEqual(
      log.changes.map(({ action, actor }) => `${action} by ${actor.kind}`),
      ['remove by session', 'assign by session'],
    );
  },
);

test.serial('what is wrong is 422 with the form as it was filled and each fault at its field', async (t) => {
  const answer = await visitor.submit('/ui/profiles/phone', {
    do: 'save',
    'prefers.images.maxWidth': 'wide',
    'prefers.types': 'text/html 2',
    'match.address': '300.1.2.3',
    title: 'kept as it was',
  });
  t.is(answer.status, 422);
  const $ = cheerio.load(answer.text);
  for (const name of ['prefers.images.maxWidth', 'prefers.types', 'match.address']) {
    const field = $(`[name="${name}"]`);
    t.is(field.attr('aria-invalid'), 'true', name);
    const described = field.attr('aria-describedby')?.split(' ') ?? [];
    t.true(
      described.some((id) => $(`[id="${id}"]`).hasClass('wrong')),
      name,
    );
    t.true($(`.fault a[href="#${name}"]`).length === 1, name);
  }
  t.is($('[name="prefers.images.maxWidth"]').attr('value'), 'wide');
  t.is($('[name=title]').attr('value'), 'kept as it was');
  t.is(JSON.parse((await shared.world.admin('/api/profiles/phone')).text).title, 'Smartphone');
  const notJson = await visitor.submit('/ui/profiles/phone/json', { json: '{"name": }' });
  t.is(notJson.status, 422);
  t.is(cheerio.load(notJson.text)('textarea').text().trim(), '{"name": }');
});

test.serial(
  'an exception for a site is a row that a button adds; a stale form shows both editions; undo and removal work',
  async (t) => {
    const made = await visitor.submit('/ui/new-profile?extends=kaios', {
      do: 'save',
      name: 'mine',
      'prefers.presentation': 'article',
      'match.userAgent': 'Wanted\nOther',
      'prefers.formatters.html-lite.bar': 'no',
    });
    t.is(made.status, 303);
    const added = await visitor.submit('/ui/profiles/mine', { do: 'add-site' }, EDITOR);
    t.is(added.status, 200);
    const { fields } = fieldsOf(added.text, 'main form[action="/ui/profiles/mine"]');
    const filled = { 'sites.0.host': 'example.org', 'sites.0.images.load': 'no', do: 'save' };
    const fill = [...fields.filter(([name]) => !(name in filled)), ...Object.entries(filled)];
    t.is((await visitor.post('/ui/profiles/mine', fill)).status, 303);
    t.deepEqual(JSON.parse((await shared.world.admin('/api/profiles/mine')).text), {
      name: 'mine',
      extends: 'kaios',
      match: { userAgent: ['Wanted', 'Other'] },
      prefers: { presentation: 'article', formatters: { 'html-lite': { bar: false } } },
      sites: { 'example.org': { images: { load: false } } },
    });
    fill.unshift(['title', 'too late']);
    const stale = await visitor.post('/ui/profiles/mine', fill);
    t.is(stale.status, 412);
    t.is(cheerio.load(stale.text)('.fault pre').length, 2);
    const again = fieldsOf(stale.text, 'main form[action="/ui/profiles/mine"]').fields;
    t.is((await visitor.post('/ui/profiles/mine', [...again, ['do', 'save']])).status, 303, 'mine over theirs');
    t.is(JSON.parse((await shared.world.admin('/api/profiles/mine')).text).title, 'too late');
    t.is((await visitor.submit('/ui/profiles/mine', {}, { form: 'form[action$="/undo"]' })).status, 303);
    t.is(JSON.parse((await shared.world.admin('/api/profiles/mine')).text).title, undefined);
    t.is((await visitor.submit('/ui/profiles/mine/delete', {})).status, 303);
    t.is((await shared.world.admin('/api/profiles/mine')).status, 404);
    t.is((await visitor.submit('/ui/profiles?done=removed&name=mine', {}, { form: '.done form' })).status, 303);
    t.is((await shared.world.admin('/api/profiles/mine')).status, 200, 'a removed profile comes back');
    await visitor.submit('/ui/profiles/mine/delete', {});
  },
);

test.serial('rules are tried, and what would change for whom is told before it is stored', async (t) => {
  await shared.world.through('/page', { fields: CLIENTS.lynx });
  const tried = cheerio.load((await visitor.get('/ui/profiles?userAgent=Lynx%2F2.9')).text);
  t.regex(tried('main [role=status]').text(), /text-browser/);
  t.is((await visitor.get('/ui/profiles?url=ftp%3A%2F%2Fx')).status, 400);
  const impact = await visitor.submit('/ui/profiles/text-browser', { do: 'impact', 'prefers.presentation': 'text' });
  const $ = cheerio.load(impact.text);
  t.regex($('#impact').text(), /Lynx.*presentation.*text/s);
  t.is(JSON.parse((await shared.world.admin('/api/profiles/text-browser')).text).prefers.presentation, 'lite');
});

test.serial('a preview shows both sides in frames, why, and a permalink; a changed option is a new run', async (t) => {
  t.timeout(60_000);
  const { origin, server } = shared.world;
  const page = await signedIn(await context.newPage());
  await page.goto(`${server.adminOrigin}/ui/preview`);
  await page.fill('#url', `${origin.url}/page`);
  await page.selectOption('#profile', 'kaios');
  await page.getByRole('button', { name: 'Run' }).click();
  await page.waitForSelector('iframe[src^="/preview/adapted/"]');
  await page.locator('iframe[src^="/preview/adapted/"]').scrollIntoViewIfNeeded();
  const adapted = page.frameLocator('iframe[src^="/preview/adapted/"]');
  await adapted.locator('h1').waitFor();
  t.is(await adapted.locator('h1').textContent(), 'Tides');
  t.regex((await page.textContent('#steps')) ?? '', /html-lite/);
  t.regex((await page.textContent('#preferences')) ?? '', /images\.maxWidth.*240.*kaios/);
  const permalink = (await page.getByRole('link', { name: 'Permalink' }).getAttribute('href')) ?? '';
  t.notRegex(permalink, /=(?:&|$)/, 'what was left empty is left out');
  const other = await visitor.get(`${permalink}&options.images.maxWidth=100&as=markdown`);
  t.is(other.status, 200);
  t.regex(cheerio.load(other.text)('main').text(), /Sent as markdown/);
  t.is((await visitor.get(`${permalink}&options.images.maxWidth=0`)).status, 422);
  t.is((await visitor.get('/ui/preview?url=http%3A%2F%2F10.0.0.1%2F')).status, 403, 'guarded like any fetch');
  await page.close();
});

test.serial('a formatter that is switched off makes no more replies, and comes back', async (t) => {
  const chain = () => chainFor(CLIENTS.kaios);
  const form = 'form[action="/ui/formatters/html-lite"]';
  t.regex(await chain(), /html-lite/);
  t.is((await visitor.submit('/ui/formatters', {}, { form })).status, 303);
  t.notRegex(await chain(), /html-lite/);
  t.is((await visitor.submit('/ui/formatters', {}, { form })).status, 303);
  t.regex(await chain(), /html-lite/);
});

test.serial('sites are added, changed and removed; those of a mistake are 422', async (t) => {
  const { origin, get } = shared.world;
  const bad = await visitor.submit('/ui/new-site', { host: 'not a host', upstream: 'ftp://x' });
  t.is(bad.status, 422);
  t.is(cheerio.load(bad.text)('[name=host]').attr('value'), 'not a host');
  t.is((await visitor.submit('/ui/new-site', { host: 'docs.example', upstream: origin.url })).status, 303);
  const asked = () => get('/page', { fields: { ...CLIENTS.desktop, host: 'docs.example' } });
  t.is((await asked()).status, 200);
  t.is((await visitor.submit('/ui/sites/docs.example', { profile: 'terminal' })).status, 303);
  t.regex(String((await asked()).fields['content-type']), /text\/plain/);
  t.is((await visitor.submit('/ui/sites/docs.example/delete', {})).status, 303);
  t.is((await asked()).status, 421);
});

test.serial('views are made, edited and removed; a name that is taken is not overwritten', async (t) => {
  const text = '# Sales\n\nOf this year.\n';
  t.is((await visitor.submit('/ui/new-view', { name: 'sales', markdown: text })).status, 303);
  t.is((await shared.world.admin('/api/views/sales')).text, text);
  t.is((await visitor.submit('/ui/new-view', { name: 'sales', markdown: 'other' })).status, 409);
  t.is((await visitor.submit('/ui/new-view', { name: 'No name', markdown: text })).status, 422);
  t.is((await visitor.submit('/ui/views/sales', { markdown: '# New\r\n' })).status, 303);
  t.is((await shared.world.admin('/api/views/sales')).text, '# New\n');
  t.is((await visitor.submit('/ui/views/sales/delete', {})).status, 303);
  t.is((await shared.world.admin('/api/views/sales')).status, 404);
});

test.serial('traffic shows exchanges, and new ones as they come where scripts run', async (t) => {
  t.timeout(60_000);
  const page = await signedIn(await context.newPage());
  await page.goto(`${shared.world.server.adminOrigin}/ui/traffic`, { waitUntil: 'domcontentloaded' });
  await page.getByText('Live: new exchanges').waitFor();
  const before = await page.locator('#exchanges tbody tr').count();
  await shared.world.through('/page', { fields: CLIENTS.curl });
  await page.locator('#exchanges tbody tr').nth(before).waitFor();
  t.regex((await page.locator('#exchanges tbody tr').first().textContent()) ?? '', /tool/);
  await page.close();
  t.regex((await visitor.get('/ui/fleet')).text, /fleet of one.*harbour.*north/s);
});

test.serial(
  'threat 60: what clients, origins and admins wrote is text on every screen, and no script runs',
  async (t) => {
    t.timeout(90_000);
    const { admin, through, server, origin } = shared.world;
    await through('/page', { fields: { ...CLIENTS.desktop, 'user-agent': `Evil/1.0 ${XSS}` } });
    await admin('/api/profiles', { method: 'POST', json: { name: 'evil', title: XSS, match: { userAgent: [XSS] } } });
    await admin('/api/views/evil', { method: 'PUT', json: { markdown: `</textarea>${XSS}` } });
    const id = await clientId('Evil');
    const url = encodeURIComponent(`${origin.url}/page`);
    const page = await signedIn(await context.newPage());
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(page.url());
      void dialog.dismiss();
    });
    const paths = [
      '/',
      '/ui/profiles',
      '/ui/profiles/evil',
      '/ui/profiles/evil/json',
      '/ui/clients',
      `/ui/clients/${id}`,
    ];
    paths.push(`/ui/preview?url=${url}&profile=evil`, '/ui/views/evil', '/ui/traffic', '/ui/audit');
    paths.push(`/ui/profiles?userAgent=${encodeURIComponent(XSS)}`, `/ui/${encodeURIComponent(XSS)}`);
    for (const path of paths) {
      await page.goto(`${server.adminOrigin}${path}`, { waitUntil: 'domcontentloaded' });
      t.is(await page.locator('main img, main script, main [onerror]').count(), 0, path);
    }
    t.deepEqual(dialogs, []);
    await page.close();
    await admin('/api/profiles/evil', { method: 'DELETE' });
  },
);

const SCREENS = [
  '/',
  '/ui/profiles?userAgent=Lynx',
  '/ui/profiles/kaios',
  '/ui/profiles/kaios/json',
  '/ui/new-profile?extends=phone',
  '/ui/clients',
  '/ui/formatters',
  '/ui/sites',
  '/ui/new-site',
  '/ui/views',
  '/ui/new-view',
  '/ui/traffic',
  '/ui/fleet',
  '/ui/audit',
  '/ui/nowhere',
];

test.serial(
  'every screen has no fault that axe finds, in light and dark, and none scrolls sideways at 320 pixels',
  async (t) => {
    t.timeout(120_000);
    const { server, origin } = shared.world;
    const page = await signedIn(await context.newPage());
    const look = async (path: string, width: number, colorScheme: 'light' | 'dark') => {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      // Styles and all: without them colours are not ours.
      await page.goto(`${server.adminOrigin}${path}`, { waitUntil: 'load' });
      // Frames are sandboxed and not ours to judge: axe must not try to run in them.
      const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
      t.deepEqual(
        violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 120)}`),
        [],
        `${path} ${width}`,
      );
      const over = Number(
        await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
      );
      t.true(over <= 0, `${path} is ${over} pixels too wide at ${width}`);
    };
    const client = `/ui/clients/${await clientId('Lynx')}`;
    const preview = `/ui/preview?url=${encodeURIComponent(`${origin.url}/page`)}&profile=kaios`;
    for (const path of [...SCREENS, client, `${client}/forget`, preview]) {
      await look(path, 1280, 'light');
      await look(path, 320, 'dark');
    }
    await context.clearCookies();
    await look('/', 320, 'light');
    await look('/?once=nothing', 1280, 'dark');
    await page.close();
  },
);

test.serial('everything is there without scripts: sign-in, a row added, a profile saved, sign-out', async (t) => {
  t.timeout(60_000);
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const page = await signedIn(await plain.newPage());
  await page.goto(`${shared.world.server.adminOrigin}/ui/new-profile?extends=phone`);
  await page.fill('#name', 'scriptless');
  await page.getByRole('button', { name: 'Add an exception' }).click();
  await page.fill('[name="sites.0.host"]', 'example.org');
  await page.locator('[name="sites.0.presentation"]').first().selectOption('text');
  await page.getByRole('button', { name: 'Make profile' }).first().click();
  await page.waitForURL(/\/ui\/profiles\/scriptless/);
  const stored = JSON.parse((await shared.world.admin('/api/profiles/scriptless')).text) as Record<string, unknown>;
  t.deepEqual(stored['sites'], { 'example.org': { presentation: 'text' } });
  await page.goto(`${shared.world.server.adminOrigin}/ui/traffic`);
  t.true((await page.locator('#exchanges tbody tr').count()) > 1);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForSelector('input[name=token]');
  await plain.close();
});

test.serial(
  'threats 26, 62: pages of the UI are framed by nobody, stored nowhere, run only our script, and hold no secret',
  async (t) => {
    const { server } = shared.world;
    for (const path of ['/', '/ui/profiles', '/ui/fleet', '/ui/static/style.css']) {
      const { fields, text } = await visitor.get(path);
      t.regex(
        String(fields['content-security-policy']),
        /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/,
        path,
      );
      t.is(fields['cache-control'], 'no-store', path);
      t.is(fields['cross-origin-opener-policy'], 'same-origin', path);
      t.is(fields['cross-origin-resource-policy'], 'same-origin', path);
      t.is(fields['x-content-type-options'], 'nosniff', path);
      t.false(text.includes(server.adminToken.secret), path);
      t.false(text.includes(visitor.cookie.slice('format-admin='.length)), path);
    }
    const stranger = makeVisitor(server.adminOrigin!);
    const turned = await stranger.get('/ui/profiles/kaios');
    t.is(turned.fields.location, '/?to=%2Fui%2Fprofiles%2Fkaios');
    t.regex((await stranger.get('/?to=//evil.example')).text, /name="to" value="\/"/, 'nobody is sent elsewhere');
    t.is((await visitor.get('/ui/nothing')).status, 404);
    t.is((await visitor.get('/profiles', { accept: 'text/html' })).status, 404);
  },
);

test.serial(
  'threat 57: no form of another origin, without a token or by GET changes anything; a cookie opens no API',
  async (t) => {
    const { admin, server } = shared.world;
    const enabled = async () =>
      (JSON.parse((await admin('/api/formatters')).text).formatters as { name: string; enabled: boolean }[]).find(
        ({ name }) => name === 'html-lite',
      )?.enabled;
    const path = '/ui/formatters/html-lite';
    const { fields } = fieldsOf((await visitor.get('/ui/formatters')).text, `form[action="${path}"]`);
    const other = makeVisitor(server.adminOrigin!);
    await other.signIn(server.adminToken.secret);
    const refused = async (
      why: string,
      given: readonly (readonly [string, string])[],
      more?: Record<string, string>,
    ) => {
      const { status } = await visitor.post(path, given, more);
      t.true(status === 403 || status === 415, `${why}: ${status}`);
      t.true(await enabled(), why);
    };
    await refused('no token', [['enabled', 'no']]);
    await refused('a wrong token', [
      ['form', 'x.y'],
      ['enabled', 'no'],
    ]);
    const theirs = fieldsOf((await other.get('/ui/formatters')).text, `form[action="${path}"]`).fields;
    await refused('a token of another session', theirs);
    await refused('another origin', fields, { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' });
    await refused('another port', fields, { origin: server.origin, 'sec-fetch-site': 'same-site' });
    await refused('another port, without Origin told', fields, { 'sec-fetch-site': 'same-site' });
    await refused('a null origin', fields, { origin: 'null' });
    await refused('a body that is no form', fields, { 'content-type': 'text/plain' });
    await refused('no session', fields, { cookie: 'format-admin=0123456789abcdef0123456789abcdef' });
    t.is((await visitor.get(`${path}?enabled=no`)).status, 405);
    t.is(
      (
        await visitor.get('/ui/preview?url=http%3A%2F%2Fx', {
          'sec-fetch-site': 'same-site',
          'sec-fetch-mode': 'no-cors',
        })
      ).status,
      403,
    );
    t.is((await visitor.get('/api/profiles')).status, 401, 'the API takes the token alone');
    t.true(await enabled());
  },
);

test.serial('threat 58: a session has a new id at sign-in, and none after sign-out; cookies are strict', async (t) => {
  const { server } = shared.world;
  const own = makeVisitor(server.adminOrigin!);
  own.cookie = 'format-admin=fixed-by-somebody-else';
  const first = await own.signIn(server.adminToken.secret);
  t.regex(
    String(first.fields['set-cookie']),
    /^format-admin=[\w-]{32}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/,
  );
  const before = own.cookie;
  const signIn = fieldsOf((await makeVisitor(server.adminOrigin!).get('/')).text, 'main form');
  await own.post(signIn.action, [
    ...signIn.fields.filter(([name]) => name !== 'token'),
    ['token', server.adminToken.secret],
  ]);
  t.not(own.cookie, before);
  t.is((await own.get('/ui/audit', { cookie: before })).status, 303, 'the one before has ended');
  const kept = own.cookie;
  const events = await fetch(`${server.adminOrigin}/ui/traffic/events`, { headers: { cookie: kept } });
  t.is(events.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  t.is((await own.submit('/', {}, { form: 'form[action="/ui/sign-out"]' })).status, 303);
  t.regex(await events.text(), /^: here/, 'what was still told ends with the session');
  own.cookie = kept;
  t.is((await own.get('/ui/audit')).status, 303);
});

test('threat 58: sessions end an hour after their last use, twelve hours after sign-in, and links work once', (t) => {
  const clock = new FakeClock();
  const sessions = makeSessions(clock);
  const secret = sessions.start();
  for (let half = 0; half < 23; half++) {
    clock.advance(1_800_000);
    t.truthy(sessions.find(secret), `${half}`);
  }
  clock.advance(1_800_000);
  t.is(sessions.find(secret), undefined, 'twelve hours');
  const idle = sessions.start();
  clock.advance(3_600_000);
  t.is(sessions.find(idle), undefined);
  t.is(sessions.find(undefined), undefined);
  const link = sessions.makeLink();
  t.false(sessions.useLink('other'));
  t.true(sessions.useLink(link));
  t.false(sessions.useLink(link));
  const late = sessions.makeLink();
  clock.advance(900_000);
  t.false(sessions.useLink(late));
});

test.serial('a one-time link signs in by its form, once; looking at it uses nothing up', async (t) => {
  const { server } = shared.world;
  const link = new URL(server.makeSignInLink()!);
  t.is(link.origin, server.adminOrigin!);
  const own = makeVisitor(server.adminOrigin!);
  const path = `${link.pathname}${link.search}`;
  await own.get(path);
  t.is((await own.submit(path, {})).status, 303);
  t.is((await own.get('/ui/audit')).status, 200);
  const other = makeVisitor(server.adminOrigin!);
  t.is((await other.submit(path, {})).status, 403);
  t.is(other.cookie, '');
});

test(
  'threat 57: behind TLS the cookie is __Host- and Secure, and the name in front may be any',
  inWorld(
    async (t, { server }) => {
      const own = makeVisitor(server.adminOrigin!);
      const { action, fields } = fieldsOf((await own.get('/')).text, 'main form');
      const form = [...fields.filter(([name]) => name !== 'token'), ['token', server.adminToken.secret] as const];
      const answer = await own.post(action, form, { host: 'admin.example', origin: 'https://admin.example' });
      t.is(answer.status, 303);
      t.regex(
        String(answer.fields['set-cookie']),
        /^__Host-format-admin=[\w-]{32}; Path=\/; .*SameSite=Strict; Secure$/,
      );
    },
    { environment: { ADMIN_BEHIND_TLS: '1' } },
  ),
);

test(
  'threat 56: ten wrong tokens a minute, then 429 for the right one too; the field is told what was wrong',
  inWorld(async (t, { server }) => {
    const own = makeVisitor(server.adminOrigin!);
    for (let tries = 0; tries < 10; tries++) {
      const wrong = await own.submit('/', { token: `wrong ${tries}` });
      t.is(wrong.status, 401);
      t.is(cheerio.load(wrong.text)('[name=token]').attr('aria-invalid'), 'true');
      t.false(wrong.text.includes(`wrong ${tries}`));
    }
    const late = await own.signIn(server.adminToken.secret);
    t.is(late.status, 429);
    t.truthy(late.fields['retry-after']);
    t.is(own.cookie, '');
    const api = await ask(server.adminOrigin!, '/api/profiles', { fields: { authorization: 'Bearer wrong' } });
    t.is(api.status, 429, 'API and sign-in count together');
  }),
);

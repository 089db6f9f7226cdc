/** The admin listener beyond profiles: traffic, figures, metrics, audit, undo, sites, views, previews, its description (threats 57, 59 to 62). */
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import test from 'ava';
import { z } from 'zod';
import type { Admin } from '../admin/admin.ts';
import { apiRoutes } from '../admin/api/routes.ts';
import { openAudit } from '../admin/audit/audit.ts';
import { makePreviewFrames } from '../admin/preview/frames.ts';
import { makeLiveTraffic } from '../admin/watch/live-traffic.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { silentLog } from '../core/log.ts';
import type { Trace } from '../gateway/traffic/trace.ts';
import { openTraffic } from '../gateway/traffic/traffic.ts';
import { openViews } from '../gateway/views-store.ts';
import { openClients } from '../profiles/sqlite-clients.ts';
import { ask, CLIENTS } from './support/client.ts';
import { FakeClock } from './support/fake-clock.ts';
import { inWorld, testEnvironment, type World } from './support/gateway.ts';
import { startOrigin } from './support/origin.ts';
import { endProgram, type Program, startProgram } from './support/program.ts';

const PAGE = `<!DOCTYPE html><title>x</title><script>${'/'.repeat(2_000)}</script><main><h1>Hello</h1><p>${'word '.repeat(200)}</p></main>`;
const ACTOR = { kind: 'token', id: 'abcd', address: '127.0.0.1' } as const;

const TRACE: Trace = {
  client: undefined,
  class: 'tool',
  mode: 'prefix',
  host: 'h.example',
  presentation: 'lite',
  chain: 'html-lite',
  from: 'text/html',
  to: 'text/html',
  originalBytes: 1_000,
  originHit: true,
  variantHit: true,
  failure: undefined,
};

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at, not typed
async function json(world: World, path: string, options: Parameters<World['admin']>[1] = {}): Promise<any> {
  const answer = await world.admin(path, { ...options, fields: { accept: 'application/json', ...options.fields } });
  return JSON.parse(answer.text);
}

test(
  'each exchange is counted: by class, mode and presentation, with bytes saved, hits and failures',
  inWorld(async (t, world) => {
    const { origin, through, get } = world;
    origin.on('/p', (_request, response) => {
      response.writeHead(200, {
        'content-type': 'text/html; charset=utf-8',
        'content-length': Buffer.byteLength(PAGE),
        'cache-control': 'max-age=600',
      });
      response.end(PAGE);
    });
    // Made, found, remembered: the third reply is given again from memory.
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await through('/p?secret=canary', { fields: CLIENTS.kaios }));
    await get('/http://10.0.0.1/x', { fields: CLIENTS.curl });
    await get('/-/healthz');
    const stats = await json(world, '/api/stats');
    const sent = answers.reduce((sum, { body }) => sum + body.byteLength, 0);
    t.like(stats.total.byClass['feature-phone'], {
      requests: 3,
      failures: 0,
      bytesOriginal: 3 * Buffer.byteLength(PAGE),
      bytesSent: sent,
      bytesSaved: 3 * Buffer.byteLength(PAGE) - sent,
      origin: { asked: 3, hits: 2 },
      variant: { asked: 3, hits: 2 },
    });
    t.like(stats.total.byPresentation, { lite: { requests: 3 } });
    t.like(stats.total.byMode, { own: { requests: 1 }, prefix: { requests: 4 } });
    t.deepEqual(stats.total.failures, { BLOCKED_TARGET: 1 });
    t.deepEqual(stats.lastHour, stats.total);
    t.deepEqual(stats.lastDay, stats.total);
    t.is(
      stats.minutes.reduce((sum: number, each: { requests: number }) => sum + each.requests, 0),
      5,
    );
    t.like(stats.formatters['html-lite'], { runs: 1, faults: 0, suspended: false });
    t.like(stats, { workers: 1, pool: { busy: 0, queued: 0 } });
    t.deepEqual(stats.total.hitRatio, { origin: 0.6667, variant: 0.6667 });
    const { exchanges } = await json(world, '/api/traffic');
    t.deepEqual(
      exchanges.map((each: { status: number; variant: string }) => [each.status, each.variant]),
      [
        [200, 'none'],
        [403, 'none'],
        [200, 'hit'],
        [200, 'hit'],
        [200, 'miss'],
      ],
    );
    t.is(exchanges[2].host, new URL(origin.url).host);
    t.false(JSON.stringify(exchanges).includes('canary'));
    const { clients } = await json(world, '/api/clients?class=feature-phone');
    t.like(clients[0], { saved: 3 * Buffer.byteLength(PAGE) - sent, requests: 3 });
    t.is((await json(world, '/api/clients?q=KAIOS')).clients.length, 1);
    t.is((await json(world, '/api/clients?q=nobody')).clients.length, 0);
    t.is((await world.admin('/api/clients?class=toaster')).status, 422);
    const metrics = (await world.admin('/metrics')).text;
    t.regex(
      metrics,
      /^format_gateway_requests_total\{mode="prefix",presentation="lite",class="feature-phone",status="2xx"\} 3$/m,
    );
    t.regex(metrics, /^format_gateway_cache_requests_total\{cache="variant",result="hit"\} 2$/m);
    t.regex(metrics, /^format_gateway_failures_total\{code="BLOCKED_TARGET"\} 1$/m);
    t.regex(metrics, /^format_gateway_formatter_runs_total\{formatter="html-lite"\} 1$/m);
    t.regex(metrics, /^process_resident_memory_bytes \d+/m);
  }),
);

test('counts: conditional, HEAD and larger replies save nothing; what is saved goes to the client; a ring and 30 days bound it', (t) => {
  const clock = new FakeClock();
  const saved = new Map<string, number>();
  const traffic = openTraffic({
    file: ':memory:',
    clock,
    log: silentLog,
    clients: {
      addSaved(bytes) {
        for (const [id, count] of bytes) saved.set(id, (saved.get(id) ?? 0) + count);
      },
    },
    worker: 'a',
    state: () => ({ pool: { size: 1, busy: 0, queued: 0 }, suspended: [] }),
  });
  const { store } = traffic;
  const trace = { ...TRACE, client: 'c' };
  const note = (status: number, bytes: number, more = {}) =>
    traffic.note({ trace, status, bytes, ms: 2, isBroken: false, ...more });
  note(200, 400);
  note(200, 0);
  note(304, 0);
  note(200, 100, { isBroken: true });
  traffic.note({ trace: { ...trace, originalBytes: 10 }, status: 200, bytes: 50, ms: 1, isBroken: false });
  t.is(store.total().requests, 0, 'nothing touches the file before its time');
  clock.advance(1_000);
  t.like(store.total(), { requests: 5, bytesSent: 550, bytesSaved: 600, failures: 1 });
  t.deepEqual([...saved], [['c', 600]]);
  t.deepEqual(Object.keys(store.totalsBy('failure')).sort(), ['', 'BROKEN_OFF']);
  for (let batch = 0; batch < 6; batch++) {
    for (let i = 0; i < 300; i++) note(200, i + 1);
    clock.advance(1_000);
  }
  const recent = store.recent(2_000);
  t.is(recent.length, 1_000);
  t.is(recent[0]!.bytesSent, 300, 'the newest come first');
  t.is(recent[249]!.bytesSent, 51, 'of each second the newest 250');
  t.deepEqual(
    recent.map(({ id }) => id),
    recent.map(({ id }) => id).toSorted((a, b) => b - a),
  );
  t.is(store.workers(clock.now()).length, 1);
  store.sweep(clock.now() + 31 * 86_400_000);
  t.is(store.minutes(0).length, 0, 'minutes are kept for 30 days');
  t.is(store.total().requests, 1_805, 'totals since ever only grow');
  traffic.close();
});

test('a disk that takes no counts costs no request, and memory stays bounded (threat 65)', (t) => {
  const clock = new FakeClock();
  const warnings: unknown[] = [];
  const traffic = openTraffic({
    file: ':memory:',
    clock,
    log: { ...silentLog, warn: (message) => void warnings.push(message) },
    clients: { addSaved: () => undefined },
    worker: 'a',
    state: () => ({ pool: { size: 0, busy: 0, queued: 0 }, suspended: [] }),
  });
  traffic.store.close();
  t.notThrows(() => {
    for (let i = 0; i < 12_000; i++)
      traffic.note({ trace: { ...TRACE }, status: 200, bytes: 1, ms: 1, isBroken: false });
  });
  t.true(warnings.length >= 2);
});

test('bytes saved are kept with the client, also of one that is new, and seen by other processes', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'saved-'));
  const clock = new FakeClock();
  const options = { file: join(folder, 'clients.db'), clock, key: 'key' };
  const [here, there] = [openClients(options), openClients(options)];
  try {
    const key = { kind: 'address', address: 'a', userAgent: 'u' } as const;
    const { id } = here.see(key, { class: 'tool', preset: 'default', evidence: [], userAgent: 'u' });
    here.addSaved(
      new Map([
        [id, 70],
        ['gone', 5],
      ]),
    );
    t.is(here.get(id)?.saved, 70);
    there.addSaved(new Map([[id, 30]]));
    t.is(here.get(id)?.saved, 100);
  } finally {
    here.close();
    there.close();
    await rm(folder, { recursive: true, force: true });
  }
});

/** Reads events until `until` is found in them. */
async function readEvents(
  url: string,
  fields: Record<string, string>,
  until: string,
  meanwhile: () => Promise<unknown>,
) {
  const sent = request(url, { headers: fields });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  const found = new Promise<void>((resolve) =>
    response.on('data', (part) => {
      text += String(part);
      if (text.includes(until)) resolve();
    }),
  );
  await meanwhile();
  await found;
  sent.destroy();
  return { text, type: String(response.headers['content-type']) };
}

test(
  'new exchanges are told as server-sent events while somebody listens',
  inWorld(async (t, { server, through, origin }) => {
    origin.on('/p', PAGE);
    const token = { authorization: `Bearer ${server.adminToken.secret}` };
    const url = `${server.adminOrigin}/api/traffic`;
    const { text, type } = await readEvents(url, token, '"host"', () => through('/p', { fields: CLIENTS.kaios }));
    t.is(type, 'text/event-stream; charset=utf-8');
    t.regex(text, /^: here\n\nid: (\d+)\nevent: exchange\ndata: \{"id":\1,.*"class":"feature-phone".*\}\n\n$/);
    const again = await readEvents(url, { ...token, 'last-event-id': '0' }, '"host"', async () => undefined);
    t.regex(again.text, /id: 1\n/, 'a listener that comes back is told what it has missed');
  }),
);

test('listeners are bounded, hear that the line is alive, and leave no timer behind', async (t) => {
  const clock = new FakeClock();
  const live = makeLiveTraffic({ after: () => [], recent: () => [] }, clock);
  const gone = new AbortController();
  const streams = Array.from({ length: 16 }, () => live.listen(gone.signal));
  t.throws(() => live.listen(gone.signal), { instanceOf: GatewayError, message: /busy/ });
  clock.advance(15_000);
  gone.abort();
  t.is(await text(streams[0]!), ': here\n\n: here\n\n');
  t.is(clock.pending, 0);
  live.close();
});

test(
  'metrics need the token, but from this machine (docs/decisions/metrics-access.md, threats 57, 61)',
  inWorld(async (t, { server }) => {
    const url = server.adminOrigin!;
    t.is((await ask(url, '/metrics')).status, 200);
    t.is((await ask(url, '/metrics', { fields: { host: 'evil.example' } })).status, 401);
    t.is((await ask(url, '/metrics', { fields: { 'x-forwarded-for': '203.0.113.9' } })).status, 401);
    t.is((await ask(url, '/api/stats')).status, 401);
  }),
);

test(
  'behind TLS of another everybody comes from loopback: metrics need the token there (threat 61)',
  inWorld(async (t, { server }) => void t.is((await ask(server.adminOrigin!, '/metrics')).status, 401), {
    environment: { ADMIN_BEHIND_TLS: '1' },
  }),
);

test(
  'every change is in the audit log with who, what, before and after; refused ones too',
  inWorld(async (t, world) => {
    const { admin, server } = world;
    const put = (body: object, fields = {}) => admin('/api/profiles/mine', { method: 'PUT', json: body, fields });
    await put({ title: 'One' });
    await put({ title: 'Two' });
    t.is((await put({ title: 'Three' }, { 'if-match': '"old"' })).status, 412);
    await admin('/api/formatters/image', { method: 'PATCH', json: { enabled: false } });
    await admin('/api/formatters/image', { method: 'PATCH', json: { enabled: true } });
    const { changes } = await json(world, '/api/audit');
    t.is(changes.length, 5);
    t.like(changes[0], {
      action: 'switch',
      kind: 'formatter',
      name: 'image',
      before: { enabled: false },
      result: 'done',
    });
    t.like(changes[2], { action: 'replace', name: 'mine', after: null, result: 'STALE' });
    t.like(changes[3], {
      action: 'replace',
      kind: 'profile',
      before: { name: 'mine', title: 'One' },
      after: { name: 'mine', title: 'Two' },
      actor: { kind: 'token', address: '127.0.0.1' },
    });
    t.like(changes[4], { action: 'create', before: null });
    t.false(JSON.stringify(changes).includes(server.adminToken.secret), 'threat 62');
    t.is((await json(world, '/api/audit?kind=profile&name=mine&limit=1')).changes[0].id, changes[2].id);
    t.is((await json(world, `/api/audit?before=${changes[3].id}`)).changes.length, 1);
  }),
);

test(
  'undo puts back the edition before the last change: of a replaced, a removed, a new profile and a changed preset',
  inWorld(async (t, world) => {
    const { admin } = world;
    const put = (name: string, title: string) => admin(`/api/profiles/${name}`, { method: 'PUT', json: { title } });
    const undo = (name: string) => admin(`/api/profiles/${name}/undo`, { method: 'POST' });
    t.is((await undo('mine')).status, 404, 'nothing was changed');
    await put('mine', 'One');
    await put('mine', 'Two');
    t.is(JSON.parse((await undo('mine')).text).title, 'One');
    t.is(JSON.parse((await undo('mine')).text).title, 'Two', 'undoing twice is as before');
    await admin('/api/profiles/mine', { method: 'DELETE' });
    t.is(JSON.parse((await undo('mine')).text).title, 'Two');
    await put('other', 'New');
    t.is((await undo('other')).status, 204);
    t.is((await admin('/api/profiles/other')).status, 404);
    await put('kaios', 'Mine');
    t.not(JSON.parse((await undo('kaios')).text).title, 'Mine', 'the preset is back');
    const stale = await admin('/api/profiles/mine/undo', { method: 'POST', fields: { 'if-match': '"old"' } });
    t.is(stale.status, 412);
    t.is((await json(world, '/api/audit?limit=1')).changes[0].action, 'undo');
  }),
);

test('an audit log that cannot be written keeps the change from being made; it is bounded in number and bytes', (t) => {
  const clock = new FakeClock();
  const audit = openAudit(':memory:', clock);
  const change = { actor: ACTOR, action: 'replace', kind: 'view', name: 'v', before: null } as const;
  t.throws(
    () =>
      audit.record(change, () => {
        throw new GatewayError('CONFLICT', { why: 'x' });
      }),
    { message: /x/ },
  );
  t.is(audit.list({ limit: 1 })[0]?.result, 'CONFLICT');
  t.is(audit.last('view', 'v'), undefined);
  const large = 'x'.repeat(10_000_000);
  for (let i = 0; i < 8; i++) audit.record({ ...change, before: large }, () => ({ value: 0, after: i }));
  t.true(audit.list({ limit: 100 }).length <= 8);
  t.is(audit.last('view', 'v')?.after, 7);
  audit.close();
  let made = false;
  t.throws(() =>
    audit.record(change, () => {
      made = true;
      return { value: undefined, after: null };
    }),
  );
  t.false(made);
});

test('sites are set by the API and served at once; those of the SITES file are read-only and win', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sites-'));
  const file = join(folder, 'sites.json');
  await writeFile(file, JSON.stringify([{ host: 'fixed.example', upstream: 'http://127.0.0.1:9' }]));
  await inWorld(
    async (_, world) => {
      const { admin, origin, get } = world;
      origin.on('/p', PAGE);
      const put = (body: unknown, fields = {}) => admin('/api/sites', { method: 'PUT', json: body, fields });
      const visit = () => get('/p', { fields: { ...CLIENTS.kaios, host: 'shop.example' } });
      t.is((await visit()).status, 421);
      const site = { host: 'Shop.example', upstream: origin.url };
      const set = await put([site]);
      t.is(set.status, 200);
      t.deepEqual(
        JSON.parse(set.text).sites.map((each: { host: string; source: string; readOnly: boolean }) => [
          each.host,
          each.source,
          each.readOnly,
        ]),
        [
          ['fixed.example', 'file', true],
          ['shop.example', 'api', false],
        ],
      );
      t.is((await visit()).status, 200, 'a private upstream is allowed by being named');
      t.is((await visit()).status, 200);
      t.is((await put([{ host: 'fixed.example', upstream: origin.url }])).status, 409);
      t.is((await put([{ ...site, upstream: 'ftp://x' }])).status, 422);
      t.is((await put([site, site])).status, 422);
      t.is((await put([{ ...site, profile: 'nobody' }])).status, 422);
      t.is((await put('x')).status, 422);
      const pollution = await admin('/api/sites', {
        method: 'PUT',
        body: '[{"host":"a.example","upstream":"http://b.example","__proto__":{"trust":true}}]',
        fields: { 'content-type': 'application/json' },
      });
      t.is(pollution.status, 400, 'threat 59');
      const etag = String((await admin('/api/sites')).fields.etag);
      t.is((await put({ sites: [] }, { 'if-match': '"old"' })).status, 412);
      t.is((await put({ sites: [] }, { 'if-match': etag })).status, 200);
      t.is((await visit()).status, 421);
    },
    { environment: { SITES: file, UPSTREAM_ALLOW: '' } },
  )(t);
  await rm(folder, { recursive: true, force: true });
});

test(
  'views are kept as Markdown, under ETag and If-Match',
  inWorld(async (t, world) => {
    const { admin } = world;
    const put = (name: string, body: string, fields = {}) =>
      admin(`/api/views/${name}`, { method: 'PUT', body, fields: { 'content-type': 'text/markdown', ...fields } });
    const made = await put('sales', '# Sales\n');
    t.is(made.status, 201);
    t.is(made.fields.location, '/api/views/sales');
    const read = await admin('/api/views/sales');
    t.is(read.text, '# Sales\n');
    t.is(read.fields['content-type'], 'text/markdown; charset=utf-8');
    t.is(read.fields.etag, made.fields.etag);
    t.like(await json(world, '/api/views/sales'), { name: 'sales', markdown: '# Sales\n' });
    t.is((await put('sales', 'x', { 'if-match': '"old"' })).status, 412);
    t.is((await admin('/api/views/sales', { method: 'PUT', json: { markdown: '# Two' } })).status, 200);
    t.is((await admin('/api/views/sales', { method: 'PUT', json: { text: '# Two' } })).status, 422);
    t.is((await put('BAD', 'x')).status, 422);
    t.is((await put('large', 'x'.repeat(262_145))).status, 413);
    t.is((await put('other', 'x', { 'content-type': 'text/html' })).status, 415);
    t.is(
      (await put('sales', '# Plain', { 'content-type': 'text/plain;charset=UTF-8' })).status,
      200,
      'as fetch() sends it',
    );
    t.deepEqual(
      (await json(world, '/api/views')).views.map((each: { name: string }) => each.name),
      ['sales'],
    );
    t.is((await admin('/api/views/sales', { method: 'DELETE' })).status, 204);
    t.is((await admin('/api/views/sales')).status, 404);
    t.is((await admin('/api/views/sales', { method: 'DELETE' })).status, 404);
  }),
);

test('views are bounded in number', (t) => {
  const views = openViews(':memory:', new FakeClock());
  for (let i = 0; i < 1_000; i++) views.put(`v-${i}`, 'x');
  t.throws(() => views.put('one-more', 'x'), { message: /1000 views/ });
  t.notThrows(() => views.put('v-7', 'changed'));
  views.close();
});

test(
  'a preview answers what /-/explain says, for a client that is only described, and leaves no trace of it',
  inWorld(async (t, world) => {
    const { admin, origin, get, server } = world;
    origin.on('/p', (_request, response) => {
      response.writeHead(200, {
        'content-type': 'text/html',
        'set-cookie': 'a=1',
        'content-length': Buffer.byteLength(PAGE),
      });
      response.end(PAGE);
    });
    const url = `${origin.url}/p`;
    const preview = (body: object) => admin('/api/preview', { method: 'POST', json: body });
    const explained = JSON.parse(
      (await get(`/-/explain/${url}`, { fields: { accept: 'application/json', 'explain-profile': 'kaios' } })).text,
    );
    const made = await preview({ url, profile: 'kaios' });
    t.is(made.status, 200, made.text);
    const told = JSON.parse(made.text);
    t.deepEqual(Object.keys(told), Object.keys(explained));
    t.deepEqual({ ...told.plan, ...told.reply }, { ...explained.plan, ...explained.reply });
    t.deepEqual(told.client.profile, 'kaios');
    const before = (await json(world, '/api/clients')).clients.length;
    const detected = JSON.parse(
      (await preview({ url, fields: { 'User-Agent': CLIENTS.lynx['user-agent'], Accept: 'text/html' } })).text,
    );
    t.is(detected.client.class, 'text-browser');
    t.is(
      JSON.parse((await preview({ url, profile: 'kaios', as: 'markdown' })).text).reply.type,
      'text/markdown; charset=utf-8',
    );
    const narrow = JSON.parse((await preview({ url, profile: 'kaios', options: { images: { maxWidth: 99 } } })).text);
    t.deepEqual(narrow.preferences['images.maxWidth'], { value: 99, layer: 'request' });
    const asked = { presentation: 'lite', formatters: { elements: { keep: '(((' } } };
    const inVain = JSON.parse((await preview({ url, profile: 'kaios', options: asked })).text);
    t.is(
      inVain.alternatives[0].why,
      'elements cannot: options: `keep` is no CSS selector: `(((`',
      'a chain that was tried in vain says why (design part 3, explain)',
    );
    t.true(inVain.alternatives[0].plan.some((step: { formatter: string }) => step.formatter === 'elements'));
    t.is((await json(world, '/api/clients')).clients.length, before, 'nobody was seen');
    t.true(origin.requests.every(({ fields }) => fields.cookie === undefined && fields.authorization === undefined));
    for (const [body, fault] of [
      [{}, /`url`/],
      [{ url, as: 'hologram' }, /`as` must be one of/],
      [{ url, profile: 'nobody' }, /`profile` names no profile/],
      [{ url, options: { images: { maxWidth: 'x' } } }, /`options`: `images\.maxWidth`/],
      [{ url, fields: { 'bad name': 'x' } }, /fields\.bad name/],
      [{ url, colour: 1 }, /unknown keys: colour/],
    ] as const) {
      const refused = await preview(body);
      t.is(refused.status, 422, refused.text);
      t.regex(JSON.parse(refused.text).title, fault);
    }
    t.is((await preview({ url: 'http://10.0.0.1/' })).status, 403, 'the guarded egress, as for anybody');
    t.is((await preview({ url, client: 'nobody' })).status, 404);
    // Frames: a sandbox without the origin of this listener (threats 24, 26).
    const [original, adapted] = [...String(made.fields['link']).matchAll(/<([^>]+)>/g)].map((match) => match[1]!);
    for (const path of [original!, adapted!]) {
      const frame = await ask(server.adminOrigin!, path);
      t.is(frame.status, 200);
      const policy = String(frame.fields['content-security-policy']);
      t.regex(
        policy,
        /^sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline';.* frame-ancestors 'self'$/,
      );
      t.is(frame.fields['x-content-type-options'], 'nosniff');
      t.is(frame.fields['set-cookie'], undefined);
      t.true(frame.text.includes('Hello'));
    }
    t.is((await ask(server.adminOrigin!, original!)).text, PAGE);
    t.is((await ask(server.adminOrigin!, '/preview/adapted/guess')).status, 404);
  }),
);

test(
  'what would only pass, and is too large to be shown, is explained all the same',
  inWorld(
    async (t, { admin, origin, server }) => {
      origin.on('/large', (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/octet-stream' });
        response.end(Buffer.alloc(5_000));
      });
      const made = await admin('/api/preview', {
        method: 'POST',
        json: { url: `${origin.url}/large`, profile: 'kaios' },
      });
      t.is(made.status, 200, made.text);
      t.like(JSON.parse(made.text).original, { type: 'application/octet-stream', bytes: null });
      const path = /<([^>]+)>/.exec(String(made.fields['link']))![1]!;
      t.regex((await ask(server.adminOrigin!, path)).text, /nothing to show/);
    },
    { environment: { MAX_PAGE_BYTES: '1000' } },
  ),
);

test('frames show text escaped and pictures as such, for ten minutes (threat 60)', (t) => {
  const clock = new FakeClock();
  const frames = makePreviewFrames(clock);
  const show = (type: string, body: string) => {
    const shown = { type, body: Buffer.from(body) };
    const reply = frames.show(frames.keep({ original: shown, adapted: shown }), 'adapted')!;
    return { type: reply.fields.get('content-type'), text: String(reply.body) };
  };
  for (const type of [
    'text/markdown; charset=utf-8',
    'text/vnd.wap.wml',
    'image/svg+xml',
    'application/json',
    'text/plain; charset=nonsense',
  ]) {
    const { type: shown, text } = show(type, '<script>1</script><svg onload=1>');
    t.is(shown, 'text/html; charset=utf-8', type);
    t.false(/<script|<svg/.test(text), type);
    t.true(text.includes('&#60;script&#62;'), type);
  }
  t.is(show('image/png', 'x').type, 'image/png');
  t.is(show('text/html; charset="a;b"', 'x').type, 'text/html');
  t.is(show('application/zip', 'x').text.includes('1 bytes of application/zip'), true);
  const id = frames.keep({ original: undefined, adapted: undefined });
  t.true(String(frames.show(id, 'original')!.body).includes('nothing to show'));
  clock.advance(600_001);
  t.is(frames.show(id, 'original'), undefined);
});

test(
  'a detected client becomes a profile, a URL tells its exception, and an impact is told before it happens',
  inWorld(async (t, world) => {
    const { admin, origin, through } = world;
    origin.on('/p', PAGE);
    await through('/p', { fields: CLIENTS.kaios });
    await through('/p', { fields: CLIENTS.desktop });
    const { clients } = await json(world, '/api/clients?class=feature-phone');
    const candidate = { extends: 'kaios', match: { userAgent: ['kaios'] }, prefers: { images: { maxWidth: 100 } } };
    const impact = await json(world, '/api/profiles/candidate/impact', { method: 'POST', json: candidate });
    t.like(impact, { examined: 2, affected: 1, hasAddressRules: false });
    t.like(impact.clients[0], { id: clients[0].id, profile: { before: null, after: 'candidate' } });
    t.deepEqual(impact.clients[0].changes['images.maxWidth'], {
      before: { value: 240, layer: 'preset:kaios' },
      after: { value: 100, layer: 'profile:candidate' },
    });
    t.is((await admin('/api/profiles/candidate')).status, 404, 'nothing was stored');
    t.is((await admin('/api/profiles/x/impact', { method: 'POST', json: { extends: 'nobody' } })).status, 422);
    const make = (body?: object) =>
      admin(`/api/clients/${clients[0].id}/profile`, { method: 'POST', ...(body === undefined ? {} : { json: body }) });
    const made = await make();
    t.is(made.status, 201, made.text);
    t.is(made.fields.location, '/api/profiles/kaios-2', 'a preset has the name already');
    t.like(JSON.parse(made.text), { extends: 'kaios', match: { userAgent: ['KAIOS'], class: ['feature-phone'] } });
    t.like(JSON.parse((await make({ name: 'phones', title: 'Phones' })).text), { name: 'phones', title: 'Phones' });
    t.is((await make({ name: 'phones' })).status, 409);
    t.is((await make({ name: 'NO' })).status, 422);
    t.is((await admin('/api/clients/nobody/profile', { method: 'POST' })).status, 404);
    const exception = {
      sites: { 'example.org': { presentation: 'original' } },
      extends: 'kaios',
      priority: 9,
      match: { userAgent: ['KAIOS'] },
    };
    await admin('/api/profiles/careful', { method: 'PUT', json: exception });
    const match = (url: string) =>
      json(world, '/api/profiles/match', { method: 'POST', json: { userAgent: CLIENTS.kaios['user-agent'], url } });
    t.like(await match('http://www.example.org/x'), {
      profile: 'careful',
      reason: 'rule',
      exception: { host: 'example.org', profile: 'careful', preferences: { presentation: ['original'] } },
    });
    t.is((await match('http://other.example/')).exception, null);
    t.is((await admin('/api/profiles/match', { method: 'POST', json: { url: 'ftp://x' } })).status, 400);
    const tried = (given: object) => json(world, '/api/profiles/match', { method: 'POST', json: given });
    t.like(
      await tried({ fields: { 'User-Agent': CLIENTS.kaios['user-agent'], 'Format-Profile': 'e-reader' } }),
      { profile: 'e-reader', reason: 'field' },
      'what a request names comes before rules (design part 3)',
    );
    const refused = { fields: { 'Format-Profile': 'careful' } };
    t.is(
      (await admin('/api/profiles/match', { method: 'POST', json: refused })).status,
      400,
      'as the request would be',
    );
    const misspelt = await admin('/api/profiles/match', { method: 'POST', json: { headers: {} } });
    t.is(misspelt.status, 422, 'what is not understood is not passed over');
  }),
);

test(
  'the description is made from the routes, holds all of them, and real answers are as it says (threat 61)',
  inWorld(async (t, world) => {
    const { server, through, origin } = world;
    origin.on('/p', PAGE);
    await through('/p', { fields: CLIENTS.kaios });
    const description = await json(world, '/api/openapi.json');
    t.is(description.openapi, '3.1.0');
    const described = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`),
    );
    // Routes are made, not called: what they stand on is not looked at.
    const routes = apiRoutes({} as Admin).map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
    t.deepEqual(described.toSorted(), routes.toSorted());
    await world.admin('/api/views/v', { method: 'PUT', body: '# V', fields: { 'content-type': 'text/markdown' } });
    for (const path of [
      '/api/profiles',
      '/api/profiles/kaios',
      '/api/clients',
      '/api/formatters',
      '/api/components',
      '/api/sites',
      '/api/views',
      '/api/views/v',
      '/api/stats',
      '/api/traffic',
      '/api/audit',
    ]) {
      const pattern = path.replace(/\/(?:kaios|v)$/, '/{name}');
      const { schema } = description.paths[pattern].get.responses['200'].content['application/json'];
      const result = schemaOf(schema, description).safeParse(await json(world, path));
      t.true(result.success, `${path}: ${result.error?.message}`);
    }
    const { schema } = description.paths['/api/preview'].post.responses['200'].content['application/json'];
    const explained = await json(world, '/api/preview', {
      method: 'POST',
      json: { url: `${origin.url}/p`, profile: 'wap' },
    });
    const result = schemaOf(schema, description).safeParse(explained);
    t.true(result.success, result.error?.message);
    const references = [...JSON.stringify(description).matchAll(/"\$ref":"#\/([^"]+)"/g)].map((match) => match[1]!);
    t.true(references.length > 50);
    const broken = references.filter(
      (path) => path.split('/').reduce((value, key) => value?.[key], description) === undefined,
    );
    t.deepEqual(broken, [], 'what a reference names is in the description, from its top');
    for (const [path, methods] of Object.entries(
      description.paths as Record<string, Record<string, { security?: unknown }>>,
    ))
      for (const [method, { security }] of Object.entries(methods)) {
        if (security !== undefined) continue;
        const answer = await ask(server.adminOrigin!, path.replace(/\{\w+\}/g, 'x'), { method: method.toUpperCase() });
        t.is(answer.status, 401, `${method} ${path}`);
        t.is(answer.fields['cache-control'], 'no-store');
      }
  }),
);

/** A schema of the description with what its references name. */
function schemaOf(schema: object, { components }: { components: { schemas: object } }): z.ZodType {
  const whole = JSON.stringify({ ...schema, $defs: components.schemas });
  return z.fromJSONSchema(JSON.parse(whole.replaceAll('#/components/schemas/', '#/$defs/')));
}

test('no secret reaches logs, figures, traffic, metrics or their files (threat 62); control characters neither (threat 60)', async (t) => {
  const lines: string[] = [];
  const write = (message: string, facts?: object) => void lines.push(`${message} ${inspect(facts, { depth: 9 })}`);
  const log: Log = { debug: write, info: write, warn: write, error: write };
  await inWorld(
    async (_, world) => {
      const { origin, through, get, admin, dataDir } = world;
      origin.on('/p', PAGE);
      const secrets = {
        authorization: 'Basic canary-authorization',
        cookie: 'session=canary-cookie; format-jar=canary-jar',
        'proxy-authorization': 'Basic canary-proxy',
        referer: 'http://x.example/?token=canary-referer',
      };
      await through('/p?token=canary-query', { fields: { ...CLIENTS.desktop, ...secrets } });
      await get(`/http://user:canary-password@10.0.0.1/canary-path?canary-query`, { fields: secrets });
      await admin('/api/nothing?token=canary-admin', { fields: { authorization: 'Bearer canary-token' } });
      await admin('/api/preview', { method: 'POST', json: { url: `${origin.url}/p?canary-preview`, fields: secrets } });
      const told = await Promise.all(
        ['/api/stats', '/api/traffic', '/api/audit', '/api/clients', '/metrics'].map(
          async (path) => (await admin(path, { fields: { accept: 'application/json' } })).text,
        ),
      );
      const files = await Promise.all(
        ['traffic.db', 'traffic.db-wal', 'audit.db', 'audit.db-wal', 'clients.db', 'clients.db-wal'].map(async (name) =>
          (await readFile(join(dataDir, name))).toString('latin1'),
        ),
      );
      t.true(
        lines.some((line) => line.startsWith('request ')),
        'requests were logged',
      );
      for (const text of [...lines, ...told, ...files]) t.is(/canary-\w+/.exec(text)?.[0], undefined);
    },
    { log },
  )(t);
});

test.serial('with WORKERS=2 each worker serves what was set and all are counted together', async (t) => {
  t.timeout(60_000);
  const dataDir = await mkdtemp(join(tmpdir(), 'workers-'));
  const origin = await startOrigin();
  origin.on('/p', PAGE);
  let program: Program | undefined;
  try {
    const token = 'token-of-sixteen-or-more';
    program = await startProgram(
      testEnvironment(dataDir, { WORKERS: '2', POOL: '2', ADMIN_TOKEN: token, LOG_LEVEL: 'error' }),
    );
    const { origin: url, adminOrigin } = program;
    const fields = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const put = (sites: object[]) =>
      ask(adminOrigin, '/api/sites', { method: 'PUT', body: JSON.stringify(sites), fields });
    const visit = () => ask(url, '/p', { fields: { host: 'shop.example', ...CLIENTS.kaios } });
    t.is((await put([{ host: 'shop.example', upstream: origin.url }])).status, 200);
    for (let i = 0; i < 6; i++) t.is((await visit()).status, 200);
    t.is((await put([])).status, 200);
    for (let i = 0; i < 4; i++) t.is((await visit()).status, 421);
    const read = async () => JSON.parse((await ask(adminOrigin, '/api/stats', { fields })).text);
    let stats = await read();
    // The other worker writes within a second or so.
    while (stats.workers < 2 || (stats.total.byMode.reverse?.requests ?? 0) < 6) stats = await read();
    t.like(stats.total.byMode.reverse, { requests: 6 });
    t.true(stats.pool.size >= 2);
  } finally {
    await endProgram(program, 'SIGKILL');
    await origin.close();
    await rm(dataDir, { recursive: true, force: true });
  }
});

/** The admin API (design part 4; threats 56, 57, 59, 60). */
import test from 'ava';
import { ask, CLIENTS } from './support/client.ts';
import { type OpenWorld, openWorld } from './support/gateway.ts';

let shared: OpenWorld;

test.before(async () => {
  shared = await openWorld();
});

test.after.always(async () => {
  await shared?.close();
});

test.serial('profiles are created, read, replaced under If-Match, and removed', async (t) => {
  const { admin } = shared.world;
  const profile = {
    name: 'mine',
    title: 'Mine',
    extends: 'kaios',
    priority: 5,
    selectable: true,
    prefers: { images: { maxWidth: 200 } },
  };
  const made = await admin('/api/profiles', { method: 'POST', json: profile });
  t.is(made.status, 201);
  t.is(made.fields.location, '/api/profiles/mine');
  t.deepEqual(JSON.parse(made.text), profile);
  t.is((await admin('/api/profiles', { method: 'POST', json: profile })).status, 409);
  const read = await admin('/api/profiles/mine');
  t.is(read.fields.etag, made.fields.etag);
  const changed = await admin('/api/profiles/mine', {
    method: 'PUT',
    json: { ...profile, title: 'Changed' },
    fields: { 'if-match': String(read.fields.etag) },
  });
  t.is(changed.status, 200);
  t.not(changed.fields.etag, read.fields.etag);
  const stale = await admin('/api/profiles/mine', {
    method: 'PUT',
    json: profile,
    fields: { 'if-match': String(read.fields.etag) },
  });
  t.is(stale.status, 412);
  t.is(stale.fields['content-type'], 'application/problem+json');
  t.is((await admin('/api/profiles/mine', { method: 'DELETE', fields: { 'if-match': '"other"' } })).status, 412);
  t.is((await admin('/api/profiles/mine', { method: 'DELETE' })).status, 204);
  t.is((await admin('/api/profiles/mine')).status, 404);
  const names = (JSON.parse((await admin('/api/profiles')).text).profiles as { name: string }[]).map(
    ({ name }) => name,
  );
  for (const preset of 'default desktop tablet phone low-bandwidth feature-phone kaios opera-mini wap e-reader text-browser screen-reader terminal retro agent archive'.split(
    ' ',
  ))
    t.true(names.includes(preset), preset);
});

test.serial('a base in use cannot be removed, a cycle is 422, presets may be changed but not removed', async (t) => {
  const { admin } = shared.world;
  const put = (name: string, body: object) => admin(`/api/profiles/${name}`, { method: 'PUT', json: body });
  t.is((await put('base', {})).status, 201);
  t.is((await put('child', { extends: 'base' })).status, 201);
  t.is((await admin('/api/profiles/base', { method: 'DELETE' })).status, 409);
  t.is((await put('base', { extends: 'child' })).status, 422);
  t.is((await put('orphan', { extends: 'nobody' })).status, 422);
  t.is((await admin('/api/profiles/kaios', { method: 'DELETE' })).status, 409);
  t.is((await put('kaios', { prefers: { presentation: 'article' } })).status, 200);
  t.is(
    (await admin('/api/profiles/kaios', { method: 'DELETE' })).status,
    204,
    'the change goes, the preset comes back',
  );
  t.is(JSON.parse((await admin('/api/profiles/kaios')).text).prefers.presentation, 'lite');
});

test.serial('bad profiles are refused with the path of each fault', async (t) => {
  const { admin } = shared.world;
  const answer = await admin('/api/profiles/bad', {
    method: 'PUT',
    json: {
      prefers: { images: { quality: 250, types: ['nonsense'] }, presentation: 'hologram', unknown: 1 },
      match: { address: ['300.1.1.1'] },
    },
  });
  t.is(answer.status, 422);
  const { title } = JSON.parse(answer.text) as { title: string };
  for (const path of [
    'prefers.images.quality',
    'prefers.images.types.0',
    'prefers.presentation',
    'match.address.0',
    'unknown',
  ])
    t.true(title.includes(path), title);
  t.is((await admin('/api/profiles/BAD', { method: 'PUT', json: {} })).status, 422);
  t.is((await admin('/api/profiles/other', { method: 'PUT', json: { name: 'another' } })).status, 422);
});

test.serial(
  'options that a formatter would fail on are refused where they are set; those of a plugin to come are not',
  async (t) => {
    const { admin } = shared.world;
    const put = (name: string, formatters: unknown, host?: string) =>
      admin(`/api/profiles/${name}`, {
        method: 'PUT',
        json: host === undefined ? { prefers: { formatters } } : { sites: { [host]: { formatters } } },
      });
    const refused = await put('options', { 'html-to-markdown': { links: 'everywhere', tokens: 'many', other: 1 } });
    t.is(refused.status, 422);
    const { title } = JSON.parse(refused.text) as { title: string };
    for (const path of ['links', 'tokens', 'other'])
      t.regex(title, new RegExp(`formatters.html-to-markdown.*${path}`), title);
    t.is((await put('options', { 'html-to-markdown': { links: 0 } }, 'a.example')).status, 422);
    t.is((await admin('/api/profiles/options')).status, 404);
    t.is(
      (await put('options', { 'html-to-markdown': { links: 'none' }, later: { any: 'thing' }, links: true })).status,
      201,
    );
    t.is((await admin('/api/profiles/options', { method: 'DELETE' })).status, 204);
  },
);

test.serial('threat 59: keys that reach prototypes are refused anywhere, and nothing is polluted', async (t) => {
  const { server } = shared.world;
  for (const body of [
    '{"__proto__": {"x": 1}}',
    '{"prefers": {"formatters": {"a": {"constructor": {"prototype": {"x": 1}}}}}}',
    '{"sites": {"__proto__": {"presentation": "lite"}}}',
    '{"prefers": {"types": {"__proto__": 1}}}',
  ]) {
    const answer = await ask(server.adminOrigin!, '/api/profiles/evil', {
      method: 'PUT',
      body,
      fields: { authorization: `Bearer ${server.adminToken.secret}`, 'content-type': 'application/json' },
    });
    t.is(answer.status, 400, body);
  }
  t.is(({} as { x?: unknown }).x, undefined);
});

test.serial('threats 56, 57: no token, a wrong one, another origin, a form or a GET change nothing', async (t) => {
  const { server, admin } = shared.world;
  const url = server.adminOrigin!;
  const bare = await ask(url, '/api/profiles');
  t.is(bare.status, 401);
  t.regex(String(bare.fields['www-authenticate']), /^Bearer/);
  t.is((await ask(url, '/healthz')).status, 200);
  t.is((await ask(url, '/readyz')).text, 'ready\n');
  t.is(
    (await admin('/api/profiles/x', { method: 'PUT', json: {}, fields: { origin: 'http://evil.example' } })).status,
    403,
  );
  t.is(
    (await admin('/api/profiles/x', { method: 'PUT', json: {}, fields: { 'sec-fetch-site': 'cross-site' } })).status,
    403,
  );
  t.is(
    (await admin('/api/profiles/x', { method: 'PUT', body: '{}', fields: { 'content-type': 'text/plain' } })).status,
    415,
  );
  t.is(
    (
      await admin('/api/profiles/x', {
        method: 'PUT',
        body: '{}',
        fields: { 'content-type': 'application/json', 'content-encoding': 'br' },
      })
    ).status,
    415,
  );
  t.is((await admin('/api/profiles/x', { method: 'PATCH', json: {} })).status, 405);
  t.is((await admin('/api/nothing')).status, 404);
  t.is(
    (await admin('/api/profiles/x', { method: 'PUT', body: '{"a":', fields: { 'content-type': 'application/json' } }))
      .status,
    400,
  );
  const statuses: number[] = [];
  for (let i = 0; i < 11; i++)
    statuses.push((await ask(url, '/api/profiles', { fields: { authorization: `Bearer wrong-${i}` } })).status);
  t.deepEqual(statuses, [...Array.from({ length: 10 }, () => 401), 429]);
});

test.serial(
  'match tells which profile a request would get; clients are listed, and what is assigned to one decides',
  async (t) => {
    const { admin, origin, through } = shared.world;
    origin.on('/p', `<!DOCTYPE html><title>x</title><script>${'/'.repeat(500)}</script><p>${'word '.repeat(100)}</p>`);
    const match = await admin('/api/profiles/match', {
      method: 'POST',
      json: { userAgent: CLIENTS.kaios['user-agent'] },
    });
    t.like(JSON.parse(match.text), { profile: 'kaios', stored: null, class: 'feature-phone' });
    await through('/p', { fields: CLIENTS.desktop });
    const { clients } = JSON.parse((await admin('/api/clients')).text) as {
      clients: { id: string; class: string; userAgent: string }[];
    };
    const desktop = clients.find((each) => each.userAgent === CLIENTS.desktop['user-agent'])!;
    t.is(desktop.class, 'desktop');
    t.false(JSON.stringify(clients).includes('127.0.0.1'), 'addresses are kept as keyed hashes');
    t.is((await admin(`/api/clients/${desktop.id}`, { method: 'PATCH', json: { profile: 'nobody' } })).status, 422);
    t.is((await admin(`/api/clients/${desktop.id}`, { method: 'PATCH', json: { profile: 'e-reader' } })).status, 200);
    t.true(
      String((await through('/p', { fields: CLIENTS.desktop })).fields['format-chain']).startsWith('html-article'),
    );
    t.is((await admin(`/api/clients/${desktop.id}`, { method: 'PATCH', json: { profile: null } })).status, 200);
    t.true(String((await through('/p', { fields: CLIENTS.desktop })).fields['format-chain']).startsWith('html-full'));
    t.is((await admin('/api/clients/nobody', { method: 'PATCH', json: { profile: null } })).status, 404);
  },
);

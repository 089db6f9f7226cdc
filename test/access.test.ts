/** Who may use the gateway, and as whom: networks, users, sign-in, tunnels (threats 11, 13, 56 to 58). */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { hashPassword } from '../gateway/users.ts';
import { ask, CLIENTS, sendRaw } from './support/client.ts';
import { type OpenWorld, openWorld } from './support/gateway.ts';

const PASSWORD = 'right horse battery';
let folder: string;
let shared: OpenWorld;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'users-'));
  const hash = await hashPassword(PASSWORD);
  await writeFile(join(folder, 'users'), `ann:${hash}:kaios\nbob:${hash}\n`);
  shared = await openWorld({ environment: { CLIENTS_ALLOW: 'none', USERS: join(folder, 'users') } });
  shared.world.origin.on('/p', `<!DOCTYPE html><title>x</title><script>${'//'.repeat(400)}</script><p>Hello there</p>`);
});

test.after.always(async () => {
  await shared?.close();
  await rm(folder, { recursive: true, force: true });
});

function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
}

async function signIn(
  name: string,
  password: string,
  agent: string,
): Promise<{ status: number; cookie: string | undefined }> {
  const { get } = shared.world;
  const form = await get('/-/sign-in', { fields: { 'user-agent': agent } });
  const token = /name="token" value="([^"]+)"/.exec(form.text)![1]!;
  const body = new URLSearchParams({ name, password, token }).toString();
  const done = await get('/-/sign-in', {
    method: 'POST',
    body,
    fields: { 'user-agent': agent, 'content-type': 'application/x-www-form-urlencoded' },
  });
  return { status: done.status, cookie: done.fields['set-cookie']?.[0]?.split(';')[0] };
}

test.serial(
  'threat 13: who is of no allowed network gets 403 in prefix mode and 407 in forward mode, nothing fetched',
  async (t) => {
    const { through, origin, server } = shared.world;
    t.is((await through('/p')).status, 403);
    const forward = await ask(server.origin, '', { target: `${origin.url}/p` });
    t.is(forward.status, 407);
    t.regex(String(forward.fields['proxy-authenticate']), /^Basic realm=/);
    t.is(origin.requests.length, 0);
  },
);

test.serial(
  'P-17, threat 63: proxy credentials let a user in with the profile of the user, and are never forwarded',
  async (t) => {
    const { origin, server } = shared.world;
    const answer = await ask(server.origin, '', {
      target: `${origin.url}/p`,
      fields: { ...CLIENTS.desktop, 'proxy-authorization': basic('ann', PASSWORD) },
    });
    t.is(answer.status, 200);
    t.true(String(answer.fields['format-chain']).startsWith('html-lite'), String(answer.fields['format-chain']));
    t.is(origin.requests.at(-1)?.fields['proxy-authorization'], undefined);
    const wrong = await ask(server.origin, '', {
      target: `${origin.url}/p`,
      fields: { 'proxy-authorization': basic('ann', 'wrong') },
    });
    t.is(wrong.status, 407);
  },
);

test.serial(
  'signing in gives a session that prefix mode takes; signing out ends it; each sign-in has a secret of its own (threat 58)',
  async (t) => {
    const { through, get } = shared.world;
    const first = await signIn('bob', PASSWORD, 'A');
    t.is(first.status, 303);
    const second = await signIn('bob', PASSWORD, 'A');
    t.not(first.cookie, second.cookie);
    t.is((await through('/p', { fields: { ...CLIENTS.desktop, cookie: first.cookie! } })).status, 200);
    const settings = await get('/-/settings', { fields: { 'user-agent': 'A', cookie: first.cookie! } });
    t.true(settings.text.includes('<strong>bob</strong>'));
    const token = /name="token" value="([^"]+)"/.exec(settings.text)![1]!;
    const out = await get('/-/sign-out', {
      method: 'POST',
      body: new URLSearchParams({ token }).toString(),
      fields: { 'user-agent': 'A', cookie: first.cookie!, 'content-type': 'application/x-www-form-urlencoded' },
    });
    t.is(out.status, 303);
    t.is((await through('/p', { fields: { cookie: first.cookie! } })).status, 403);
    t.is((await through('/p', { fields: { cookie: second.cookie! } })).status, 200);
  },
);

test.serial('threat 57: a form without its token is refused', async (t) => {
  const { get } = shared.world;
  for (const path of ['/-/sign-in', '/-/sign-out', '/-/settings']) {
    const answer = await get(path, {
      method: 'POST',
      body: 'name=bob',
      fields: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    t.is(answer.status, 403, path);
  }
});

test.serial(
  'threat 56: the eleventh wrong password within a minute is 429 with Retry-After; unknown names read the same',
  async (t) => {
    const statuses: number[] = [];
    for (let i = 0; i < 11; i++) statuses.push((await signIn('nobody', `wrong-${i}`, 'B')).status);
    t.deepEqual(statuses, [...Array.from({ length: 10 }, () => 401), 429]);
    t.is((await signIn('bob', 'wrong', 'B')).status, 401);
  },
);

test.serial(
  'threat 11, P-16: CONNECT tunnels to allowed ports alone, for those who may; bytes pass both ways',
  async (t) => {
    const echo = createServer((socket) => socket.pipe(socket));
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    const port = (echo.address() as { port: number }).port;
    const open = await openWorld({ environment: { CONNECT_PORTS: String(port) } });
    try {
      const refused = await sendRaw(
        shared.world.server.origin,
        `CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
      );
      t.regex(refused, /^HTTP\/1\.1 407 /);
      const tunnel = await sendRaw(
        open.world.server.origin,
        `CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\nhello`,
        500,
      );
      t.regex(tunnel, /^HTTP\/1\.1 200 [^\r]*\r\n\r\nhello$/);
      for (const target of ['127.0.0.1:22', `127.0.0.2:${port}`, `[::1]:${port}`])
        t.regex(
          await sendRaw(open.world.server.origin, `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`),
          /^HTTP\/1\.1 403 /,
          target,
        );
      t.regex(await sendRaw(open.world.server.origin, 'CONNECT /x HTTP/1.1\r\nHost: x\r\n\r\n'), /^HTTP\/1\.1 400 /);
    } finally {
      await open.close();
      echo.close();
    }
  },
);

test.serial(
  'settings of a person are kept under a cookie, decide the next page, and are forgotten on request',
  async (t) => {
    const open = await openWorld();
    try {
      const { get, through, origin } = open.world;
      origin.on('/p', '<!DOCTYPE html><title>x</title><p>Hello there</p>');
      const token = /name="token" value="([^"]+)"/.exec(
        (await get('/-/settings', { fields: CLIENTS.desktop })).text,
      )![1]!;
      const post = (fields: Record<string, string>, cookie?: string) =>
        get('/-/settings', {
          method: 'POST',
          body: new URLSearchParams({ token, ...fields }).toString(),
          fields: {
            ...CLIENTS.desktop,
            'content-type': 'application/x-www-form-urlencoded',
            ...(cookie === undefined ? {} : { cookie }),
          },
        });
      const saved = await post({ presentation: 'lite', quality: '40' });
      t.is(saved.status, 303, saved.text);
      const cookie = saved.fields['set-cookie']![0]!.split(';')[0]!;
      t.regex(cookie, /^format-client=/);
      const page = await through('/p', { fields: { ...CLIENTS.desktop, cookie } });
      t.true(String(page.fields['format-chain']).startsWith('html-lite'));
      t.true(String(page.fields['cache-control']).includes('private'));
      t.is((await post({ presentation: 'nonsense' })).status, 422);
      const forgotten = await post({ do: 'forget' }, cookie);
      t.is(forgotten.status, 303);
      const after = await through('/p', { fields: { ...CLIENTS.desktop, cookie } });
      t.true(String(after.fields['format-chain']).startsWith('html-full'));
    } finally {
      await open.close();
    }
  },
);

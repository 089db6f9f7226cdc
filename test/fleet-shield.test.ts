/** Misses of one address meet on one server of a fleet (design part 7, Shield). */
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { type Node, openFleet } from './support/fleet.ts';

/** Servers reach the origin by addresses of their own, so that it knows which of them asks. */
const ADDRESS = { a: '127.0.0.1', b: '127.0.0.2', c: '127.0.0.3' } as const;
type Name = keyof typeof ADDRESS;
const NAMES = Object.keys(ADDRESS) as Name[];
const PAGE = '<!doctype html><title>A page</title><p>Words of a page that is kept.</p>';

let fleet: Awaited<ReturnType<typeof openFleet>>;
let nodes: Record<Name, Node>;
let port: number;
/** What the origin was asked: `SERVER /path`, and with what fields. */
const asked: { readonly by: Name; readonly path: string; readonly fields: IncomingMessage['headers'] }[] = [];

const origin = createServer((request, response) => {
  const by = NAMES.find((name) => ADDRESS[name] === request.socket.localAddress)!;
  const path = request.url!;
  asked.push({ by, path, fields: request.headers });
  reply(path, response);
});

function reply(path: string, response: ServerResponse): void {
  const type = { 'content-type': 'text/html; charset=utf-8' };
  if (path.startsWith('/cut')) {
    response.writeHead(200, { ...type, 'cache-control': 'max-age=600', 'content-length': '100000' });
    response.write(PAGE);
    setImmediate(() => response.destroy());
  } else if (path.startsWith('/kept/')) {
    // The head at once, the end later: others come meanwhile.
    response.writeHead(200, { ...type, 'cache-control': 'max-age=600', 'x-lines': 'one', etag: '"kept"' });
    response.write(PAGE);
    slow.then(() => response.end('<p>The end.</p>'));
  } else if (path.startsWith('/cookie/')) {
    response.writeHead(200, { ...type, 'set-cookie': 'a=b' }).end(PAGE);
  } else response.writeHead(200, { ...type, 'cache-control': 'no-store' }).end(PAGE);
}

let slow: Promise<void> = Promise.resolve();

function askedFor(path: string): Name[] {
  return asked.filter((each) => each.path === path).map(({ by }) => by);
}

test.before(async (t) => {
  t.timeout(120_000);
  await new Promise<void>((resolve) => origin.listen(0, '0.0.0.0', resolve));
  port = (origin.address() as AddressInfo).port;
  fleet = await openFleet();
  const sites = join(fleet.folder, 'sites.json');
  writeFileSync(sites, JSON.stringify([{ host: 'site.test', upstream: `http://granted.test:${port}` }]));
  const started = NAMES.map(async (name) => {
    const resolve = async (host: string) => {
      if (!/^(?:origin|granted|half)\.test$/.test(host)) return [];
      // One of three has no way to this one.
      return host === 'half.test' && name === 'b' ? ['127.0.0.99'] : [ADDRESS[name]];
    };
    const environment = { UPSTREAM_ALLOW: 'origin.test,half.test', SITES: sites };
    return [name, await fleet.start(name, { environment, resolve })] as const;
  });
  nodes = Object.fromEntries(await Promise.all(started)) as typeof nodes;
  await fleet.until(nodes.a, ({ servers }) => servers.length === 3);
  await fleet.until(nodes.b, ({ servers }) => servers.length === 3);
  await fleet.until(nodes.c, ({ servers }) => servers.length === 3);
});

test.after.always(async () => {
  await fleet?.close();
  origin.closeAllConnections();
  await new Promise((resolve) => origin.close(resolve));
});

function get(name: Name, path: string, fields: Record<string, string> = {}) {
  return nodes[name].get(`/http://origin.test:${port}${path}`, { fields });
}

/** A path, of a kind, that the fleet has a certain server ask for: found by asking. */
async function pathAskedBy(by: Name, from: Name, kind = '/kept/'): Promise<string> {
  for (let i = 0; i < 200; i++) {
    const path = `${kind}${by}-${from}-${asked.length}-${i}`;
    await get(from, path);
    if (askedFor(path)[0] === by) return path;
  }
  throw new Error(`no address belongs to ${by}`);
}

test.serial('misses of one address on three servers ask its origin once, and all get the same bytes', async (t) => {
  t.timeout(60_000);
  for (let i = 0; i < 6; i++) {
    const path = `/kept/once-${i}`;
    const before = asked.length;
    const end = Promise.withResolvers<void>();
    slow = end.promise;
    const answers = Promise.all([...NAMES, ...NAMES, ...NAMES].map((name) => get(name, path)));
    while (asked.length === before) await new Promise((resolve) => setImmediate(resolve));
    end.resolve();
    const texts = new Set((await answers).map(({ status, text }) => `${status} ${text.includes('The end.')}`));
    t.deepEqual([...texts], ['200 true']);
    t.is(askedFor(path).length, 1, path);
  }
  slow = Promise.resolve();
  t.is(new Set(asked.map(({ by }) => by)).size > 1, true, 'every server has its share');
});

test.serial('what its own server has is told with its age, and kept by who asked', async (t) => {
  const path = await pathAskedBy('b', 'a');
  const again = await get('a', path);
  t.regex(String(again.fields['cache-status']), /gw-origin; hit/);
  const other = await get('c', path);
  t.is(other.status, 200);
  t.regex(String(other.fields['cache-status']), /gw-origin; fwd=uri-miss/);
  t.deepEqual(askedFor(path), ['b']);
});

test.serial('what the cache does not keep is asked for by each from the second time on', async (t) => {
  for (const kind of ['/no-store/', '/cookie/']) {
    const path = await pathAskedBy('c', 'a', kind);
    await get('a', path);
    await get('a', path);
    t.deepEqual(askedFor(path), ['c', 'a', 'a']);
  }
});

test.serial('nothing of one client goes by another server: credentials, ranges, conditions (threat 29)', async (t) => {
  const path = await pathAskedBy('b', 'a');
  const own = [
    { authorization: 'Basic YTpi' },
    { range: 'bytes=0-9' },
    { 'if-none-match': '"other"' },
    { 'cache-control': 'no-store', authorization: 'Bearer x' },
  ];
  for (const fields of own) {
    const fresh = `${path}-${own.indexOf(fields as never)}`;
    const before = asked.length;
    await get('a', fresh, fields as Record<string, string>);
    t.deepEqual(
      asked.slice(before).map(({ by }) => by),
      ['a'],
      JSON.stringify(fields),
    );
  }
});

test.serial('a host of a site is reached through another server by that server’s own configuration', async (t) => {
  const before = asked.length;
  for (let i = 0; i < 20; i++) {
    const { status } = await nodes.a.get(`/kept/site-${i}`, { fields: { host: 'site.test' } });
    t.is(status, 200);
  }
  t.true(new Set(asked.slice(before).map(({ by }) => by)).size > 1);
  // Nobody else may go there.
  const { status } = await nodes.a.get(`/http://granted.test:${port}/kept/site-1`);
  t.is(status, 403);
});

test.serial('an address of this machine is asked for here: it is another thing elsewhere', async (t) => {
  const before = asked.length;
  const { status } = await nodes.a.get(`/http://127.0.0.1:${port}/kept/loopback`);
  t.is(status, 403);
  t.is(asked.length, before);
});

test.serial('a body that its origin cuts is as cut through another server, and nobody keeps it', async (t) => {
  const path = '/cut/short';
  for (let i = 1; i <= 2; i++) {
    const ends = await Promise.all(NAMES.map((name) => get(name, path).catch((error: Error) => error.message)));
    t.deepEqual(ends, ['aborted', 'aborted', 'aborted']);
    t.true(askedFor(path).length >= i);
  }
});

test.serial('where its server cannot reach an origin, who was asked goes there itself', async (t) => {
  const paths = Array.from({ length: 12 }, (_, i) => `/kept/half-${i}`);
  for (const path of paths) t.is((await nodes.a.get(`/http://half.test:${port}${path}`)).status, 200);
  const by = new Set(paths.flatMap((path) => askedFor(path)));
  t.false(by.has('b'));
  t.true(paths.every((path) => askedFor(path).length === 1));
});

test.serial('a server that is gone takes no miss with it', async (t) => {
  await nodes.c.close();
  const before = asked.length;
  const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => get('a', `/kept/gone-${i}`)));
  t.true(answers.every(({ status }) => status === 200));
  t.is(asked.length - before, 12);
});

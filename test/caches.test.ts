/** Caches on disk: what outlives a process, what processes share, and what becomes of damage. */
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test, { type ExecutionContext } from 'ava';
import { type DiskCache, type DiskEntry, openDiskCache } from '../core/cache/disk-cache.ts';
import { type Log, silentLog } from '../core/log.ts';
import { ask, CLIENTS } from './support/client.ts';
import { FakeClock } from './support/fake-clock.ts';
import { inWorld, testEnvironment } from './support/gateway.ts';
import { startOrigin } from './support/origin.ts';
import { endProgram, type Program, startProgram } from './support/program.ts';

const LARGE = Buffer.alloc(50_000, 'large ');
const SMALL = Buffer.from('small');

interface Place {
  readonly t: ExecutionContext;
  readonly folder: string;
  readonly clock: FakeClock;
  readonly errors: [message: string, fields?: unknown][];
  /** A cache on the folder's file, as another process would open it. */
  readonly openOne: (more?: { maxBytes?: number; maxEntryBytes?: number }) => DiskCache;
}

function inFolder(run: (place: Place) => Promise<void>) {
  return async (t: ExecutionContext): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), 'caches-'));
    const clock = new FakeClock(Date.now());
    const errors: Place['errors'] = [];
    const note = (message: string, fields?: unknown) => void errors.push([message, fields]);
    const log: Log = { ...silentLog, warn: note, error: note };
    const opened: DiskCache[] = [];
    const openOne: Place['openOne'] = (more = {}) => {
      const cache = openDiskCache({
        file: join(folder, 'c.db'),
        maxBytes: 10_000_000,
        maxEntryBytes: 1_000_000,
        clock,
        log,
        ...more,
      });
      opened.push(cache);
      return cache;
    };
    try {
      await run({ t, folder, clock, errors, openOne });
    } finally {
      for (const cache of opened) await cache.close();
      await rm(folder, { recursive: true, force: true });
    }
  };
}

function entry(clock: FakeClock, key: string, body: Uint8Array = SMALL, selector = ''): DiskEntry {
  return { key, selector, meta: `{"of":"${key}"}`, body, ends: clock.now() + 60_000 };
}

async function bodyOf(cache: DiskCache, key: string): Promise<string | undefined> {
  const held = cache.find(key)[0];
  const body = held === undefined ? undefined : await cache.bodyOf(held);
  return body === undefined ? undefined : Buffer.from(body).toString();
}

async function filesIn(folder: string): Promise<string[]> {
  const all = await readdir(folder, { recursive: true, withFileTypes: true });
  return all.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
}

test(
  'what one process keeps, small or large, another finds, and so does the next start',
  inFolder(async ({ t, clock, openOne }) => {
    const [one, other] = [openOne(), openOne()];
    await one.put(entry(clock, 'small'));
    await one.put(entry(clock, 'large', LARGE));
    t.is(await bodyOf(other, 'small'), 'small');
    t.is(await bodyOf(other, 'large'), LARGE.toString());
    await Promise.all([one.close(), other.close()]);
    t.is(await bodyOf(openOne(), 'large'), LARGE.toString());
  }),
);

test(
  'of a key there is one entry for each selector, the newest first; dropping the key drops all, for every process (C-4)',
  inFolder(async ({ t, clock, folder, openOne }) => {
    const [one, other] = [openOne(), openOne()];
    await one.put(entry(clock, 'k', LARGE, 'a'));
    await one.put(entry(clock, 'k', SMALL, 'b'));
    await one.put(entry(clock, 'k', Buffer.from('newer'), 'a'));
    t.deepEqual(
      other.find('k').map((held) => held.selector),
      ['a', 'b'],
    );
    t.is(await bodyOf(other, 'k'), 'newer');
    const before = one.edition();
    other.drop('k');
    t.not(one.edition(), before);
    t.is(one.find('k').length, 0);
    await Promise.all([one.close(), other.close()]);
    t.is((await filesIn(join(folder, 'c'))).length, 0);
  }),
);

test(
  'what is dropped while its body is being written does not come back',
  inFolder(async ({ t, clock, openOne }) => {
    const cache = openOne();
    const written = cache.put(entry(clock, 'k', LARGE));
    cache.drop('k');
    await written;
    t.is(cache.find('k').length, 0);
  }),
);

test(
  'the bound on bytes holds, the longest unused go first; too large a body is not kept; nothing outlives its end',
  inFolder(async ({ t, clock, openOne }) => {
    const cache = openOne({ maxBytes: 8_000, maxEntryBytes: 3_000 });
    for (const key of ['a', 'b', 'c']) {
      await cache.put(entry(clock, key, Buffer.alloc(1_500, key)));
      clock.advance(1_000);
    }
    t.is((await bodyOf(cache, 'a'))?.length, 1_500);
    await cache.put(entry(clock, 'd', Buffer.alloc(2_500, 'd')));
    t.is(cache.find('b').length, 0, 'b was used longest ago');
    t.deepEqual(
      ['a', 'c', 'd'].map((key) => cache.find(key).length),
      [1, 1, 1],
    );
    await cache.put(entry(clock, 'e', Buffer.alloc(3_001)));
    t.is(cache.find('e').length, 0);
    clock.advance(60_000);
    t.deepEqual(
      ['a', 'c', 'd'].map((key) => cache.find(key).length),
      [0, 0, 0],
    );
  }),
);

test(
  'threat 66: a flipped bit in a body or in its description is found, told, dropped, and made again',
  inFolder(async ({ t, clock, folder, errors, openOne }) => {
    const cache = openOne();
    await cache.put(entry(clock, 'large', LARGE));
    const [file] = await filesIn(join(folder, 'c'));
    const handle = await open(file!, 'r+');
    await handle.write('X', 20_000);
    await handle.close();
    t.is(await bodyOf(cache, 'large'), undefined);
    t.is(cache.find('large').length, 0);
    await cache.put(entry(clock, 'small'));
    await cache.put(entry(clock, 'meta'));
    const database = new DatabaseSync(join(folder, 'c.db'));
    database.exec(
      `UPDATE entry SET body = x'736d616c6d' WHERE key = 'small'; UPDATE entry SET meta = '{}' WHERE key = 'meta'`,
    );
    database.close();
    t.is(await bodyOf(cache, 'small'), undefined);
    t.is(cache.find('meta').length, 0);
    t.is(errors.length, 3);
    await cache.put(entry(clock, 'large', LARGE));
    t.is(await bodyOf(cache, 'large'), LARGE.toString());
  }),
);

test(
  'threat 64: a body without its entry, as a killed process leaves it, is swept after a while; one whose file is gone is a miss',
  inFolder(async ({ t, clock, folder, openOne }) => {
    await mkdir(join(folder, 'c', 'ab'), { recursive: true });
    await writeFile(join(folder, 'c', 'ab', 'abcd.new'), 'half');
    const first = openOne();
    await first.put(entry(clock, 'k', LARGE));
    await first.close();
    t.is((await filesIn(join(folder, 'c'))).length, 2, 'a young file may have its entry still to come');
    clock.advance(20 * 60_000);
    const later = openOne();
    await later.close();
    t.is((await filesIn(join(folder, 'c'))).length, 0);
  }),
);

test(
  'a damaged database is no outage: it is set aside, told, and a new one begun by all who hold it',
  inFolder(async ({ t, clock, folder, errors, openOne }) => {
    await writeFile(join(folder, 'c.db'), Buffer.alloc(8_192, 'no database '));
    const [one, other] = [openOne(), openOne()];
    await one.put(entry(clock, 'k'));
    t.is(await bodyOf(other, 'k'), 'small');
    t.is((await stat(join(folder, 'c.db.damaged'))).size, 8_192);
    t.true(errors.length > 0);
    await Promise.all([one.close(), other.close()]);
    // Damage that shows only when a page is read.
    const bytes = await readFile(join(folder, 'c.db'));
    await writeFile(
      join(folder, 'c.db'),
      Buffer.concat([bytes.subarray(0, 4_096), Buffer.alloc(bytes.length - 4_096, 7)]),
    );
    const again = openOne();
    t.is(await bodyOf(again, 'k'), undefined);
    await again.put(entry(clock, 'k'));
    t.is(await bodyOf(again, 'k'), 'small');
  }),
);

test(
  'threat 65: a disk that takes nothing costs the cache alone, and is told once',
  inFolder(async ({ t, clock, folder, errors, openOne }) => {
    const cache = openOne();
    await writeFile(join(folder, 'c'), 'no folder');
    for (const key of ['a', 'b', 'c']) await cache.put(entry(clock, key, LARGE));
    t.is(cache.find('a').length, 0);
    t.is(errors.filter(([message]) => message === 'a cache cannot be written').length, 1);
  }),
);

const PAGE = `<!DOCTYPE html><title>x</title><script>1</script><main><p>${'words '.repeat(200)}</p></main>`;

test(
  'what is private, sets a cookie or was asked with one is not written to disk, though it is formatted',
  inWorld(async (t, { origin, through, dataDir }) => {
    for (const [path, fields] of Object.entries({
      '/private': { 'cache-control': 'private, max-age=60' },
      '/no-store': { 'cache-control': 'no-store' },
      '/cookie': { 'cache-control': 'max-age=60', 'set-cookie': 'a=b' },
    })) {
      origin.on(path, (_, response) => response.writeHead(200, { 'content-type': 'text/html', ...fields }).end(PAGE));
      t.regex(String((await through(path, { fields: CLIENTS.kaios })).fields['format-chain']), /html-lite/);
    }
    const count = (name: string) => {
      const database = new DatabaseSync(join(dataDir, 'cache', `${name}.db`), { readOnly: true });
      const { n } = database.prepare('SELECT count(*) AS n FROM entry').get() as { n: number };
      database.close();
      return n;
    };
    t.deepEqual(['origin', 'originals', 'variants'].map(count), [0, 0, 0]);
  }),
);

test('with WORKERS=2 a variant is every worker’s hit, after kill -9 too; an unsafe method takes it from all (C-4)', async (t) => {
  t.timeout(60_000);
  const dataDir = await mkdtemp(join(tmpdir(), 'caches-'));
  const origin = await startOrigin();
  origin.on('/p', (request, response) => {
    const fields = { 'content-type': 'text/html', 'cache-control': 'max-age=600' };
    response.writeHead(request.method === 'POST' ? 204 : 200, fields).end(request.method === 'POST' ? '' : PAGE);
  });
  const environment = testEnvironment(dataDir, {
    WORKERS: '2',
    ADMIN_TOKEN: 'token-of-sixteen-or-more',
    // A variant knows the address it was made for; a free port is another at each start.
    PUBLIC_URL: 'http://127.0.0.1:8080',
  });
  let program: Program | undefined;
  const statuses = async (times: number) => {
    const seen: string[] = [];
    for (let i = 0; i < times; i++) {
      const { fields } = await ask(program!.origin, `/${origin.url}/p`, { fields: CLIENTS.kaios });
      seen.push(
        /gw-origin; hit.*gw-variant; hit/.test(String(fields['cache-status'])) ? 'hit' : String(fields['cache-status']),
      );
    }
    return seen;
  };
  try {
    program = await startProgram(environment);
    t.deepEqual((await statuses(5)).slice(1), ['hit', 'hit', 'hit', 'hit']);
    t.is(origin.requests.length, 1);
    await endProgram(program, 'SIGKILL');
    program = await startProgram(environment);
    t.deepEqual(await statuses(4), ['hit', 'hit', 'hit', 'hit']);
    t.is(origin.requests.length, 1, 'neither fetched nor formatted again');
    const posted = await ask(program.origin, `/${origin.url}/p`, {
      method: 'POST',
      body: 'a=b',
      fields: CLIENTS.kaios,
    });
    t.is(posted.status, 204);
    await statuses(4);
    t.is(
      origin.requests.filter((each) => each.method === 'GET').length,
      2,
      'both workers had forgotten; one fetched for both',
    );
  } finally {
    await endProgram(program, 'SIGKILL');
    await origin.close();
    await rm(dataDir, { recursive: true, force: true });
  }
});

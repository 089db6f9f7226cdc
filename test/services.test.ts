/** Services and updaters: the contract, their cage, their data sets, and `sql-data`. */
import { cpSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../core/clock.ts';
import { silentLog } from '../core/log.ts';
import { readPlugins } from '../formatters/plugins.ts';
import { openDataSets } from '../gateway/services/data-sets.ts';
import { DeclarationError, parseEvery } from '../gateway/services/declared.ts';
import { pauseAfter, runUpdaters } from '../gateway/services/updaters.ts';
import { ask } from './support/client.ts';
import { FakeClock } from './support/fake-clock.ts';
import { type OpenWorld, openWorld, testEnvironment, type World } from './support/gateway.ts';
import { endProgram, type Program, ROOT, startProgram } from './support/program.ts';

type Files = Readonly<Record<string, string | Uint8Array>>;

/** A service that imports nothing of ours. */
function service(name: string, handle: string, more = ''): string {
  return `export default { contract: 1, kind: 'service', name: '${name}', version: '1.0.0', ${more}
  async handle(request, env) { const url = new URL(request.url); ${handle} } };`;
}

function updater(name: string, update: string, every = '1s'): string {
  return `export default { contract: 1, kind: 'updater', name: '${name}', version: '1.0.0', every: '${every}',
  async update(env) { ${update} } };`;
}

async function makeFolder(files: Files): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'services-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

async function withFolder(files: Files, work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await makeFolder(files);
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A gateway with components of the test's own, opened for the first test that uses it, closed after the last. */
function shareWorld(files: Files, environment: Readonly<Record<string, string>>, prepare?: (folder: string) => void) {
  let opening: Promise<OpenWorld & { readonly folder: string }> | undefined;
  const open = async () => {
    const folder = await makeFolder(files);
    prepare?.(folder);
    const held = await openWorld({ environment: { PLUGINS_DIR: folder, DEMO_PORT: '0', ...environment } });
    return { ...held, folder };
  };
  test.after.always(async () => {
    const held = await opening;
    await held?.close();
    if (held !== undefined) await rm(held.folder, { recursive: true, force: true });
  });
  return (work: (t: ExecutionContext, world: World, folder: string) => Promise<void>) => {
    return async (t: ExecutionContext): Promise<void> => {
      t.timeout(60_000);
      opening ??= open();
      const { world, folder } = await opening;
      await work(t, world, folder);
    };
  };
}

/** Asks until an answer is as it should be: for what happens at its own time. */
async function until<T>(get: () => Promise<T>, isWanted: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await get();
    if (isWanted(value)) return value;
    await new Promise<void>((resolve) => systemClock.after(25, resolve));
  }
}

interface Component {
  readonly name: string;
  readonly state: string;
  readonly faults: number;
  readonly lastFault: string | null;
  readonly runs?: { readonly failures: number; readonly error: string | null };
}

async function componentOf({ admin }: World, name: string): Promise<Component> {
  const { components } = JSON.parse((await admin('/api/components')).text) as { components: Component[] };
  return components.find((each) => each.name === name)!;
}

const ECHO = service(
  'echo',
  `if (url.pathname === '/redirect') return new Response(null, { status: 303, headers: { location: '/there?x=1' } });
   if (url.pathname === '/moved') return Response.redirect(new URL('/there?x=1#y', url), 307);
   if (url.pathname === '/away') return Response.redirect('https://elsewhere.example/there', 307);
   if (url.pathname === '/tagged') return new Response('tagged', { headers: { etag: '"v1"' } });
   if (url.pathname === '/bad-fields') return new Response('<script>1</script>', { headers: {
     'content-type': 'text/html', 'set-cookie': 'format-session=stolen', 'content-security-policy': "script-src *",
     'x-own': 'kept', 'format-chain': 'lie', connection: 'x-own', 'clear-site-data': '"*"' } });
   return Response.json({ method: request.method, path: url.pathname + url.search, body: await request.text(),
     fields: Object.fromEntries(request.headers) });`,
);

const WILD = (name: string) =>
  service(
    name,
    `const name = url.pathname.slice(1);
   if (name === 'throw') throw new Error('no');
   if (name === 'nonsense') return 'text';
   if (name === 'exit') process.exit(3);
   if (name === 'kill') process.kill(process.pid, 'SIGKILL');
   if (name === 'loop') for (;;);
   if (name === 'never') return await new Promise(() => {});
   if (name === 'late') { Promise.resolve().then(() => { throw new Error('later'); }); return await new Promise(() => {}); }
   if (name === 'large') return new Response(new Uint8Array(2_000_000));
   if (name === 'memory') { const held = []; for (;;) held.push(new Array(1e6).fill(1)); }
   return new Response(String(process.pid));`,
  );

const PROBE = service(
  'probe',
  `const attempts = {
     ownFile: async () => (await import('node:fs')).readFileSync(new URL('./own.txt', import.meta.url), 'utf8'),
     otherFile: async () => (await import('node:fs')).readFileSync('/etc/hostname', 'utf8'),
     secret: async () => (await import('node:fs')).readFileSync(url.searchParams.get('dir') + '/instance.key', 'utf8'),
     write: async () => (await import('node:fs')).writeFileSync(env.data.path('shipped.txt'), 'x'),
     shipped: async () => Buffer.from(env.data.bytes('shipped.txt')).toString(),
     none: async () => env.data.path('none'),
     socket: async () => new Promise((resolve, reject) => import('node:net').then(({ connect }) =>
       connect(Number(url.searchParams.get('port')), '127.0.0.1').on('connect', () => resolve('connected')).on('error', reject))),
     fetch: async () => (await fetch('http://127.0.0.1:' + url.searchParams.get('port'))).status,
     child: async () => (await import('node:child_process')).execSync('id').toString(),
     environment: async () => Object.keys(process.env).filter((name) => /TOKEN|DATA|PORT|KEY/.test(name)).join(),
     sqlOther: async () => { const { DatabaseSync } = await import('node:sqlite'); return String(new DatabaseSync(url.searchParams.get('dir') + '/profiles.db').prepare('SELECT 1').get()); },
     sqlUri: async () => { const { DatabaseSync } = await import('node:sqlite'); return String(new DatabaseSync('file:' + url.searchParams.get('dir') + '/profiles.db').prepare('SELECT 1').get()); },
     sqlAttach: async () => { const { DatabaseSync } = await import('node:sqlite'); new DatabaseSync(':memory:').exec("ATTACH '" + url.searchParams.get('dir') + "/profiles.db' AS x"); return 'attached'; },
     sqlVacuum: async () => { const { DatabaseSync } = await import('node:sqlite'); new DatabaseSync(':memory:').exec("VACUUM INTO '" + url.searchParams.get('dir') + "/out.db'"); return 'written'; },
     sqlWrite: async () => { const { DatabaseSync } = await import('node:sqlite'); new DatabaseSync(env.data.path('own.db')).exec('INSERT INTO t VALUES (2)'); return 'written'; },
     sqlReal: async () => { const { DatabaseSync } = await import('node:sqlite'); const made = new DatabaseSync(':memory:'); return Object.getPrototypeOf(made.constructor) === Function.prototype && !('createSession' in made) ? 'denied' : 'real'; },
     sqlPrototype: async () => { Object.prototype.readOnly = false; Object.prototype.allowExtension = true; try { const { DatabaseSync } = await import('node:sqlite'); new DatabaseSync(env.data.path('own.db')).exec('INSERT INTO t VALUES (2)'); return 'written'; } finally { delete Object.prototype.readOnly; delete Object.prototype.allowExtension; } },
     sqlBackup: async () => { const sqlite = await import('node:sqlite'); await sqlite.backup(new sqlite.DatabaseSync(':memory:'), '/tmp/out.db'); return 'written'; },
     sqlOwn: async () => { const { DatabaseSync } = await import('node:sqlite'); return String(new DatabaseSync(env.data.path('own.db')).prepare('SELECT a FROM t').get().a); },
     sqlMemory: async () => { const { DatabaseSync } = await import('node:sqlite'); const made = new DatabaseSync(':memory:'); made.exec('CREATE TABLE t (a); INSERT INTO t VALUES (7)'); return String(made.serialize().length > 0 && made.prepare('SELECT a FROM t').get().a); },
     envFetch: async () => (await env.fetch('http://10.1.2.3/p')).status + '',
     envFile: async () => (await env.fetch('file:///etc/hostname')).status + '',
     envService: async () => await (await env.fetch('/-/services/sql-data/tables')).text(),
     badPut: async () => { await env.data.put('../x', 'y'); return 'put'; },
   };
   try { return new Response('did: ' + await attempts[url.pathname.slice(1)]()); } catch (error) { return new Response('denied: ' + error.message, { status: 403 }); }`,
);

function smallDatabase(): Uint8Array {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)');
  return (database as unknown as { serialize(): Uint8Array }).serialize();
}

const COUNTER = updater(
  'counter',
  `const held = env.data.names().includes('count') ? Number(Buffer.from(env.data.bytes('count')).toString('latin1', 0, 8)) : 0;
   const text = String(held + 1).padStart(8, '0').repeat(50_000);
   const { edition } = await env.data.put('count', text);
   if (env.data.edition('count') !== edition) throw new Error('it does not see its own edition');`,
);

const READER = service(
  'reader',
  `if (url.pathname === '/put') return Response.json(await env.data.put('count', await request.text()));
   if (!env.data.names().includes('count')) return new Response('none', { status: 404 });
   const text = Buffer.from(env.data.bytes('count')).toString();
   const parts = new Set(text.match(/.{8}/g));
   return Response.json({ edition: env.data.edition('count'), length: text.length, values: [...parts] });`,
);

/** A database with what is hard to write down. */
function makeDatabase(file: string): void {
  const database = new DatabaseSync(file);
  database.exec(`CREATE TABLE sales (month TEXT, total REAL, "odd, name" TEXT);
    CREATE TABLE hard (a INTEGER, b TEXT, c BLOB, d REAL);
    CREATE VIEW gone AS SELECT * FROM nowhere;
    CREATE TABLE "we""ird/x" (one);`);
  const put = database.prepare('INSERT INTO sales VALUES (?, ?, ?)');
  for (const [month, total] of [
    ['2025-01', 10.5],
    ['2025-02', 20],
    ['2025-03', 30],
  ] as const)
    put.run(month, total, `say "hi", ${month}\nagain`);
  const hard = database.prepare('INSERT INTO hard VALUES (?, ?, ?, ?)');
  hard.run(9_007_199_254_740_993n, '', new Uint8Array([1, 2, 3]), null);
  hard.run(null, ' =1+1', null, 1e300);
  database.exec('INSERT INTO "we""ird/x" VALUES (1)');
  database.close();
}

/** Words that services write by way of the authority. */
const WORDS = service(
  'words',
  `if (url.pathname === '/put') return Response.json(await env.data.put('word', await request.text()));
   return new Response(env.data.edition('word') + ' ' + Buffer.from(env.data.bytes('word')));`,
);
const WRITER = service(
  'writer',
  `if (url.pathname === '/write') { const { edition } = await env.data.put('word', await request.text()); return Response.json({ edition, isAuthority: env.isAuthority }); }
   if (url.pathname === '/other') return await env.authority(new Request('http://authority/-/services/words/put', { method: 'POST', body: 'other' }));
   if (url.pathname === '/circle') return await env.authority(new Request('http://authority/circle'));
   return await env.authority(new Request('http://authority/write', { method: 'POST', body: 'own' }));`,
);
const GATE = service(
  'gate',
  `const answer = await env.fetch(url.searchParams.get('hold')); return new Response('through ' + answer.status);`,
  'concurrency: 2,',
);

const inWorld = shareWorld(
  {
    'echo.mjs': ECHO,
    'probe/index.mjs': PROBE,
    'probe/own.txt': 'mine',
    'probe/data/shipped.txt': 'as shipped',
    'probe/data/own.db': smallDatabase(),
    'counter.mjs': COUNTER,
    'reader.mjs': READER,
    'words.mjs': WORDS,
    'writer.mjs': WRITER,
    'gate.mjs': GATE,
    'failing.mjs': updater('failing', `throw new Error('the source is down');`),
    'hanging.mjs': updater('hanging', 'for (;;);', '30s'),
    'never.mjs': updater('never', '', 'weekly'),
    'broken.mjs': `${service('broken', '')} throw new Error('at load');`,
  },
  { SERVICE_QUEUE: '1', SERVICE_MAX_BYTES: '1000000', UPDATE_TIMEOUT_MS: '6000' },
  (folder) => {
    for (const name of ['refreshed-landings.mjs', 'latest-landings.mjs'])
      cpSync(join(ROOT, 'docs/recipes', name), join(folder, name));
  },
);
const inWildWorld = shareWorld(
  { 'wild.mjs': WILD('wild'), 'wilder.mjs': WILD('wilder') },
  { SERVICE_TIMEOUT_MS: '2000', SERVICE_MEMORY_MB: '64', SERVICE_MAX_BYTES: '1000000' },
);
/** A copy of the service in PLUGINS_DIR, with data sets of its own, takes the place of the built-in one. */
const inSqlWorld = shareWorld(
  { 'sql-data/data/notes.txt': 'no database' },
  { SERVICE_TIMEOUT_MS: '5000' },
  (folder) => {
    cpSync(join(ROOT, 'services/sql-data'), join(folder, 'sql-data'), { recursive: true });
    for (const name of ['sales.db', 'written.db']) makeDatabase(join(folder, 'sql-data/data', name));
  },
);

async function query(
  { get }: World,
  sql: string,
  more = '',
  fields: Readonly<Record<string, string>> = {},
): ReturnType<World['get']> {
  return await get(`/-/services/sql-data/query.csv?sql=${encodeURIComponent(sql)}${more}`, { fields });
}

test.serial(
  'a service answers below its mount: prefix stripped, query, method and body kept; nothing of the client’s secrets goes in, no cookie or policy comes out (threats 19, 20, 23)',
  inWorld(async (t, { get }) => {
    const fields = {
      cookie: 'format-session=abcdefghijklmnop; other=1',
      authorization: 'Basic c2VjcmV0',
      'x-forwarded-for': '10.0.0.1',
      'format-profile': 'kaios',
      connection: 'x-hop',
      'x-hop': '1',
      'x-kept': 'yes',
      'content-type': 'text/plain',
    };
    const answer = await get('/-/services/echo/a/b%2Fc?q=1&q=2', { method: 'POST', body: 'the body', fields });
    t.is(answer.status, 200, answer.text);
    const seen = JSON.parse(answer.text);
    t.like(seen, { method: 'POST', path: '/a/b%2Fc?q=1&q=2', body: 'the body' });
    t.deepEqual(Object.keys(seen.fields).sort(), ['content-type', 'x-kept']);
    for (const path of ['/-/services/echo', '/-/services/echo/'])
      t.is(JSON.parse((await get(path)).text).path, '/', path);

    const bad = await get('/-/services/echo/bad-fields');
    t.is(bad.fields['set-cookie'], undefined);
    t.is(bad.fields['clear-site-data'], undefined);
    t.is(bad.fields['format-chain'], undefined);
    t.regex(String(bad.fields['content-security-policy']), /^sandbox .*script-src 'none'/);
    t.is(bad.fields['x-content-type-options'], 'nosniff');

    const head = await get('/-/services/echo/x', { method: 'HEAD' });
    t.is(head.text, '');
    t.true(Number(head.fields['content-length']) > 10);
    t.is((await get('/-/services/echo/redirect')).fields.location, '/-/services/echo/there?x=1');
    // `Response.redirect` of the web standard takes whole addresses alone.
    t.is((await get('/-/services/echo/moved')).fields.location, '/-/services/echo/there?x=1#y');
    t.is((await get('/-/services/echo/away')).fields.location, 'https://elsewhere.example/there');
    const same = await get('/-/services/echo/tagged', { fields: { 'if-none-match': 'W/"v1"' } });
    t.is(same.status, 304);
    t.is(same.fields.etag, '"v1"');
    for (const path of ['/-/services/nobody/', '/-/services/', '/-/services'])
      t.is((await get(path)).status, 404, path);
    t.is((await get('/-/services/echo/x', { method: 'TRACE' })).status, 405);
  }),
);

test.serial(
  'what a service does wrong costs its own request: 502 where it fails, 504 where it hangs; it is started again, and the admin sees it (threat 53)',
  inWildWorld(async (t, world) => {
    const { get } = world;
    const good = async () => (await get('/-/services/wild/')).text;
    const first = await good();
    for (const [misdeed, status, endsProcess] of [
      ['throw', 502, false],
      ['nonsense', 502, false],
      ['large', 502, false],
      ['never', 504, false],
      ['late', 502, true],
      ['exit', 502, true],
      ['loop', 504, true],
    ] as const) {
      const before = await good();
      const answer = await get(`/-/services/wild/${misdeed}`);
      t.is(answer.status, status, `${misdeed}: ${answer.text}`);
      t.is(answer.fields['cache-control'], 'no-store');
      t.false(/no\b.*Error|at .*wild/.test(answer.text), answer.text);
      const next = await until(good, (text) => /^\d+$/.test(text));
      t.is(next !== before, endsProcess, misdeed);
    }
    t.not(await good(), first);
    const { faults, lastFault, state } = await componentOf(world, 'wild');
    t.true(faults >= 3, String(faults));
    t.is(lastFault, 'hangs');
    t.is(state, 'running');
  }),
);

test.serial(
  'five faults in a minute make a service rest: 502 with Retry-After, without a process (threat 53)',
  inWildWorld(async (t, world) => {
    const { get } = world;
    for (const misdeed of ['exit', 'kill', 'memory', 'exit', 'kill']) {
      await until(
        () => get('/-/services/wilder/'),
        (answer) => answer.status === 200,
      );
      t.is((await get(`/-/services/wilder/${misdeed}`)).status, 502, misdeed);
    }
    const rests = await until(
      () => get('/-/services/wilder/'),
      (answer) => Number(answer.fields['retry-after']) > 30,
    );
    t.is(rests.status, 502);
    t.is((await componentOf(world, 'wilder')).state, 'resting');
    // One that cannot even be described is a fault of the start, told in the log.
    t.is((await get('/-/services/broken/')).status, 404);
  }),
);

test.serial(
  'a service reads its own files and data sets and nothing else, by fs or by SQLite; sockets, processes and secrets are barred; env.fetch is guarded (threats 1, 3, 53)',
  inWorld(async (t, { get, dataDir, origin }) => {
    const port = new URL(origin.url).port;
    const attempt = async (name: string) =>
      (await get(`/-/services/probe/${name}?port=${port}&dir=${encodeURIComponent(dataDir)}`)).text;
    for (const [name, expected] of [
      ['ownFile', 'did: mine'],
      ['shipped', 'did: as shipped'],
      ['environment', 'did: '],
      ['sqlOwn', 'did: 1'],
      ['sqlMemory', 'did: 7'],
      ['sqlReal', 'did: denied'],
    ] as const)
      t.is(await attempt(name), expected, name);
    t.regex(await attempt('envService'), /^did: \[[\s\S]*"landings"/);
    for (const name of [
      'otherFile',
      'secret',
      'write',
      'socket',
      'fetch',
      'child',
      'sqlOther',
      'sqlUri',
      'sqlAttach',
      'sqlVacuum',
      'sqlWrite',
      'sqlPrototype',
      'sqlBackup',
      'envFetch',
      'envFile',
      'badPut',
    ])
      t.regex(await attempt(name), /^denied: /, name);
    t.regex(await attempt('none'), /there is no data set `none`; there are: own\.db, shipped\.txt/);
    t.deepEqual(origin.requests, []);
  }),
);

test.serial(
  'an updater refreshes a data set without any client asking; editions grow, and readers never see half of one',
  inWorld(async (t, world) => {
    const read = async () => {
      const { status, text } = await world.get('/-/services/reader/');
      return status === 404 ? undefined : (JSON.parse(text) as { edition: number; length: number; values: string[] });
    };
    const seen: number[] = [];
    await until(
      async () => {
        const found = await read();
        if (found === undefined) return 0;
        t.is(found.length, 400_000);
        t.deepEqual(found.values, [String(found.edition).padStart(8, '0')]);
        seen.push(found.edition);
        return found.edition;
      },
      (edition) => edition >= 3,
    );
    t.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    );
    const { runs } = await until(
      () => componentOf(world, 'counter'),
      (counter) => counter.runs?.failures === 0,
    );
    t.is(runs?.error, null);
  }),
);

test.serial(
  'the updater of the recipes registers what a service gives, and the service of the recipes gives it on',
  inWorld(async (t, { get }) => {
    const answer = await until(
      () => get('/-/services/latest-landings/'),
      ({ status }) => status === 200,
    );
    t.regex(answer.text, /^month,tonnes\r\n2024-01,/);
    t.is(answer.fields['data-edition'], '1');
    t.is((await get('/-/services/latest-landings/', { fields: { 'if-none-match': '"1"' } })).status, 304);
  }),
);

test.serial('a service without `handle` and an updater without `update` are faults of the start', async (t) => {
  await withFolder(
    {
      'a.mjs': `export default { contract: 1, kind: 'service', name: 'a', version: '1.0.0' };`,
      'b.mjs': `export default { contract: 1, kind: 'updater', name: 'b', version: '1.0.0', every: '1s', update: 5 };`,
      'c.mjs': `import { DatabaseSync } from 'node:sqlite'; ${service('c', 'return new Response(String(DatabaseSync));')}`,
    },
    async (folder) => {
      const { others, faults } = await readPlugins(folder);
      t.deepEqual(
        faults.map(({ message }) => message),
        ['`handle` must be a function', '`update` must be a function'],
      );
      t.deepEqual(
        others.map(({ name }) => name),
        ['c'],
      );
    },
  );
});

test.serial(
  'what two processes put at once has editions of its own each; what is damaged is not used (threat 66); old ones go, recent ones stay',
  async (t) => {
    await withFolder({ 'shipped/a': 'shipped a', 'shipped/b': 'shipped b', 'other/b': 'other b' }, async (folder) => {
      const clock = new FakeClock(Date.now());
      const options = {
        folder: join(folder, 'sets'),
        shipped: new Map([
          ['x', [join(folder, 'shipped')]],
          ['y', [join(folder, 'other'), join(folder, 'missing')]],
        ]),
        maxBytes: 1_000,
        clock,
        log: silentLog,
      };
      const [one, two] = [await openDataSets(options), await openDataSets(options)];
      const text = async (sets: typeof one, component: string, name: string) => {
        const found = (await sets.current(component)).find(([each]) => each === name)?.[1];
        return found === undefined ? undefined : `${found.edition}: ${await readFile(found.path, 'utf8')}`;
      };
      t.is(await text(one, 'x', 'b'), '0: shipped b');
      t.is(await text(one, 'y', 'b'), '0: other b', 'its own first');
      t.is(await text(one, 'y', 'a'), '0: shipped a', 'those of others too');
      const put = await Promise.all(
        Array.from({ length: 10 }, (_, at) => (at % 2 === 0 ? one : two).put('b', Buffer.from(`put ${at}`))),
      );
      t.deepEqual(
        put.map(({ edition }) => edition).sort((a, b) => a - b),
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      );
      t.is((await one.put('b', Buffer.from('newest'))).edition, 11);
      for (const sets of [one, two]) t.is(await text(sets, 'x', 'b'), '11: newest');

      const three = await openDataSets(options);
      await writeFile(join(folder, 'sets/b/000000000011'), 'newEst');
      t.regex(String(await text(three, 'x', 'b')), /^10: put \d$/, 'the one before');

      t.is((await readdir(join(folder, 'sets/b'))).filter((name) => /^\d+$/.test(name)).length, 11);
      clock.advance(600_000);
      t.is((await one.put('b', Buffer.from('later'))).edition, 12);
      const left = (await readdir(join(folder, 'sets/b'))).sort();
      t.deepEqual(left, ['000000000011', '000000000011.sha256', '000000000012', '000000000012.sha256']);

      for (const name of ['', '.', '../x', 'a/b', '.hidden', 'x'.repeat(129), 'ä'])
        await t.throwsAsync(one.put(name, Buffer.from('x')), { instanceOf: RangeError }, name);
      await t.throwsAsync(one.put('large', Buffer.alloc(1_001)), { message: /1000 bytes/ });
    });
  },
);

test.serial(
  'updaters: from 1s to 24h; never beside themselves; doubled pauses while they fail; the failure is told',
  async (t) => {
    for (const [text, ms] of [
      ['1s', 1_000],
      ['30s', 30_000],
      ['5m', 300_000],
      ['24h', 86_400_000],
    ] as const)
      t.is(parseEvery(text), ms);
    for (const wrong of ['0s', '25h', '1', '1d', '-1s', '1.5m', ' 1s', 1000, undefined, '999999h'])
      t.throws(() => parseEvery(wrong), { instanceOf: DeclarationError }, String(wrong));
    t.deepEqual(
      [0, 1, 2, 3, 4, 20].map((failures) => pauseAfter(failures, 1_000)),
      [1_000, 1_000, 2_000, 4_000, 8_000, 600_000],
    );
    t.is(pauseAfter(5, 3_600_000), 3_600_000);

    const clock = new FakeClock();
    const runs: PromiseWithResolvers<void>[] = [];
    let rests = 0;
    const rest = async () => {
      rests += 1;
    };
    const update = () => {
      runs.push(Promise.withResolvers());
      return runs.at(-1)!.promise;
    };
    const settled = () => new Promise(setImmediate);
    const updaters = runUpdaters([{ name: 'u', everyMs: 10_000, update, rest }], {
      clock,
      log: silentLog,
    });
    t.is(runs.length, 1, 'at the start');
    clock.advance(60_000);
    t.is(runs.length, 1, 'not while one runs');
    runs[0]!.resolve();
    await settled();
    clock.advance(0);
    t.is(runs.length, 2, 'one that is overdue begins at once');
    for (const [failures, ms] of [
      [1, 10_000],
      [2, 20_000],
      [3, 40_000],
      [4, 80_000],
    ] as const) {
      runs.at(-1)!.reject(new Error('source is down'));
      await settled();
      t.like(updaters.status('u'), { failures, error: 'source is down' });
      const before = runs.length;
      clock.advance(ms - 1);
      t.is(runs.length, before);
      clock.advance(1);
      t.is(runs.length, before + 1, String(ms));
    }
    t.is(rests, 1, 'its process is ended where the next run is far off');
    runs.at(-1)!.resolve();
    await settled();
    t.like(updaters.status('u'), { failures: 0, error: undefined, lastRun: clock.now() });
    updaters.stop();
    clock.advance(100_000);
    t.is(runs.length, 6);
  },
);

test.serial(
  'an updater that fails or hangs is told of in its status, and so is what cannot be run at all',
  inWorld(async (t, world) => {
    const failing = await until(
      () => componentOf(world, 'failing'),
      ({ runs }) => runs?.error !== null,
    );
    t.like(failing.runs, { error: 'the source is down' });
    const hanging = await until(
      () => componentOf(world, 'hanging'),
      ({ lastFault }) => lastFault === 'hangs',
    );
    t.truthy(hanging.runs?.error);
    t.is((await componentOf(world, 'never')) as unknown, undefined);
  }),
);

test.serial(
  'the authority of a set is this server: a service asks itself or another, puts, and is stopped when it asks in circles',
  inWorld(async (t, { get }) => {
    t.deepEqual(JSON.parse((await get('/-/services/writer/')).text), { edition: 1, isAuthority: true });
    t.is((await get('/-/services/words/')).text, '1 own');
    t.deepEqual(JSON.parse((await get('/-/services/writer/other')).text), { edition: 2 });
    t.is((await get('/-/services/words/')).text, '2 other');
    t.is((await get('/-/services/writer/circle')).status, 502);
  }),
);

test.serial(
  'requests beyond what a service takes wait, and are shed beyond the queue; one that is too large is refused',
  inWorld(async (t, { get, origin }) => {
    const held: (() => void)[] = [];
    const both = Promise.withResolvers<void>();
    origin.on('/hold', (_, response) => {
      held.push(() => response.end('go'));
      if (held.length === 2) both.resolve();
    });
    const path = (name: string) => `/-/services/gate/?hold=${encodeURIComponent(`${origin.url}/hold?${name}`)}`;
    // A process that is being started takes nothing yet.
    origin.on('/open', (_, response) => void response.end('go'));
    await get(`/-/services/gate/?hold=${encodeURIComponent(`${origin.url}/open`)}`);
    const first = get(path('1'));
    const second = get(path('2'));
    await both.promise;
    const more = [get(path('3')), get(path('4'))];
    const shed = await Promise.race(more);
    t.is(shed.status, 503);
    t.truthy(shed.fields['retry-after']);
    origin.on('/hold', (_, response) => void response.end('go'));
    for (const open of held) open();
    for (const { status, text } of [await first, await second]) t.is(`${status} ${text}`, '200 through 200');
    t.deepEqual((await Promise.all(more)).map(({ status }) => status).sort(), [200, 503]);
    t.is((await get('/-/services/gate/', { method: 'POST', body: 'x'.repeat(1_000_001) })).status, 413);
  }),
);

test.serial(
  'services are open to whom prefix mode is (threat 13)',
  shareWorld(
    { 'echo.mjs': ECHO },
    { CLIENTS_ALLOW: 'none' },
  )(async (t, { get }) => {
    t.is((await get('/-/services/echo/x')).status, 403);
    t.is((await get('/-/services/sql-data/tables')).status, 403);
  }),
);

test.serial(
  'with two workers each has services of its own, updaters run once, and both see every edition',
  async (t) => {
    t.timeout(60_000);
    await withFolder(
      {
        'plugins/counter.mjs': COUNTER,
        'plugins/reader.mjs': READER,
        'plugins/who.mjs': service('who', 'return new Response(String(process.ppid));'),
      },
      async (folder) => {
        await mkdir(join(folder, 'data'));
        const environment = testEnvironment(join(folder, 'data'), {
          WORKERS: '2',
          PLUGINS_DIR: join(folder, 'plugins'),
          DEMO_PORT: '0',
        });
        let program: Program | undefined;
        try {
          program = await startProgram(environment);
          const { origin } = program;
          const parents = new Set<string>();
          await until(
            async () => parents.add((await ask(origin, '/-/services/who/')).text),
            () => parents.size === 2,
          );
          let newest = 0;
          await until(
            async () => {
              const { status, text } = await ask(origin, '/-/services/reader/');
              if (status === 404) return;
              const { edition, values } = JSON.parse(text) as { edition: number; values: string[] };
              // Of two updaters at once one would register a number that the other has registered.
              t.deepEqual(values, [String(edition).padStart(8, '0')]);
              t.true(edition >= newest, `${edition} after ${newest}`);
              newest = edition;
            },
            () => newest >= 3,
          );
          t.is(await endProgram(program), 0);
        } finally {
          await endProgram(program, 'SIGKILL');
        }
      },
    );
  },
);

test.serial(
  'sql-data tells tables, gives them as CSV and JSON, and answers queries with parameters',
  inSqlWorld(async (t, world) => {
    const { get } = world;
    const tables = JSON.parse((await get('/-/services/sql-data/tables')).text) as Record<string, unknown>[];
    t.deepEqual(
      tables.map(({ name, type, rows }) => [name, type, rows]),
      [
        ['gone', 'view', null],
        ['hard', 'table', 2],
        ['sales', 'table', 3],
        ['we"ird/x', 'table', 1],
      ],
    );
    t.deepEqual(tables[2]!['columns'], [
      { name: 'month', type: 'TEXT' },
      { name: 'total', type: 'REAL' },
      { name: 'odd, name', type: 'TEXT' },
    ]);
    const csv = await get('/-/services/sql-data/tables/sales.csv');
    t.is(csv.fields['content-type'], 'text/csv; charset=utf-8; header=present');
    t.is(csv.text.slice(0, 74), 'month,total,"odd, name"\r\n2025-01,10.5,"say ""hi"", 2025-01\nagain"\r\n2025-02');
    const json = await get('/-/services/sql-data/tables/sales.json?limit=2');
    t.is(json.fields['data-truncated'], 'rows=2');
    t.deepEqual(JSON.parse(json.text)[1], { month: '2025-02', total: 20, 'odd, name': 'say "hi", 2025-02\nagain' });
    t.is(csv.fields['data-truncated'], undefined);
    const hard = await get('/-/services/sql-data/tables/hard.json');
    t.true(hard.text.includes('{"a":9007199254740993,"b":"","c":"AQID","d":null}'), hard.text);
    t.is(
      (await get('/-/services/sql-data/tables/hard.csv')).text,
      'a,b,c,d\r\n9007199254740993,"",AQID,\r\n," =1+1",,1e+300\r\n',
    );
    t.is((await get(`/-/services/sql-data/tables/${encodeURIComponent('we"ird/x')}.csv`)).text, 'one\r\n1\r\n');

    for (const [sql, more, expected] of [
      ['SELECT count(*) AS n FROM sales WHERE total > ?', '&p1=15', 'n\r\n2\r\n'],
      ['SELECT month FROM sales WHERE month = :m OR total = $t', '&m=2025-01&t=30', 'month\r\n2025-01\r\n2025-03\r\n'],
      ['SELECT ? AS a, ? AS b', '&p1=007&p2=1.50', 'a,b\r\n007,1.50\r\n'],
      [
        'SELECT typeof(?) AS t, typeof(?) AS u, typeof(?) AS v',
        '&p1=5&p2=5.5&p3=five',
        't,u,v\r\ninteger,real,text\r\n',
      ],
      ['SELECT 1 AS a, 2 AS a', '', 'a,a\r\n1,2\r\n'],
      ['SELECT 1 AS a; -- and no more', '', 'a\r\n1\r\n'],
      [
        'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 3) SELECT x FROM c',
        '',
        'x\r\n1\r\n2\r\n3\r\n',
      ],
      ['SELECT month FROM sales WHERE total > 99', '', 'month\r\n'],
      ['SELECT NULL AS a', '', 'a\r\n""\r\n'],
    ] as const)
      t.is((await query(world, sql, more)).text, expected, sql);
    const twice = await get('/-/services/sql-data/query.json?sql=SELECT+1+AS+a,2+AS+a');
    t.deepEqual(JSON.parse(twice.text), [{ a: 1, a_2: 2 }]);
  }),
);

test.serial(
  'sql-data reads one statement and nothing else: what is wrong is 400 or 422 with the reason, and the data stays as it was',
  inSqlWorld(async (t, world, folder) => {
    const { get, dataDir } = world;
    const file = join(folder, 'sql-data/data/sales.db');
    const before = await readFile(file);
    for (const [sql, status, reason] of [
      ['SELECT nope FROM sales', 422, /no such column: nope/],
      ['SELEKT 1', 422, /syntax error/],
      ['SELECT * FROM nowhere', 422, /no such table: nowhere/],
      ['SELECT 1; SELECT 2', 400, /One statement/],
      ['SELECT 1; DROP TABLE sales', 400, /One statement/],
      ['', 400, /missing/],
      ['-- nothing', 400, /no SQL statement|missing/],
      ["INSERT INTO sales VALUES ('x', 1, '')", 400, /only reading/i],
      ['UPDATE sales SET total = 0', 400, /only reading/i],
      ['DELETE FROM sales', 400, /only reading/i],
      ['DROP TABLE sales', 400, /only reading/i],
      ['CREATE TEMP TABLE x (a)', 400, /only reading/i],
      [`ATTACH '${dataDir}/profiles.db' AS p`, 400, /only reading/i],
      [`VACUUM INTO '${dataDir}/out.db'`, 400, /only reading/i],
      ['PRAGMA query_only = 0', 400, /only reading/i],
      ['SELECT * FROM pragma_database_list', 400, /only reading/i],
      ["SELECT load_extension('x')", 400, /only reading/i],
      ['BEGIN IMMEDIATE', 400, /only reading/i],
      ['SELECT zeroblob(1000000000)', 422, /too big/],
      [`SELECT 1${'-1'.repeat(1_500)}`, 422, /depth/],
    ] as const) {
      const answer = await query(world, sql);
      t.is(answer.status, status, `${sql.slice(0, 60)}: ${answer.text}`);
      const problem = JSON.parse(answer.text);
      t.is(answer.fields['content-type'], 'application/problem+json');
      t.like(problem, { status });
      t.regex(problem.detail, reason, sql.slice(0, 60));
    }
    for (const [path, status, reason] of [
      ['tables/none.csv', 404, /no table `none`; there are: gone, hard, sales/],
      ['tables/gone.csv', 422, /nowhere/],
      ['tables/sales.xlsx', 404, /there are \/tables/],
      ['tables?data=other', 404, /No SQLite data set `other`; there are: sales\.db, written\.db/],
      ['tables/sales.csv?limit=0', 400, /from 1 to 250000/],
      ['query.csv?sql=SELECT+?', 200, /^/],
      ['query.csv?sql=SELECT+1&p1=2', 400, /more parameters/],
      ['query.csv?sql=SELECT+1&name=2', 400, /[Pp]arameter/],
      ['query.csv?sql=SELECT+?,?&p2=2', 400, /`p1` is missing/],
      ['tables/%ff.csv', 400, /UTF-8/],
    ] as const) {
      const answer = await get(`/-/services/sql-data/${path}`);
      t.is(answer.status, status, `${path}: ${answer.text}`);
      t.regex(answer.text, reason, path);
    }
    const posted = await get('/-/services/sql-data/tables', { method: 'POST', body: 'x' });
    t.is(posted.status, 405);
    t.is(posted.fields.allow, 'GET, HEAD');
    t.deepEqual(await readFile(file), before);
  }),
);

test.serial(
  'sql-data has strong ETags of its data: 304 until a row changes, also while SQLite itself writes to the file',
  inSqlWorld(async (t, world, folder) => {
    const { get } = world;
    const file = join(folder, 'sql-data/data/written.db');
    const more = '&data=written.db';
    const sql = 'SELECT sum(total) AS s FROM sales';
    const first = await query(world, sql, more);
    const etag = String(first.fields.etag);
    t.regex(etag, /^"[\w-]{22}"$/);
    t.regex(String(first.fields['cache-control']), /^public, max-age=\d$/);
    t.truthy(first.fields['last-modified']);
    const same = await query(world, sql, more, { 'if-none-match': `"other", ${etag}` });
    t.is(same.status, 304);
    t.is(same.text, '');
    t.is(same.fields.etag, etag);
    t.not((await query(world, 'SELECT 1', more)).fields.etag, etag);
    t.not((await get('/-/services/sql-data/tables?data=written.db')).fields.etag, etag);
    const database = new DatabaseSync(file);
    for (const [mode, total] of [
      ['DELETE', 100],
      ['WAL', 200],
      ['WAL', 300],
    ] as const) {
      const known = String((await query(world, sql, more)).fields.etag);
      database.exec(`PRAGMA journal_mode = ${mode}; UPDATE sales SET total = ${total} WHERE month = '2025-01'`);
      const changed = await query(world, sql, more, { 'if-none-match': known });
      t.is(changed.status, 200, mode);
      t.is(changed.text, `s\r\n${total + 50}.0\r\n`.replace('.0', ''));
      t.not(changed.fields.etag, known);
    }
    database.close();
  }),
);

test.serial(
  'a query that does not end is ended with its process, and others go on meanwhile (threat 53)',
  inSqlWorld(async (t, world) => {
    t.is((await query(world, 'SELECT 1')).status, 200);
    const endless = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c';
    let isEnded = false;
    const runaway = query(world, endless).then((answer) => {
      isEnded = true;
      return answer;
    });
    t.is((await query(world, 'SELECT 2 AS a')).text, 'a\r\n2\r\n');
    t.false(isEnded);
    t.is((await runaway).status, 504);
    t.is((await query(world, 'SELECT 3 AS a')).text, 'a\r\n3\r\n');
    const rows = endless.replace('count(*)', 'x');
    const many = await query(world, rows);
    t.is(many.fields['data-truncated'], 'rows=250000');
    t.is(many.text.split('\r\n').length, 250_002);
  }),
);

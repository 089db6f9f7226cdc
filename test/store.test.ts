/** `store backup|restore|status`, schema versions, and what a data folder keeps over kill -9. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'ava';
import { checkedStores } from '../bin/verbs/store.ts';
import { keptFiles, restoreBackup, writeBackup } from '../core/backup.ts';
import { inTransaction, openDatabase } from '../core/database.ts';
import { holdFolder } from '../core/folder-lock.ts';
import { ask, CLIENTS } from './support/client.ts';
import { testEnvironment } from './support/gateway.ts';
import { startOrigin } from './support/origin.ts';
import { endProgram, type Program, ROOT, startProgram } from './support/program.ts';

const TOKEN = { authorization: 'Bearer token-of-sixteen-or-more', 'content-type': 'application/json' };

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'store-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(environment: Record<string, string>, ...args: string[]) {
  const child = spawn(process.execPath, [join(ROOT, 'bin/cli.ts'), ...args], {
    cwd: environment['DATA_DIR'],
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err] = ['', ''].map(() => [] as string[]);
  child.stdout.on('data', (part) => out!.push(String(part)));
  child.stderr.on('data', (part) => err!.push(String(part)));
  const [code] = await once(child, 'close');
  return { code: code as number, out: out!.join(''), err: err!.join('') };
}

test.serial('a server with two workers is backed up while it runs, and restored as it was', async (t) => {
  t.timeout(90_000);
  await withFolder(async (folder) => {
    const origin = await startOrigin();
    origin.on('/p', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', 'set-cookie': 'sid=kept; Path=/' }).end('text');
    });
    const environment = testEnvironment(join(folder, 'data'), {
      WORKERS: '2',
      ADMIN_TOKEN: 'token-of-sixteen-or-more',
    });
    await mkdir(environment['DATA_DIR']!);
    const backup = join(folder, 'backup');
    let program: Program | undefined;
    const put = (name: string) =>
      ask(program!.adminOrigin, `/api/profiles/${name}`, { method: 'PUT', body: `{"name":"${name}"}`, fields: TOKEN });
    try {
      program = await startProgram(environment);
      t.is((await put('kept')).status, 201);
      const first = await ask(program.origin, `/${origin.url}/p`, { fields: CLIENTS.kaios });
      const cookie = String(first.fields['set-cookie']).split(';')[0]!;
      t.regex(cookie, /^format-jar=/);
      const made = await run(environment, 'store', 'backup', backup, '--json');
      t.is(made.code, 0, made.err);
      const names = (JSON.parse(made.out) as { files: { name: string }[] }).files.map((each) => each.name);
      for (const name of ['profiles.db', 'clients.db', 'sessions.db', 'instance.key'])
        t.true(names.includes(name), name);
      t.false(names.some((name) => /cache|wal|shm|lock/.test(name)));
      // A database that the verb cannot open as the program does would be restored whatever wrote it.
      t.deepEqual(
        names.filter((name) => name.endsWith('.db') && !checkedStores.includes(name)),
        [],
      );
      t.is((await stat(backup)).mode & 0o777, 0o600);

      t.is((await put('later')).status, 201);
      const refused = await run(environment, 'store', 'restore', backup);
      t.is(refused.code, 1);
      t.regex(refused.err, /a server is using it/);
      const status = await run(environment, 'store', 'status', '--json');
      t.like(JSON.parse(status.out), { inUse: true });

      await endProgram(program, 'SIGKILL');
      program = undefined;
      await untilFree(environment['DATA_DIR']!);
      const restored = await run(environment, 'store', 'restore', backup, '--json');
      t.is(restored.code, 0, restored.err);
      t.regex((await run(environment, 'store', 'status')).out, /not in use\n.*profiles\.db/s);
      program = await startProgram(environment);
      t.is((await ask(program.adminOrigin, '/api/profiles/kept', { fields: TOKEN })).status, 200);
      t.is((await ask(program.adminOrigin, '/api/profiles/later', { fields: TOKEN })).status, 404);
      for (let i = 0; i < 2; i++)
        await ask(program.origin, `/${origin.url}/p`, { fields: { ...CLIENTS.kaios, cookie } });
      t.deepEqual(
        origin.requests.slice(1).map((each) => each.fields.cookie),
        ['sid=kept', 'sid=kept'],
        'the jar is the same, for both workers',
      );
    } finally {
      await endProgram(program, 'SIGKILL');
      await origin.close();
    }
  });
});

// Workers whose first process was killed end by themselves a moment later.
async function untilFree(folder: string): Promise<void> {
  for (let tries = 0; ; tries++)
    try {
      holdFolder(folder, 'alone')();
      return;
    } catch (error) {
      if (tries === 10) throw error;
    }
}

test('the jar and the client records of two workers outlive kill -9', async (t) => {
  t.timeout(60_000);
  await withFolder(async (folder) => {
    const origin = await startOrigin();
    origin.on('/p', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain', 'set-cookie': 'sid=kept; Path=/' }).end('text');
    });
    const environment = testEnvironment(folder, { WORKERS: '2', ADMIN_TOKEN: 'token-of-sixteen-or-more' });
    let program: Program | undefined;
    const clients = async () =>
      JSON.parse((await ask(program!.adminOrigin, '/api/clients', { fields: TOKEN })).text) as {
        clients: { id: string; profile?: string }[];
      };
    try {
      program = await startProgram(environment);
      const first = await ask(program.origin, `/${origin.url}/p`, { fields: CLIENTS.kaios });
      const cookie = String(first.fields['set-cookie']).split(';')[0]!;
      let seen = await clients();
      // Sightings are gathered for a second.
      while (seen.clients.length === 0) seen = await clients();
      const changed = await ask(program.adminOrigin, `/api/clients/${seen.clients[0]!.id}`, {
        method: 'PATCH',
        body: '{"profile":"e-reader"}',
        fields: TOKEN,
      });
      t.is(changed.status, 200);
      await endProgram(program, 'SIGKILL');
      program = await startProgram(environment);
      t.is((await clients()).clients.find((each) => each.id === seen.clients[0]!.id)?.profile, 'e-reader');
      for (let i = 0; i < 2; i++)
        await ask(program.origin, `/${origin.url}/p`, { fields: { ...CLIENTS.kaios, cookie } });
      t.deepEqual(
        origin.requests.slice(1).map((each) => each.fields.cookie),
        ['sid=kept', 'sid=kept'],
      );
    } finally {
      await endProgram(program, 'SIGKILL');
      await origin.close();
    }
  });
});

/** A data folder with one profile, its database at a schema version. */
async function makeFolder(folder: string, version = 1): Promise<string> {
  await mkdir(folder, { recursive: true });
  const database = new DatabaseSync(join(folder, 'profiles.db'));
  database.exec(`CREATE TABLE IF NOT EXISTS profile (name TEXT PRIMARY KEY, body TEXT NOT NULL, changed INTEGER NOT NULL) STRICT;
    INSERT OR REPLACE INTO profile VALUES ('mine', '{"name":"mine"}', 0); PRAGMA user_version = ${version}`);
  database.close();
  await writeFile(join(folder, 'instance.key'), 'secret\n', { mode: 0o600 });
  return folder;
}

test('threat 66: a flipped bit, half a file or another file is no backup, and the folder stays as it was', (t) =>
  withFolder(async (folder) => {
    const data = await makeFolder(join(folder, 'data'));
    const file = join(folder, 'backup');
    await writeBackup(data, file);
    const whole = await readFile(file);
    const before = keptFiles(data);
    const at = whole.indexOf('{"name":"mine"}');
    for (const [name, bytes] of Object.entries({
      flipped: Buffer.concat([whole.subarray(0, at + 3), Buffer.from('X'), whole.subarray(at + 4)]),
      half: whole.subarray(0, whole.length / 2),
      text: Buffer.from('no backup'),
      database: await readFile(join(data, 'profiles.db')),
    })) {
      await writeFile(join(folder, name), bytes);
      t.throws(() => restoreBackup(join(folder, name), data, () => undefined), { message: /damaged|no backup/ }, name);
    }
    t.throws(() => restoreBackup(join(folder, 'none'), data, () => undefined), { message: /there is no file/ });
    t.deepEqual(keptFiles(data), before);
    t.deepEqual((await readdir(data)).sort(), ['instance.key', 'profiles.db']);
  }));

test('threat 54: a backup that names files outside the folder writes nothing', (t) =>
  withFolder(async (folder) => {
    const data = await makeFolder(join(folder, 'data'));
    for (const name of ['../outside', '/tmp/outside', 'a/../../outside', '.hidden']) {
      const file = join(folder, 'backup');
      await writeBackup(data, file);
      const database = new DatabaseSync(file);
      for (const table of ['file', 'part'])
        database.prepare(`UPDATE ${table} SET name = ? WHERE name = 'instance.key'`).run(name);
      database.close();
      t.throws(() => restoreBackup(file, data, () => undefined), { message: /unsafe name/ });
    }
    t.deepEqual((await readdir(folder)).sort(), ['backup', 'data']);
  }));

test('a restore keeps what it replaces, modes too; a newer schema is refused with exit code 1', async (t) => {
  t.timeout(60_000);
  await withFolder(async (folder) => {
    const data = await makeFolder(join(folder, 'data'));
    const newer = await makeFolder(join(folder, 'newer'), 99);
    await writeBackup(data, join(folder, 'backup'));
    await writeBackup(newer, join(folder, 'newer-backup'));
    await writeFile(join(data, 'instance.key'), 'another\n');
    // Why people restore: what is there is damaged.
    await writeFile(join(data, 'profiles.db'), 'damaged');
    const environment = testEnvironment(data);
    const refused = await run(environment, 'store', 'restore', join(folder, 'newer-backup'));
    t.is(refused.code, 1);
    t.regex(refused.err, /profiles\.db was written by a newer version/);
    t.is(await readFile(join(data, 'instance.key'), 'utf8'), 'another\n');
    t.is((await run(environment, 'store', 'restore', join(folder, 'backup'))).code, 0);
    t.is(await readFile(join(data, 'instance.key'), 'utf8'), 'secret\n');
    t.is(keptFiles(data).find((each) => each.name === 'profiles.db')?.schema, 1);
    t.is((await stat(join(data, 'instance.key'))).mode & 0o777, 0o600);
    t.is(await readFile(join(data, 'replaced', 'instance.key'), 'utf8'), 'another\n');
    const served = await run(testEnvironment(newer), 'serve');
    t.is(served.code, 1);
    t.regex(served.err, /written by a newer version of this program/);
    t.is((await run(environment, 'store', 'restore')).code, 2, 'wrong usage');
  });
});

test('an older schema is migrated in steps, each whole or not at all; a newer one is refused', (t) =>
  withFolder(async (folder) => {
    const file = join(folder, 'a.db');
    const [first, second] = [
      'CREATE TABLE note (text TEXT) STRICT;',
      `ALTER TABLE note ADD COLUMN at INTEGER NOT NULL DEFAULT 7;`,
    ] as const;
    const old = openDatabase({ file, migrations: [first], durable: true });
    inTransaction(old, () => old.exec(`INSERT INTO note VALUES ('kept')`));
    old.close();
    t.throws(() => openDatabase({ file, migrations: [first, `${second} SELECT nonsense;`], durable: true }));
    const current = openDatabase({ file, migrations: [first, second], durable: true });
    t.deepEqual({ ...current.prepare('SELECT * FROM note').get() }, { text: 'kept', at: 7 });
    current.close();
    t.throws(() => openDatabase({ file, migrations: [first], durable: true }), { message: /newer version/ });
  }));

test('a folder is held by many or by one', (t) =>
  withFolder(async (folder) => {
    const shared = [holdFolder(folder, 'shared'), holdFolder(folder, 'shared')];
    t.throws(() => holdFolder(folder, 'alone'), { message: /a server is using it/ });
    for (const letGo of shared) letGo();
    const letGo = holdFolder(folder, 'alone');
    t.throws(() => holdFolder(folder, 'shared'), { message: /being restored/ });
    letGo();
    holdFolder(folder, 'shared')();
  }));

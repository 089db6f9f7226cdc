/** The registry port: one suite over its adapters, then what each promises on its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { jetstreamManager, type StreamInfo } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../core/clock.ts';
import { silentLog } from '../core/log.ts';
import { openLocalRegistry } from '../fleet/registry/local-registry.ts';
import { openNatsRegistry } from '../fleet/registry/nats-registry.ts';
import { type Lease, type Registry, type RegistryChange, RegistryUnavailable } from '../fleet/registry/registry.ts';
import { type Engines, makeEngines } from './support/nats-server.ts';
import { ROOT } from './support/program.ts';

/** A place that registries meet in. */
interface Ground {
  /** A registry as another server, or another process, opens it. */
  open(): Promise<Registry>;
}

type Work = (t: ExecutionContext, ground: Ground) => Promise<void>;

async function withLocal(work: (ground: Ground, file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'registry-'));
  const opened: Registry[] = [];
  const file = join(folder, 'registry.db');
  try {
    await work(
      {
        open: async () => {
          const registry = openLocalRegistry({ file, clock: systemClock });
          opened.push(registry);
          return registry;
        },
      },
      file,
    );
  } finally {
    await Promise.all(opened.map((each) => each.close()));
    await rm(folder, { recursive: true, force: true });
  }
}

/** Waits for an event although the product's timers keep no process alive. */
async function awake<T>(event: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 60_000);
  try {
    return await event;
  } finally {
    clearInterval(timer);
  }
}

/** Changes as they come, to be waited for. */
class Heard {
  readonly changes: RegistryChange[] = [];
  readonly #waiting = new Set<() => void>();

  readonly hear = (change: RegistryChange): void => {
    this.changes.push(change);
    for (const each of [...this.#waiting]) each();
  };

  /** The last value told of a key. */
  valueOf(key: string): string | undefined {
    return this.changes.findLast((each) => each.key === key)?.value;
  }

  async until(holds: () => boolean): Promise<void> {
    if (holds()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (holds()) resolve();
    };
    this.#waiting.add(look);
    await awake(promise);
    this.#waiting.delete(look);
  }
}

/** The next token of a lease that `holds` likes, its present one included. */
async function tokenOf(lease: Lease, holds: (token: number | undefined) => boolean): Promise<number | undefined> {
  if (holds(lease.token)) return lease.token;
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  lease.onChange((token) => {
    if (holds(token)) resolve(token);
  });
  return await awake(promise);
}

const isHeld = (token: number | undefined): boolean => token !== undefined;

const SUITE: Readonly<Record<string, Work>> = {
  'what is put is read, and every write raises the revision': async (t, { open }) => {
    const [first, second] = [await open(), await open()];
    t.is(await first.get('plan'), undefined);
    const revision = await first.put('plan', 'one ☂');
    t.true(revision > 0);
    t.deepEqual(await second.get('plan'), { key: 'plan', value: 'one ☂', revision });
    const next = await second.put('plan', '');
    t.true(next > revision);
    t.deepEqual(await first.get('plan'), { key: 'plan', value: '', revision: next });
    t.true((await first.put('servers/a', 'x')) > next);
  },
  'of two that write on the same revision, one wins': async (t, { open }) => {
    const [first, second] = [await open(), await open()];
    const created = await Promise.all([
      first.compareAndSet('plan', 'first', undefined),
      second.compareAndSet('plan', 'second', undefined),
    ]);
    t.is(created.filter((each) => each !== undefined).length, 1);
    const revision = created.find((each) => each !== undefined)!;
    const written = await Promise.all([
      first.compareAndSet('plan', 'third', revision),
      second.compareAndSet('plan', 'fourth', revision),
    ]);
    t.is(written.filter((each) => each !== undefined).length, 1);
    t.is(
      (await first.get('plan'))?.revision,
      written.find((each) => each !== undefined),
    );
    t.is(await first.compareAndSet('plan', 'late', revision), undefined);
    t.is(await first.compareAndSet('plan', 'late', undefined), undefined);
  },
  'a removed key is created anew, and its old revision is of no use': async (t, { open }) => {
    const registry = await open();
    const old = await registry.put('plan', 'one');
    await registry.remove('plan');
    await registry.remove('never');
    t.is(await registry.get('plan'), undefined);
    t.is(await registry.compareAndSet('plan', 'two', old), undefined);
    t.is(await registry.compareAndSet('never', 'x', 1), undefined);
    const created = await registry.compareAndSet('plan', 'three', undefined);
    t.true(created! > old);
    t.is((await registry.get('plan'))?.value, 'three');
  },
  'keys below a prefix are listed as they are now': async (t, { open }) => {
    const [first, second] = [await open(), await open()];
    for (const key of ['servers/a', 'servers/b', 'servers/c', 'serversx', 'plan']) await first.put(key, `of ${key}`);
    await first.remove('servers/b');
    await first.put('servers/a', 'again');
    const listed = (await second.list('servers/')).map(({ key, value }) => [key, value]).sort();
    t.deepEqual(listed, [
      ['servers/a', 'again'],
      ['servers/c', 'of servers/c'],
    ]);
    t.is((await second.list('')).length, 4);
    t.deepEqual(await second.list('none/'), []);
  },
  'keys and values no adapter could keep are refused (threat 67)': async (t, { open }) => {
    const registry = await open();
    for (const key of ['', '.', 'a..b', '.a', 'a.', 'a b', 'a*', 'a>', 'ä', 'a\n', 'x'.repeat(201)])
      await t.throwsAsync(registry.put(key, 'x'), { instanceOf: RangeError }, key);
    await t.throwsAsync(registry.put('a', 'x'.repeat(524_289)), { instanceOf: RangeError });
    await registry.put('A-z_0.9=/b', 'x'.repeat(524_288));
    t.is((await registry.get('A-z_0.9=/b'))?.value.length, 524_288);
    for (const ttlMs of [0, Number.NaN, 30_001])
      t.throws(() => registry.lease('a', { holder: 'me', ttlMs }), { instanceOf: RangeError });
  },
  'a watch tells what there is, then each change in order of revisions, until it is ended': async (t, { open }) => {
    const [first, second] = [await open(), await open()];
    await first.put('a/1', 'there');
    await first.put('a/2', 'gone');
    await first.remove('a/2');
    await first.put('b/1', 'elsewhere');
    const heard = new Heard();
    const end = await second.watch('a/', heard.hear);
    t.deepEqual(
      heard.changes.map(({ key, value }) => [key, value]),
      [['a/1', 'there']],
      'told before it resolves',
    );
    for (let i = 0; i < 20; i++) await first.put(`a/${i % 3}`, `round ${i}`);
    await first.put('b/1', 'again');
    await first.remove('a/1');
    await heard.until(() => heard.changes.at(-1)?.value === undefined);
    const revisions = heard.changes.map((each) => each.revision);
    t.deepEqual(
      revisions,
      [...new Set(revisions)].sort((a, b) => a - b),
    );
    t.is(heard.changes.at(-1)?.key, 'a/1');
    t.is(heard.valueOf('a/0'), 'round 18');
    t.is(heard.valueOf('a/2'), 'round 17');
    t.false(heard.changes.some(({ key }) => key.startsWith('b/')));

    end();
    const other = new Heard();
    const count = heard.changes.length;
    await second.watch('a/9', other.hear);
    await first.put('a/9', 'after the end');
    await other.until(() => other.valueOf('a/9') !== undefined);
    t.is(heard.changes.length, count);
  },
  'a listener that throws keeps no other from hearing': async (t, { open }) => {
    const registry = await open();
    const [heard, own] = [new Heard(), new Heard()];
    await registry.watch('', (change) => {
      own.hear(change);
      throw new Error('of the listener');
    });
    await registry.watch('', heard.hear);
    await registry.put('a', '1');
    await registry.put('a', '2');
    await Promise.all([heard, own].map((each) => each.until(() => each.valueOf('a') === '2')));
    t.pass();
  },
  'a listener may write, and changes stay in order for all': async (t, { open }) => {
    const registry = await open();
    const [first, second] = [new Heard(), new Heard()];
    await registry.watch('', (change) => {
      first.hear(change);
      if (change.key === 'ask') void registry.put('answer', change.value ?? '');
    });
    await registry.watch('', second.hear);
    await registry.put('ask', '42');
    for (const heard of [first, second]) {
      await heard.until(() => heard.valueOf('answer') === '42');
      t.deepEqual(
        heard.changes.map((each) => each.key),
        ['ask', 'answer'],
      );
    }
  },
  'a lease has one holder; released, it goes to the other with a higher token': async (t, { open }) => {
    const [first, second] = [await open(), await open()];
    const one = first.lease('manager', { holder: 'first', ttlMs: 2_000 });
    const token = await tokenOf(one, isHeld);
    const two = second.lease('manager', { holder: 'second', ttlMs: 2_000 });
    const other = second.lease('updater', { holder: 'second', ttlMs: 2_000 });
    await tokenOf(other, isHeld);
    t.is(two.token, undefined);
    t.is(one.token, token);
    let lost = 0;
    one.onChange((each) => {
      if (each === undefined) lost++;
    });
    await one.release();
    t.is(one.token, undefined);
    t.is(lost, 1);
    const next = await tokenOf(two, isHeld);
    t.true(next! > token!);
    const third = first.lease('manager', { holder: 'first', ttlMs: 2_000 });
    await second.close();
    t.is(two.token, undefined);
    t.true((await tokenOf(third, isHeld))! > next!);
  },
  'who may not hold a lease any more gives it up, and competes again when he may (threat 67)': async (t, { open }) => {
    const [first, second] = [await open(), await open()];
    let mayFirst = true;
    const mayHold = (holder: string) => holder !== 'first' || mayFirst;
    const one = first.lease('manager', { holder: 'first', ttlMs: 2_000, mayHold });
    const token = await tokenOf(one, isHeld);
    const two = second.lease('manager', { holder: 'second', ttlMs: 2_000, mayHold });
    mayFirst = false;
    await tokenOf(one, (each) => each === undefined);
    const next = await tokenOf(two, isHeld);
    t.true(next! > token!);
    t.is(one.token, undefined);
    mayFirst = true;
    await two.release();
    t.true((await tokenOf(one, isHeld))! > next!);
  },
};

async function withEngines(
  count: 1 | 3,
  work: (engines: Engines, open: () => Promise<Registry>) => Promise<void>,
): Promise<void> {
  const engines = await makeEngines(count);
  const opened: Registry[] = [];
  try {
    await work(engines, async () => {
      const { servers } = engines;
      const options = { servers, credsFile: undefined, name: 'tests', clock: systemClock, log: silentLog };
      const registry = await openNatsRegistry(options);
      opened.push(registry);
      return registry;
    });
  } finally {
    await Promise.all(opened.map((each) => each.close()));
    await engines.close();
  }
}

for (const [title, work] of Object.entries(SUITE))
  test(`in a database, ${title}`, (t) => withLocal((ground) => work(t, ground)));

for (const [title, work] of Object.entries(SUITE))
  test(`in an engine, ${title}`, (t) =>
    withEngines(1, async (engines, open) => {
      await engines.start();
      await work(t, { open });
    }));

test('in an engine, what a stubborn server holds that may not is taken from it while it renews (threat 67)', (t) =>
  withEngines(1, async (engines, open) => {
    await engines.start();
    const [stubborn, member] = [await open(), await open()];
    const held = stubborn.lease('manager', { holder: 'stubborn', ttlMs: 2_000 });
    const token = await tokenOf(held, isHeld);
    const mayHold = (holder: string) => holder === 'member';
    const taken = member.lease('manager', { holder: 'member', ttlMs: 2_000, mayHold });
    t.true((await tokenOf(taken, isHeld))! > token!);
    await tokenOf(held, (each) => each === undefined);
    t.truthy(taken.token);
  }));

test('in a database, revisions and tokens go on rising over restarts', (t) =>
  withLocal(async ({ open }) => {
    const first = await open();
    const revision = await first.put('a', '1');
    await first.remove('a');
    const token = await tokenOf(first.lease('manager', { holder: 'one', ttlMs: 1_000 }), isHeld);
    await first.close();
    const second = await open();
    const next = await tokenOf(second.lease('manager', { holder: 'one', ttlMs: 1_000 }), isHeld);
    t.true(next! > token! && token! > revision);
    t.true((await second.compareAndSet('a', '2', undefined))! > next!);
    t.true(second.isConnected);
    t.is(second.kind, 'local');
  }));

/** Resolves when a registry is, or is no longer, connected. */
async function untilConnected(registry: Registry, isConnected = true): Promise<void> {
  if (registry.isConnected === isConnected) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  registry.onConnection((now) => {
    if (now === isConnected) resolve();
  });
  await awake(promise);
}

/** Puts until it is acknowledged; gives how many tries were refused. */
async function putAtLast(registry: Registry, key: string, value: string): Promise<number> {
  for (let refused = 0; ; refused++) {
    try {
      await registry.put(key, value);
      return refused;
    } catch (error) {
      if (!(error instanceof RegistryUnavailable)) throw error;
      await untilConnected(registry);
    }
  }
}

/** A process of its own that holds a lease until it is killed. */
async function withHolder(code: string, work: (token: number, child: ChildProcess) => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
    await work(Number(line), child);
  } finally {
    child.kill('SIGKILL');
  }
}

const HOLD = `
  setInterval(() => {}, 60_000);
  registry.lease('manager', { holder: 'dies', ttlMs: 2_000 }).onChange((token) => console.log(token));`;

test('in a database, what a killed process held is free at once', (t) =>
  withLocal(async ({ open }, file) => {
    const code = `
      import { systemClock } from './core/clock.ts';
      import { openLocalRegistry } from './fleet/registry/local-registry.ts';
      const registry = openLocalRegistry({ file: ${JSON.stringify(file)}, clock: systemClock });${HOLD}`;
    await withHolder(code, async (token, child) => {
      const registry = await open();
      const heard = new Heard();
      await registry.watch('', heard.hear);
      const lease = registry.lease('manager', { holder: 'heir', ttlMs: 2_000 });
      await registry.put('a', '1');
      t.is(lease.token, undefined);
      child.kill('SIGKILL');
      t.true((await tokenOf(lease, isHeld))! > token);
    });
  }));

/** A process that holds a lease of two seconds over an engine. */
function withEngineHolder(
  work: (open: () => Promise<Registry>, token: number, child: ChildProcess) => Promise<void>,
): Promise<void> {
  return withEngines(1, async (engines, open) => {
    await engines.start();
    const code = `
      import { systemClock } from './core/clock.ts';
      import { silentLog } from './core/log.ts';
      import { openNatsRegistry } from './fleet/registry/nats-registry.ts';
      const options = { servers: '${engines.servers}', credsFile: undefined, name: 'dies' };
      const registry = await openNatsRegistry({ ...options, clock: systemClock, log: silentLog });${HOLD}`;
    await withHolder(code, (token, child) => work(open, token, child));
  });
}

test('in an engine, another takes over from a holder that was killed, with a higher token', (t) =>
  withEngineHolder(async (open, token, child) => {
    const registry = await open();
    const lease = registry.lease('manager', { holder: 'heir', ttlMs: 2_000 });
    await tokenOf(registry.lease('other', { holder: 'heir', ttlMs: 2_000 }), isHeld);
    t.is(lease.token, undefined);
    const killedMs = performance.now();
    child.kill('SIGKILL');
    const next = await tokenOf(lease, isHeld);
    t.log(`fail-over after ${Math.round(performance.now() - killedMs)} ms with a life of 2000 ms`);
    t.true(next! > token);
  }));

test('in an engine, a holder that was stopped for too long has lost its lease when it goes on (threat 67)', (t) =>
  withEngineHolder(async (open, token, child) => {
    const registry = await open();
    const lease = registry.lease('manager', { holder: 'heir', ttlMs: 2_000 });
    child.kill('SIGSTOP');
    const next = await tokenOf(lease, isHeld);
    t.true(next! > token);
    const lines = createInterface({ input: child.stdout! });
    const said = once(lines, 'line');
    child.kill('SIGCONT');
    t.deepEqual(await said, ['undefined']);
    t.is(lease.token, next);
  }));

test('an engine killed and started again: calls reject meanwhile, watches and leases go on', (t) =>
  withEngines(1, async (engines, open) => {
    await engines.start();
    const [writer, watcher] = [await open(), await open()];
    const heard = new Heard();
    await writer.put('a', 'before');
    await watcher.watch('', heard.hear);
    const lease = writer.lease('manager', { holder: 'one', ttlMs: 2_000 });
    const token = await tokenOf(lease, isHeld);
    await engines.kill();
    await untilConnected(watcher, false);
    await untilConnected(writer, false);
    for (const call of [
      () => writer.get('a'),
      () => writer.list(''),
      () => writer.put('a', 'lost'),
      () => writer.compareAndSet('a', 'lost', 1),
      () => writer.remove('a'),
    ])
      await t.throwsAsync(async () => await awake<unknown>(call()), { instanceOf: RegistryUnavailable });
    await tokenOf(lease, (each) => each === undefined);
    await engines.start();
    await putAtLast(writer, 'a', 'after');
    await putAtLast(writer, 'b', 'new');
    await heard.until(() => heard.valueOf('a') === 'after' && heard.valueOf('b') === 'new');
    t.is(heard.changes.filter(({ value }) => value === 'before').length, 1, 'what was told is not told again');
    t.true((await tokenOf(lease, isHeld))! > token!);
  }));

test('without an engine at the start, all that was asked begins when one comes', (t) =>
  withEngines(1, async (engines, open) => {
    const registry = await open();
    t.false(registry.isConnected);
    const heard = new Heard();
    const lease = registry.lease('manager', { holder: 'one', ttlMs: 2_000 });
    const [, , end] = await Promise.all([
      t.throwsAsync(awake(registry.get('a')), { instanceOf: RegistryUnavailable }),
      t.throwsAsync(awake(registry.list('')), { instanceOf: RegistryUnavailable }),
      awake(registry.watch('', heard.hear)),
    ]);
    t.deepEqual(heard.changes, []);
    t.is(lease.token, undefined);
    await engines.start();
    await untilConnected(registry);
    t.true((await registry.put('a', 'here')) > 0);
    await heard.until(() => heard.valueOf('a') === 'here');
    await tokenOf(lease, isHeld);
    end();
  }));

test('an engine that was wiped gets its buckets again; revisions and tokens go on rising', (t) =>
  withEngines(1, async (engines, open) => {
    await engines.start();
    const registry = await open();
    const heard = new Heard();
    await registry.watch('', heard.hear);
    for (let i = 0; i < 10; i++) await registry.put('plan', `round ${i}`);
    const revision = await registry.put('gone', 'x');
    const lease = registry.lease('manager', { holder: 'one', ttlMs: 2_000 });
    const token = await tokenOf(lease, isHeld);
    await engines.kill();
    await engines.wipe();
    await untilConnected(registry, false);
    await tokenOf(lease, (each) => each === undefined);
    await engines.start();
    await untilConnected(registry);
    t.is(await registry.get('plan'), undefined);
    t.is(await registry.compareAndSet('plan', 'of another engine', revision), undefined);
    t.true((await registry.compareAndSet('plan', 'published again', undefined))! > revision);
    await heard.until(() => heard.valueOf('plan') === 'published again');
    t.is(heard.changes.findLast(({ key }) => key === 'gone')?.value, undefined, 'told as removed');
    const ofPlan = heard.changes.filter(({ key }) => key === 'plan').map((each) => each.revision);
    t.deepEqual(
      ofPlan,
      ofPlan.toSorted((a, b) => a - b),
    );
    t.true((await tokenOf(lease, isHeld))! > token!);
  }));

test('three engines: buckets wait for all three, and nothing acknowledged is lost when the leader is killed', async (t) => {
  t.timeout(90_000);
  await withEngines(3, async (engines, open) => {
    const [first, second, last] = engines.names as [string, string, string];
    await engines.start(first, second);
    const [writer, watcher] = [await open(), await open()];
    await t.throwsAsync(awake(writer.put('early', 'x')), { instanceOf: RegistryUnavailable });
    await engines.start(last);
    await untilConnected(writer);
    t.is((await streamInfo(engines)).config.num_replicas, 3);
    const heard = new Heard();
    await untilConnected(watcher);
    await watcher.watch('', heard.hear);
    const lease = watcher.lease('manager', { holder: 'one', ttlMs: 2_000 });
    const token = await tokenOf(lease, isHeld);
    await putMany(writer, 0);
    const { cluster } = await streamInfo(engines);
    const startMs = performance.now();
    await engines.kill(cluster!.leader!);
    const refused = await putAtLast(writer, 'first', 'after the kill');
    t.log(`writes again after ${Math.round(performance.now() - startMs)} ms, ${refused} refused`);
    await putMany(writer, 200);
    await checkMany(t, watcher, heard, 400);
    t.true((await tokenOf(lease, isHeld))! >= token!);
  });
});

test('three engines, all killed at once: nothing acknowledged is lost when they are back', async (t) => {
  t.timeout(90_000);
  await withEngines(3, async (engines, open) => {
    await engines.start();
    const [writer, watcher] = [await open(), await open()];
    await Promise.all([untilConnected(writer), untilConnected(watcher)]);
    const heard = new Heard();
    await watcher.watch('', heard.hear);
    await putMany(writer, 0);
    await engines.kill();
    await engines.start();
    await putMany(writer, 200);
    await checkMany(t, watcher, heard, 400);
  });
});

/** Puts two hundred keys, of numbers from `start`. */
async function putMany(writer: Registry, start: number): Promise<void> {
  for (let i = start; i < start + 200; i++) await putAtLast(writer, `key/${i}`, `value ${i}`);
}

async function checkMany(t: ExecutionContext, watcher: Registry, heard: Heard, count: number): Promise<void> {
  await heard.until(() => heard.valueOf(`key/${count - 1}`) !== undefined);
  await untilConnected(watcher);
  const listed = new Map((await awake(watcher.list('key/'))).map(({ key, value }) => [key, value]));
  for (let i = 0; i < count; i++) {
    t.is(listed.get(`key/${i}`), `value ${i}`);
    t.is(heard.valueOf(`key/${i}`), `value ${i}`);
  }
}

/** Of the bucket, by a connection of its own. */
async function streamInfo(engines: Engines): Promise<StreamInfo> {
  const connection = await connect({ servers: engines.servers.split(',') });
  try {
    return await (await jetstreamManager(connection)).streams.info('KV_format-gateway');
  } finally {
    await connection.close();
  }
}

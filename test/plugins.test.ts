import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import test from 'ava';
import { type Clock, systemClock } from '../core/clock.ts';
import { parseSettings } from '../core/config.ts';
import { FormatFailure, type FormatJob } from '../core/executor.ts';
import type { Log, LogFields } from '../core/log.ts';
import { readBuiltIns } from '../formatters/built-ins.ts';
import { formatterSettings } from '../formatters/config.ts';
import { findPlans } from '../formatters/planner.ts';
import { type Plugins, readPlugins } from '../formatters/plugins.ts';
import type { FetchForComponent } from '../formatters/pool/component-fetches.ts';
import { barsSockets } from '../formatters/pool/launch.ts';
import { openPool, type Pool, type PoolLimits } from '../formatters/pool/pool.ts';
import { Waiting, WaitingJob, type Work } from '../formatters/pool/waiting.ts';
import { makeRegistry } from '../formatters/registry.ts';
import { FakeClock } from './support/fake-clock.ts';

const TEXT = 'text/plain';

/** A formatter module that imports nothing of ours; `demand` is its name. */
function source(name: string, format: string, over = ''): string {
  return `export default {
  contract: 1, kind: 'formatter', name: '${name}', version: '1.0.0',
  reads: 'text',
  edges: [{ from: 'text/plain', to: 'text/plain', keeps: 1, cost: 1, meets: ['${name}'] }],
  ${over}
  async format(input, want, env) { ${format} },
};
`;
}

const SHOUT = source('shout', `return { mediaType: 'text/plain', body: input.body.toUpperCase() };`);
const UPPER = source('upper', `return { mediaType: 'text/plain', body: input.body.toUpperCase() };`);

interface Line {
  readonly message: string;
  readonly fields: LogFields;
}

/** A log whose lines can be waited for. */
class Lines implements Log {
  readonly all: Line[] = [];
  #waiting: { wanted: (line: Line) => boolean; resolve: (line: Line) => void }[] = [];
  readonly debug = (message: string, fields: LogFields = {}) => this.#add({ message, fields });
  readonly info = this.debug;
  readonly warn = this.debug;
  readonly error = this.debug;

  first(wanted: (line: Line) => boolean): Promise<Line> {
    const known = this.all.find(wanted);
    return known === undefined
      ? new Promise((resolve) => this.#waiting.push({ wanted, resolve }))
      : Promise.resolve(known);
  }

  #add(line: Line): void {
    this.all.push(line);
    for (const each of this.#waiting.filter(({ wanted }) => wanted(line))) each.resolve(line);
    this.#waiting = this.#waiting.filter(({ wanted }) => !wanted(line));
  }
}

interface Setup {
  readonly plugins?: Readonly<Record<string, string>>;
  readonly builtIns?: Readonly<Record<string, string>>;
  readonly limits?: Partial<PoolLimits>;
  readonly size?: number;
  readonly clock?: Clock;
  readonly fetchForComponent?: FetchForComponent;
}

interface Bench {
  readonly pool: Pool;
  readonly found: Plugins;
  readonly lines: Lines;
  readonly folder: string;
  /** Runs the formatters of these names, one after the other. */
  run(names: string | readonly string[], body?: string, signal?: AbortSignal): Promise<string>;
}

/** Loads modules from a folder of their own, opens a pool over them, and leaves nothing behind. */
async function withPool(setup: Setup, use: (bench: Bench) => Promise<void>): Promise<void> {
  const { plugins = {}, builtIns = {}, limits = {}, size = 1, clock, fetchForComponent } = setup;
  const folder = await mkdtemp(join(tmpdir(), 'formatters-'));
  // Timers of the product never keep a process alive; a test that waits for one has to.
  const alive = setInterval(() => {}, 60_000);
  const lines = new Lines();
  let pool: Pool | undefined;
  try {
    await writeAll(join(folder, 'plugins'), plugins);
    await writeAll(join(folder, 'built-ins'), builtIns);
    const found = await readPlugins(join(folder, 'plugins'), { log: lines });
    const modules = Object.keys(builtIns).map((name) => pathToFileURL(join(folder, 'built-ins', name)));
    const registry = makeRegistry([...(await readBuiltIns(modules)), ...found.formatters]).freeze();
    pool = openPool({
      registry,
      pool: size,
      limits: { ...parseSettings(formatterSettings, {}), breakerFaults: 1000, timeoutMs: 8000, ...limits },
      log: lines,
      ...(clock === undefined ? {} : { clock }),
      ...(fetchForComponent === undefined ? {} : { fetchForComponent }),
    });
    const opened = pool;
    await use({
      pool,
      found,
      lines,
      folder,
      async run(names, body = 'ok', signal = new AbortController().signal) {
        const outcome = await opened.run(jobFor(registry.edges(), names, body), signal);
        return Buffer.from(outcome.body).toString();
      },
    });
  } finally {
    await pool?.close();
    clearInterval(alive);
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeAll(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

function jobFor(edges: Parameters<typeof findPlans>[0], names: string | readonly string[], body: string): FormatJob {
  const order = typeof names === 'string' ? [names] : names;
  const plans = order.map((name) => {
    const wish = { mediaType: TEXT, rank: [1], required: { [name]: true }, optional: {}, presentation: 'text' };
    return findPlans(edges, { from: TEXT, wishes: [wish] }).plans[0]!.plan;
  });
  const plan = { ...plans[0]!, steps: plans.flatMap((each) => each.steps) };
  return { plan, body: Buffer.from(body), mediaType: TEXT, charset: 'utf-8', url: 'http://a.example/x', fields: {} };
}

test.serial(
  'plugins are files or folders without an import of ours; broken ones are told and stop nothing',
  async (t) => {
    const plugins = {
      'shout.mjs': SHOUT,
      'typed.ts': source(
        'typed',
        'const text: string = input.body; return { mediaType: "text/plain", body: text + "!" };',
      ),
      'folder/index.js': `import { suffix } from './part.js';\n${source('folder', 'return { mediaType: "text/plain", body: input.body + suffix };')}`,
      'folder/part.js': 'export const suffix = "?";',
      'folder/package.json': '{"type":"module"}',
      'clock.mjs': `export default { contract: 1, kind: 'updater', name: 'clock', version: '2.0.0', every: '5m', update() {} };`,
      'sql.mjs': `export default { contract: 1, kind: 'service', name: 'sql', routes: ['/x'], handle() {} };`,
      'broken-name.mjs': SHOUT.replace(`'shout'`, `'SHOUT'`),
      'broken-syntax.mjs': 'export default {',
      'broken-throws.mjs': 'throw new Error("at import");',
      'broken-exits.mjs': 'process.exit(0);',
      'broken-hangs.mjs': 'for (;;) {}',
      'empty/readme.txt': 'no index here',
      'notes.md': 'not a component',
    };
    const folder = await mkdtemp(join(tmpdir(), 'formatters-'));
    const alive = setInterval(() => {}, 60_000);
    try {
      await writeAll(folder, plugins);
      const found = await readPlugins(folder, { timeoutMs: 4000 });
      t.deepEqual(
        found.formatters.map(({ name, version, source: { thirdParty } }) => [name, version, thirdParty]),
        [
          ['folder', '1.0.0', true],
          ['shout', '1.0.0', true],
          ['typed', '1.0.0', true],
        ],
      );
      t.deepEqual(
        found.others.map(({ kind, name, version, plain }) => [kind, name, version, plain['routes'] ?? plain['every']]),
        [
          ['updater', 'clock', '2.0.0', '5m'],
          ['service', 'sql', '0.0.0', ['/x']],
        ],
      );
      const faults = Object.fromEntries(found.faults.map(({ path, code }) => [path.slice(folder.length + 1), code]));
      t.deepEqual(faults, {
        'broken-exits.mjs': 'process-ended',
        'broken-hangs.mjs': 'timeout',
        'broken-name.mjs': 'bad-name',
        'broken-syntax.mjs': 'cannot-import',
        'broken-throws.mjs': 'cannot-import',
        empty: 'no-index',
      });
      t.is((await readPlugins(join(folder, 'nowhere'))).faults[0]?.code, 'unreadable');
    } finally {
      clearInterval(alive);
      await rm(folder, { recursive: true, force: true });
    }
  },
);

test.serial('plugins and built-in formatters run in one plan, each in its own processes', async (t) => {
  const tell = (name: string) =>
    source(
      name,
      `env.log('here', { pid: process.pid }); env.note('${name}', {}); return { mediaType: 'text/plain', body: input.body + '${name}' };`,
    );
  const plugins = { 'p.mjs': tell('p'), 'q.ts': tell('q') };
  await withPool({ plugins, builtIns: { 'a.mjs': tell('a'), 'b.mjs': tell('b') } }, async ({ pool, run, lines }) => {
    t.is(await run(['a', 'b', 'p', 'a', 'q']), 'okabpaq');
    const pids = lines.all
      .filter((line) => line.message === 'here')
      .map((line) => line.fields['fields'] as { pid: number });
    const [a, b, p, again, q] = pids.map(({ pid }) => pid);
    t.true(a === b && b === again && a !== p && p !== q && a !== process.pid);
    const outcome = await pool.run(
      { ...jobOf(pool), plan: { ...jobOf(pool).plan, steps: [] } },
      new AbortController().signal,
    );
    t.deepEqual(
      [outcome.steps, Buffer.from(outcome.body).toString()],
      [[], 'x'],
      'a plan without steps is pass-through',
    );
  });
});

function jobOf(_pool: Pool): FormatJob {
  const plan = { from: TEXT, to: TEXT, steps: [], demands: {}, keeps: 1, cost: 0, deterministic: true };
  return { plan, body: Buffer.from('x'), mediaType: TEXT, charset: undefined, url: 'http://a.example/', fields: {} };
}

const CAGED_CODE = new URL('../.cache/compile-caged/', import.meta.url).href;

/** What a plugin may do wrong, by the text it is given; `done` is returned where it survives. */
const NAUGHTY = source(
  'naughty',
  `
  const done = { mediaType: 'text/plain', body: 'done' };
  const fail = (error) => ({ mediaType: 'text/plain', body: error.code ?? error.cause?.code ?? error.message });
  const denied = async (call) => { try { return { ...done, body: 'ALLOWED ' + String(await call()) }; } catch (error) { return fail(error); } };
  const later = (call) => new Promise((resolve) => setTimeout(() => { call(); }, 5));
  switch (input.body) {
    case 'throws': throw new Error('thrown');
    case 'throws nothing': throw undefined;
    case 'rejects': await Promise.reject(new Error('rejected')); break;
    case 'throws later': return later(() => { throw new Error('later'); });
    case 'rejects unhandled': Promise.reject(new Error('nobody handles this')); return new Promise(() => {});
    case 'throws in a stream': return { mediaType: 'text/plain', body: new ReadableStream({ pull() { throw new Error('streamed'); } }) };
    case 'never resolves': return new Promise(() => {});
    case 'loops': for (;;) {}
    case 'waits in native code': Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); break;
    case 'exits': process.exit(0); break;
    case 'exits with an exit handler': process.on('exit', () => { for (;;) {} }); process.exit(1); break;
    case 'aborts': process.abort(); break;
    case 'kills itself': process.kill(process.pid, 'SIGKILL'); return new Promise(() => {});
    case 'fills the heap': { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)); }
    case 'fills buffers': { const all = []; for (;;) { all.push(Buffer.alloc(4e6, 1)); await new Promise(setImmediate); } }
    case 'overflows the stack': { const dive = (n) => dive(n + 1) + 1; return dive(0); }
    case 'returns too much': return { mediaType: 'text/plain', body: 'x'.repeat(3e6) };
    case 'returns without end': return { mediaType: 'text/plain', body: new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(1e6)); } }) };
    case 'returns nothing': return;
    case 'returns another type': return { mediaType: 'image/png', body: new Uint8Array(8) };
    case 'returns a number': return { mediaType: 'text/plain', body: 5 };
    case 'writes into the channel': (await import('node:fs')).writeSync(1, 'Hello, this is no frame at all'); return new Promise(() => {});
    case 'sends a huge frame': (await import('node:fs')).writeSync(1, Buffer.from([0, 0, 0, 9, 255, 255, 255, 255])); return new Promise(() => {});
    case 'closes the channel': process.stdin.destroy(); (await import('node:fs')).closeSync(1); return new Promise(() => {});
    case 'breaks prototypes': Object.prototype.mediaType = 'image/png'; Array.prototype.map = () => { throw new Error('broken'); }; return done;
    case 'prints': console.log('x'.repeat(1000)); process.stdout.write('y'); return done;
    case 'reads a file': return denied(async () => (await import('node:fs')).readFileSync('/etc/passwd'));
    case 'reads our settings': return denied(async () => (await import('node:fs')).readFileSync('/proc/self/environ'));
    case 'reads another plugin': return denied(async () => (await import('node:fs')).readFileSync(new URL('./shout.mjs', import.meta.url)));
    case 'writes compiled code for others': return denied(async () => (await import('node:fs')).writeFileSync(new URL('${CAGED_CODE}x'), ''));
    case 'reads compiled code of others': return denied(async () => (await import('node:fs')).readdirSync(new URL('${CAGED_CODE}')));
    case 'writes a file': return denied(async () => (await import('node:fs')).writeFileSync(new URL('./naughty.mjs', import.meta.url), ''));
    case 'writes where its bodies are': return denied(async () => (await import('node:fs')).writeSync(3, 'x'));
    case 'closes where its bodies are': (await import('node:fs')).closeSync(3); return done;
    case 'opens a database': return denied(async () => new (await import('node:sqlite')).DatabaseSync('/tmp/x.db'));
    case 'executes': return denied(async () => (await import('node:child_process')).execSync('id'));
    case 'starts a worker': return denied(async () => new (await import('node:worker_threads')).Worker('1', { eval: true }));
    case 'loads an addon': return denied(async () => process.dlopen({ exports: {} }, '/tmp/x.node'));
    case 'kills us': return denied(() => process.kill(process.ppid, 'SIGKILL'));
    case 'kills its group': return denied(() => process.kill(0, 'SIGKILL'));
    case 'kills us by a named import': return denied(async () => (await import('node:process')).kill(process.ppid, 'SIGTERM'));
    case 'debugs us': return denied(() => process._debugProcess(process.ppid));
    case 'slows us': return denied(async () => (await import('node:os')).setPriority(process.ppid, 19));
    case 'logs by V8': return denied(async () => (await import('node:v8')).setFlagsFromString('--prof'));
    case 'sees the environment': return { ...done, body: Object.keys(process.env).sort().join() };
    default: return { ...done, body: input.body.toUpperCase() };
  }
`,
);

/** Outcome of each misdeed: the kind of failure, or the text it gives. */
const MISDEEDS: Readonly<Record<string, string>> = {
  throws: 'failed',
  'throws nothing': 'failed',
  rejects: 'failed',
  'throws later': 'failed',
  'rejects unhandled': 'failed',
  'throws in a stream': 'failed',
  'never resolves': 'timeout',
  loops: 'timeout',
  'waits in native code': 'timeout',
  exits: 'failed',
  'exits with an exit handler': 'timeout',
  aborts: 'failed',
  'kills itself': 'failed',
  'fills the heap': 'too-large',
  'fills buffers': 'too-large',
  'overflows the stack': 'failed',
  'returns too much': 'too-large',
  'returns without end': 'too-large',
  'returns nothing': 'failed',
  'returns another type': 'failed',
  'returns a number': 'failed',
  'writes into the channel': 'failed',
  'sends a huge frame': 'failed',
  'closes the channel': 'failed',
  'breaks prototypes': '*',
  prints: 'done',
  'reads a file': 'ERR_ACCESS_DENIED',
  'reads our settings': 'ERR_ACCESS_DENIED',
  'reads another plugin': 'ERR_ACCESS_DENIED',
  'writes compiled code for others': 'ERR_ACCESS_DENIED',
  'reads compiled code of others': 'ERR_ACCESS_DENIED',
  'writes a file': 'ERR_ACCESS_DENIED',
  'writes where its bodies are': 'EBADF',
  'closes where its bodies are': 'done',
  'opens a database': 'ERR_UNKNOWN_BUILTIN_MODULE',
  executes: 'ERR_ACCESS_DENIED',
  'starts a worker': 'ERR_ACCESS_DENIED',
  'loads an addon': 'ERR_DLOPEN_DISABLED',
  'kills us': 'ERR_ACCESS_DENIED',
  'kills its group': 'ERR_ACCESS_DENIED',
  'kills us by a named import': 'ERR_ACCESS_DENIED',
  'debugs us': 'ERR_ACCESS_DENIED',
  'slows us': 'ERR_ACCESS_DENIED',
  'logs by V8': 'ERR_ACCESS_DENIED',
  'sees the environment': 'LANG,MALLOC_ARENA_MAX,TZ,UV_THREADPOOL_SIZE',
};

test.serial('what a plugin does costs its own job; others run, and so does its next (threat 53)', async (t) => {
  const setup: Setup = {
    plugins: { 'naughty.mjs': NAUGHTY, 'shout.mjs': SHOUT },
    builtIns: { 'upper.mjs': UPPER },
    limits: { timeoutMs: 8000, memoryMb: 96, maxOutputBytes: 1_000_000 },
  };
  await withPool(setup, async ({ run, pool }) => {
    const waits: number[] = [];
    for (const [misdeed, expected] of Object.entries(MISDEEDS)) {
      const bad = run('naughty', misdeed).catch((error: unknown) => error);
      const others = [run('shout', 'a'), run('upper', 'b'), run(['upper', 'shout'], 'c')];
      t.deepEqual(await Promise.all(others), ['A', 'B', 'C'], misdeed);
      const result = await bad;
      if (result instanceof FormatFailure) t.is(result.formatter, 'naughty', misdeed);
      const got = result instanceof FormatFailure ? result.kind : result;
      if (expected === '*') t.true(result instanceof FormatFailure || typeof result === 'string', misdeed);
      else t.is(got, expected, `${misdeed}: ${String(result)}`);
      const ended = systemClock.monotonic();
      const next = await run('naughty', 'next');
      t.is(next, 'NEXT', misdeed);
      waits.push(systemClock.monotonic() - ended);
    }
    // The median: this machine may be busy with other tests.
    t.true(waits.sort((a, b) => a - b)[Math.floor(waits.length / 2)]! < 1000, 'a new process within a second');
    t.deepEqual([pool.busy, pool.queued], [0, 0]);
  });
});

test.serial('bodies of any size come to each process whole, whatever came before', async (t) => {
  const tell = (name: string) =>
    source(
      name,
      'const { body } = input; return { mediaType: "text/plain", body: [body.length, body.at(0), body.at(-1)].join() };',
    );
  const setup: Setup = {
    plugins: { 'p.mjs': tell('p'), 'naughty.mjs': NAUGHTY },
    builtIns: { 'b.mjs': tell('b') },
    limits: { maxOutputBytes: 1_000_000 },
  };
  const sizes = [65_535, 65_536, 12_000_000, 70_000, 8_388_608, 8_388_609, 2, 300_000, 20_000_000, 65_537];
  await withPool(setup, async ({ run }) => {
    for (const [index, size] of sizes.entries()) {
      const edge = String(index);
      for (const name of ['p', 'b'])
        t.is(await run(name, `${edge}${'x'.repeat(size - 2)}${edge}`), `${size},${edge},${edge}`, name);
    }
    // A process that has thrown away what its bodies come through is replaced, and the job done by the next one.
    t.is(await run('naughty', 'closes where its bodies are'), 'done');
    t.is(await run('naughty', 'y'.repeat(100_000)), 'Y'.repeat(100_000));
  });
});

test.serial('a plugin opens no socket and looks up no name: a listener sees nothing (threat 53)', async (t) => {
  const denied = (name: string, call: string) =>
    source(
      name,
      `const port = Number(input.body);
       try { await (${call}); return { mediaType: 'text/plain', body: 'ALLOWED' }; }
       catch (error) { return { mediaType: 'text/plain', body: error.code ?? error.cause?.code ?? String(error.cause ?? error) }; }`,
    );
  const reach = (via: string) => `new Promise((resolve, reject) => ${via}.on('error', reject).on('connect', resolve))`;
  const plugins = {
    'tcp.mjs': `import net from 'node:net';\n${denied('tcp', reach(`net.connect(port, '127.0.0.1')`))}`,
    'http.mjs': `import http from 'node:http';\n${denied('http', reach(`http.get({ port })`))}`,
    'fetching.mjs': denied('fetching', `fetch('http://127.0.0.1:' + port)`),
    'lookup.mjs': `import dns from 'node:dns/promises';\n${denied('lookup', `dns.lookup('localhost')`)}`,
    'listen.mjs': `import net from 'node:net';\n${denied('listen', `new Promise((resolve, reject) => net.createServer().on('error', reject).listen(0, resolve))`)}`,
    'udp.mjs': `import dgram from 'node:dgram';\n${denied('udp', `new Promise((resolve, reject) => { const s = dgram.createSocket('udp4').on('error', reject); s.send('x', port, '127.0.0.1', (e) => e ? reject(e) : resolve()); })`)}`,
  };
  let connections = 0;
  const listener = createServer(() => {
    connections += 1;
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  try {
    await withPool({ plugins }, async ({ run, found }) => {
      t.deepEqual(found.faults, []);
      const port = String((listener.address() as AddressInfo).port);
      for (const { name } of found.formatters) {
        const answer = await run(name, port);
        if (barsSockets) t.is(answer, 'ERR_ACCESS_DENIED', name);
      }
      if (barsSockets) t.is(connections, 0);
    });
  } finally {
    listener.close();
  }
});

test.serial('what a plugin does after its job is its fault, not the next job’s (threat 53)', async (t) => {
  const after = (call: string) => `setTimeout(() => { ${call} }, 1); return { mediaType: 'text/plain', body: 'fine' };`;
  const plugins = {
    'thrower.mjs': source('thrower', after(`throw new Error('late');`)),
    'exiter.mjs': source('exiter', after('process.exit(3);')),
    'rejecter.mjs': source('rejecter', after(`Promise.reject(new Error('late'));`)),
  };
  await withPool({ plugins }, async ({ run, pool, lines }) => {
    for (const name of ['thrower', 'exiter', 'rejecter']) {
      t.is(await run(name), 'fine');
      await lines.first(({ message, fields }) => message === 'formatter fault' && fields['formatter'] === name);
      t.is(pool.status().find((each) => each.name === name)?.faults, 1, name);
      // Jobs that follow one another closely meet a process that is about to end: they are given to its successor.
      for (let i = 0; i < 2; i++) t.is(await run(name), 'fine', name);
    }
  });
});

test.serial('a built-in formatter that fails or hangs costs its own job, and its process is replaced', async (t) => {
  const builtIns = {
    'upper.mjs': UPPER,
    'wild.mjs': source(
      'wild',
      `if (input.body === 'loop') for (;;) {} if (input.body === 'exit') process.exit(1); throw new Error('no');`,
    ),
  };
  await withPool({ builtIns, size: 2, limits: { timeoutMs: 8000 } }, async ({ run }) => {
    for (const [body, kind] of Object.entries({ loop: 'timeout', exit: 'failed', throw: 'failed' })) {
      const bad = t.throwsAsync(run('wild', body), { instanceOf: FormatFailure });
      for (let i = 0; i < 10; i++) t.is(await run('upper', 'x'), 'X');
      const failure = await bad;
      t.deepEqual([failure?.kind, failure?.formatter], [kind, 'wild']);
    }
    const mixed = await t.throwsAsync(run(['upper', 'wild', 'upper']), { instanceOf: FormatFailure });
    t.is(mixed?.formatter, 'wild', 'the step that was running is named');
  });
});

test.serial('five faults in a minute suspend a formatter; later a probe brings it back (threat 53)', async (t) => {
  let skipped = 0;
  const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + skipped };
  const plugins = {
    'flaky.mjs': source(
      'flaky',
      `if (input.body === 'bad') throw new Error('bad'); if (input.body === 'no') env.cannot('no'); return { mediaType: 'text/plain', body: 'good' };`,
    ),
    'shout.mjs': SHOUT,
  };
  await withPool({ plugins, clock, limits: { breakerFaults: 5 } }, async ({ run, pool }) => {
    const kindOf = async (body: string) =>
      (await t.throwsAsync(run('flaky', body), { instanceOf: FormatFailure }))?.kind;
    const status = () => pool.status().find((each) => each.name === 'flaky');
    for (let i = 0; i < 8; i++) t.is(await kindOf('no'), 'cannot');
    t.deepEqual(status(), { name: 'flaky', version: '1.0.0', faults: 0, suspended: false, enabled: true });
    for (let i = 0; i < 5; i++) t.is(await kindOf('bad'), 'failed');
    t.is(await kindOf('good'), 'suspended');
    t.deepEqual(status(), { name: 'flaky', version: '1.0.0', faults: 5, suspended: true, enabled: true });
    t.deepEqual([...pool.suspended()], ['flaky']);
    t.is(await run('shout', 'others'), 'OTHERS');
    skipped += 60_001;
    t.deepEqual([...pool.suspended()], [], 'a probe is due');
    t.is(await kindOf('bad'), 'failed');
    t.is(await kindOf('good'), 'suspended', 'the probe failed');
    skipped += 60_001;
    t.is(await run('flaky', 'good'), 'good');
    t.deepEqual([status()?.suspended, status()?.faults], [false, 0]);
  });
});

test.serial('a cancelled job is given up at once, and what does not stop is ended (threat 51)', async (t) => {
  const plugins = {
    'loops.mjs': source('loops', `env.log('pid', { pid: process.pid }); for (;;) {}`),
    'polite.mjs': source(
      'polite',
      `env.log('polite', { pid: process.pid }); if (input.body !== 'wait') return { mediaType: 'text/plain', body: String(process.pid) }; await new Promise((resolve) => env.signal.addEventListener('abort', resolve)); throw new Error('stopped');`,
    ),
  };
  await withPool({ plugins, limits: { timeoutMs: 20_000 } }, async ({ run, lines, pool }) => {
    for (const [name, message] of [
      ['loops', 'pid'],
      ['polite', 'polite'],
    ] as const) {
      const controller = new AbortController();
      const running = t.throwsAsync(run(name, 'wait', controller.signal), { instanceOf: FormatFailure });
      const queued = t.throwsAsync(run(name, 'wait', controller.signal), { instanceOf: FormatFailure });
      await lines.first((line) => line.message === message);
      const aborted = systemClock.monotonic();
      controller.abort();
      t.deepEqual([(await running)?.kind, (await queued)?.kind], ['aborted', 'aborted']);
      t.true(systemClock.monotonic() - aborted < 2000);
      t.is(pool.queued, 0);
    }
    await lines.first(({ fields }) => fields['reason'] === 'did not stop when cancelled');
    const polite = lines.all.find((line) => line.message === 'polite')?.fields['fields'] as { pid: number };
    t.is(await run('polite', 'x'), String(polite.pid), 'a process that stopped by itself is kept');
    t.is(pool.status().find((each) => each.name === 'loops')?.faults, 0, 'cancelling is nobody’s fault');
    const early = await t.throwsAsync(run('polite', 'x', AbortSignal.abort()), { instanceOf: FormatFailure });
    t.is(early?.kind, 'aborted');
  });
});

test.serial('the queue is short: what is beyond it, or waits for half of its time, is shed as busy', async (t) => {
  const plugins = {
    'slow.mjs': source(
      'slow',
      `env.log('begun', {}); await new Promise((resolve) => env.signal.addEventListener('abort', resolve));`,
    ),
  };
  await withPool({ plugins, limits: { timeoutMs: 1000, queuePerProcess: 2 } }, async ({ run, lines, pool }) => {
    const kindOf = async (job: Promise<string>) => (await t.throwsAsync(job, { instanceOf: FormatFailure }))?.kind;
    const first = kindOf(run('slow'));
    let isFirstOver = false;
    void first.then(() => (isFirstOver = true));
    await lines.first((line) => line.message === 'begun');
    const waiting = [kindOf(run('slow')), kindOf(run('slow'))];
    t.deepEqual([pool.busy, pool.queued], [1, 2]);
    t.is(await kindOf(run('slow')), 'busy');
    t.false(isFirstOver, 'refused before any work');
    t.deepEqual(await Promise.all([first, ...waiting]), ['timeout', 'busy', 'busy']);
    t.is(pool.status()[0]?.faults, 1, 'being busy is no fault');
  });
});

test.serial('jobs whose estimates do not fit the memory budget wait for one another', async (t) => {
  let most = 0;
  const builtIns = {
    'upper.mjs': source(
      'upper',
      `env.log('on', {}); await new Promise(setImmediate); env.log('off', {}); return { mediaType: 'text/plain', body: 'X' };`,
    ),
  };
  await withPool({ builtIns, size: 2, limits: { budgetMb: 1 } }, async ({ run, lines }) => {
    t.deepEqual(await Promise.all(Array.from({ length: 6 }, () => run('upper'))), Array(6).fill('X'));
    let running = 0;
    for (const { message } of lines.all) {
      if (message === 'on') running += 1;
      if (message === 'off') running -= 1;
      most = Math.max(most, running);
    }
    t.is(most, 1);
  });
});

test.serial('components fetch through the guarded egress alone: counted, bounded, http and https only', async (t) => {
  const asked: string[] = [];
  const fetchForComponent: FetchForComponent = async (url, _signal, { formatter, job }) => {
    asked.push(`${formatter} ${job.url} ${url}`);
    if (url.includes('blocked')) throw new Error('this address is not fetched');
    const body = Buffer.alloc(url.includes('large') ? 3000 : 5, 'd');
    return { status: url.includes('empty') ? 204 : 200, fields: { 'content-type': 'text/csv' }, body };
  };
  const plugins = {
    'fetcher.mjs': source(
      'fetcher',
      `const got = []; for (const url of input.body.split(' ')) { try { const r = await env.fetch(url); got.push([r.status, r.headers.get('content-type'), (await r.text()).length, r.url].join()); } catch (error) { got.push(error.message); } } return { mediaType: 'text/plain', body: got.join('|') };`,
    ),
  };
  await withPool({ plugins, fetchForComponent, limits: { maxFetches: 3, maxFetchedBytes: 2000 } }, async ({ run }) => {
    t.is(await run('fetcher', 'http://a.example/'), '200,text/csv,5,http://a.example/');
    t.is(await run('fetcher', 'https://a.example/empty'), '204,text/csv,0,https://a.example/empty');
    t.is(await run('fetcher', 'file:///etc/passwd'), 'only http and https addresses can be fetched');
    t.is(await run('fetcher', 'http://blocked.example/'), 'this address is not fetched');
    t.is(await run('fetcher', 'http://a.example/large'), 'a job may fetch 2000 bytes');
    const four = Array(4).fill('http://a.example/').join(' ');
    t.true((await run('fetcher', four)).endsWith('|a job may fetch 3 times'));
    t.is(asked[0], 'fetcher http://a.example/x http://a.example/');
  });
});

test.serial('a new registry is swapped in whole: jobs under way go on, what is gone is refused', async (t) => {
  const plugins = {
    'slow.mjs': source(
      'slow',
      `env.log('begun', { pid: process.pid }); await new Promise((resolve) => setTimeout(resolve, 50)); return { mediaType: 'text/plain', body: 'slow' };`,
    ),
    'shout.mjs': SHOUT,
  };
  await withPool({ plugins }, async ({ run, pool, found, lines }) => {
    const slow = run('slow');
    const begun = await lines.first((line) => line.message === 'begun');
    const shout = found.formatters.filter((each) => each.name === 'shout');
    pool.use(makeRegistry(shout).freeze());
    t.is(await slow, 'slow');
    t.is((await t.throwsAsync(run('slow'), { instanceOf: FormatFailure }))?.kind, 'suspended');
    t.is(await run('shout', 'x'), 'X');
    t.deepEqual(
      pool.status().map((each) => each.name),
      ['shout'],
    );
    await untilGone((begun.fields['fields'] as { pid: number }).pid);
    pool.use(makeRegistry(shout).freeze().withDisabled(['shout']));
    t.is(pool.status()[0]?.enabled, false);
    t.is((await t.throwsAsync(run('shout'), { instanceOf: FormatFailure }))?.kind, 'suspended');
    pool.use(makeRegistry(shout.map((each) => ({ ...each, version: '2.0.0' }))).freeze());
    t.is((await t.throwsAsync(run('shout'), { instanceOf: FormatFailure }))?.kind, 'suspended', 'another version');
  });
});

/** Resolves when there is no such process any more. The test's own time limit bounds it. */
async function untilGone(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`)) await new Promise(setImmediate);
}

test.serial('a process is replaced after its number of jobs, without a job noticing', async (t) => {
  const builtIns = { 'pid.mjs': source('pid', `return { mediaType: 'text/plain', body: String(process.pid) };`) };
  await withPool({ builtIns, limits: { recycleJobs: 3 } }, async ({ run }) => {
    const pids: string[] = [];
    for (let i = 0; i < 9; i++) pids.push(await run('pid'));
    t.is(new Set(pids).size, 3);
  });
});

test.serial('SVG is read in a process of its own', async (t) => {
  const where = `return { mediaType: want.mediaType, body: String(process.pid) };`;
  const svg = source('svg', where).replace(
    /edges: .*/,
    `edges: [{ from: 'image/svg+xml', to: 'text/plain', keeps: 1, cost: 1 }],`,
  );
  await withPool({ builtIns: { 'svg.mjs': svg, 'upper.mjs': source('upper', where) } }, async ({ pool, run }) => {
    t.is(pool.size, 2);
    const step = {
      formatter: 'svg',
      version: '1.0.0',
      from: 'image/svg+xml',
      to: TEXT,
      keeps: 1,
      cost: 1,
      meets: [],
      options: {},
    };
    const job = {
      ...jobOf(pool),
      mediaType: 'image/svg+xml',
      plan: { ...jobOf(pool).plan, from: 'image/svg+xml', steps: [step] },
    };
    const outcome = await pool.run(job, new AbortController().signal);
    t.not(Buffer.from(outcome.body).toString(), await run('upper'));
  });
});

test.serial('a module that cannot be opened fails its jobs; the reason is in the log', async (t) => {
  await withPool({ plugins: { 'shout.mjs': SHOUT } }, async ({ pool, found, lines }) => {
    const missing = found.formatters.map((each) => ({
      ...each,
      source: { ...each.source, module: 'file:///nowhere.mjs' },
    }));
    const registry = makeRegistry(missing).freeze();
    pool.use(registry);
    const failure = await t.throwsAsync(
      pool.run(jobFor(registry.edges(), 'shout', 'x'), new AbortController().signal),
      {
        instanceOf: FormatFailure,
      },
    );
    t.deepEqual([failure?.kind, failure?.formatter], ['failed', 'shout']);
    await lines.first((line) => line.message.includes('cannot be opened'));
  });
});

test.serial('processes that do not start are tried at growing intervals, and jobs are refused', async (t) => {
  const delays: number[] = [];
  const clock: Clock = {
    ...systemClock,
    after(ms, call) {
      delays.push(ms);
      return systemClock.after(Math.min(ms, 100), call);
    },
  };
  // No process starts in one MiB of heap.
  const setup: Setup = { builtIns: { 'upper.mjs': UPPER }, clock, limits: { memoryMb: 1, timeoutMs: 100_000 } };
  await withPool(setup, async ({ run, pool }) => {
    const failure = await t.throwsAsync(run('upper'), { instanceOf: FormatFailure });
    t.true(failure?.kind === 'failed' || failure?.kind === 'busy');
    while (!delays.includes(800)) await new Promise(setImmediate);
    t.deepEqual(
      delays.filter((ms) => ms <= 800),
      [100, 200, 400, 800],
    );
    t.is((await t.throwsAsync(run('upper'), { instanceOf: FormatFailure, message: /does not start/ }))?.kind, 'failed');
    t.is(pool.busy, 0);
  });
});

test.serial('the pool answers its first job within ten seconds and leaves no process behind', async (t) => {
  const builtIns = { 'pid.mjs': source('pid', `return { mediaType: 'text/plain', body: String(process.pid) };`) };
  let pids: string[] = [];
  const opened = systemClock.monotonic();
  await withPool({ builtIns, size: 2 }, async ({ run, pool }) => {
    t.is(pool.size, 2);
    await pool.ready();
    pids = await Promise.all([run('pid'), run('pid'), run('pid')]);
    t.true(systemClock.monotonic() - opened < 10_000);
  });
  for (const pid of pids) t.false(existsSync(`/proc/${pid}`));
});

test.serial('a formatter process ends with its parent, even when it hangs and the parent was killed', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'formatters-'));
  try {
    await writeAll(folder, {
      'plugins/loops.mjs': source('loops', `env.log('pid', { pid: process.pid }); for (;;) {}`),
      'parent.ts': PARENT,
    });
    const tree = fileURLToPath(new URL('..', import.meta.url));
    const parent = spawn(process.execPath, [join(folder, 'parent.ts'), tree, join(folder, 'plugins')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve) =>
      parent.stdout.once('data', (text: Buffer) => resolve(Number(text))),
    );
    t.true(existsSync(`/proc/${pid}`));
    parent.kill('SIGKILL');
    await untilGone(pid);
    t.pass();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** Opens a pool, runs what hangs, and prints the process it hangs in. */
const PARENT = `
const [tree, folder] = process.argv.slice(2);
const load = (name) => import(tree + name);
const { readPlugins } = await load('formatters/plugins.ts');
const { makeRegistry } = await load('formatters/registry.ts');
const { openPool } = await load('formatters/pool/pool.ts');
const { parseSettings } = await load('core/config.ts');
const { formatterSettings } = await load('formatters/config.ts');
const { formatters } = await readPlugins(folder);
const print = (message, fields) => { if (message === 'pid') console.log(fields.fields.pid); };
const log = { debug: print, info: print, warn: print, error: print };
const limits = parseSettings(formatterSettings, { FORMAT_TIMEOUT_MS: '60000' });
const pool = openPool({ registry: makeRegistry(formatters).freeze(), pool: 1, limits, log });
const step = { formatter: 'loops', version: '1.0.0', from: 'text/plain', to: 'text/plain', keeps: 1, cost: 1, meets: [], options: {} };
const plan = { from: 'text/plain', to: 'text/plain', steps: [step], demands: {}, keeps: 1, cost: 1, deterministic: true };
await pool.run({ plan, body: new Uint8Array(), mediaType: 'text/plain', charset: undefined, url: 'http://a.example/', fields: {} }, new AbortController().signal);
`;

test('of jobs that wait the one is next that would be done first: text passes pictures, and no picture waits for ever', (t) => {
  const clock = new FakeClock();
  const waiting = new Waiting(clock);
  const put = (formatter: string, estimatedMs: number) => {
    const options = { limits: { timeoutMs: 60_000 } } as Work['options'];
    const signal = new AbortController().signal;
    waiting.add(new WaitingJob({ formatter, estimatedBytes: 1, estimatedMs, signal, options }));
  };
  const take = () => {
    const job = waiting.peek()!;
    waiting.take(job);
    return job.work.formatter;
  };
  put('large picture', 1_000);
  put('small picture', 100);
  put('style', 1);
  t.is(take(), 'style');
  clock.advance(500);
  put('page', 20);
  t.deepEqual([take(), take()], ['small picture', 'page']);
  clock.advance(500);
  put('late style', 1);
  t.deepEqual([take(), take(), waiting.size], ['large picture', 'late style', 0]);
});

/** The program as its users start it: processes, signals, what outlives them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ask, CLIENTS } from './support/client.ts';
import { testEnvironment } from './support/gateway.ts';
import { startOrigin } from './support/origin.ts';
import { endProgram, type Program, ROOT, startProgram } from './support/program.ts';

function putProfile(program: Program, name: string, presentation: string) {
  return ask(program.adminOrigin, `/api/profiles/${name}`, {
    method: 'PUT',
    body: JSON.stringify({ name, match: { userAgent: ['Chrome'] }, prefers: { presentation } }),
    fields: { authorization: 'Bearer token-of-sixteen-or-more', 'content-type': 'application/json' },
  });
}

for (const workers of ['1', '2'])
  test.serial(
    `seen 4: with WORKERS=${workers} a stored profile decides the next request and outlives kill -9`,
    async (t) => {
      t.timeout(60_000);
      const dataDir = await mkdtemp(join(tmpdir(), 'process-'));
      const origin = await startOrigin();
      origin.on('/p', `<!DOCTYPE html><title>x</title><script>1</script><main><p>${'words '.repeat(200)}</p></main>`);
      const environment = testEnvironment(dataDir, {
        WORKERS: workers,
        ADMIN_TOKEN: 'token-of-sixteen-or-more',
        LOG_LEVEL: 'error',
      });
      let program: Program | undefined;
      try {
        program = await startProgram(environment);
        t.is((await putProfile(program, 'mine', 'article')).status, 201);
        // Every worker takes its turn.
        for (let i = 0; i < 4; i++) {
          const { fields } = await ask(program.origin, `/${origin.url}/p`, { fields: CLIENTS.desktop });
          t.true(String(fields['format-chain']).startsWith('html-article'), `request ${i}: ${fields['format-chain']}`);
        }
        await endProgram(program, 'SIGKILL');
        program = await startProgram(environment);
        const { fields } = await ask(program.origin, `/${origin.url}/p`, { fields: CLIENTS.desktop });
        t.true(String(fields['format-chain']).startsWith('html-article'));
        t.is(await endProgram(program), 0, 'SIGTERM drains and ends with 0');
      } finally {
        await endProgram(program, 'SIGKILL');
        await origin.close();
        await rm(dataDir, { recursive: true, force: true });
      }
    },
  );

test.serial('SIGTERM lets a request under way finish and takes no new one', async (t) => {
  t.timeout(60_000);
  const dataDir = await mkdtemp(join(tmpdir(), 'process-'));
  const origin = await startOrigin();
  let release: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    origin.on('/slow', (_, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': 4 });
      response.write('ab');
      release = () => response.end('cd');
      resolve();
    });
  });
  let program: Program | undefined;
  try {
    program = await startProgram(testEnvironment(dataDir, { LOG_LEVEL: 'error' }));
    const answer = ask(program.origin, `/${origin.url}/slow`);
    await asked;
    const exit = once(program.child, 'exit');
    program.child.kill('SIGTERM');
    // A new connection is refused as soon as the listener is closed.
    for (let refused = false; !refused; )
      try {
        await ask(program.origin, '/-/readyz');
      } catch {
        refused = true;
      }
    release();
    t.is((await answer).text, 'abcd');
    t.is((await exit)[0], 0);
  } finally {
    await endProgram(program, 'SIGKILL');
    await origin.close();
    await rm(dataDir, { recursive: true, force: true });
  }
});

test.serial('wrong settings are all told together and stop the start with exit code 2', async (t) => {
  const child = spawn(process.execPath, [join(ROOT, 'bin/cli.ts'), 'serve'], {
    env: { PORT: '99999', WORKERS: 'x', MODES: 'prefix,other', UPSTREAM_PORTS: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr.on('data', (part) => {
    told += String(part);
  });
  const [code] = await once(child, 'exit');
  t.is(code, 2);
  for (const name of ['PORT', 'WORKERS', 'MODES', 'UPSTREAM_PORTS']) t.regex(told, new RegExp(`^${name}: `, 'm'));
});

test.serial('the command line: fetch, config, formatters, help, exit codes', async (t) => {
  t.timeout(60_000);
  const dataDir = await mkdtemp(join(tmpdir(), 'process-'));
  const origin = await startOrigin();
  origin.on('/p', `<!DOCTYPE html><title>x</title><main><h1>Hi</h1><p>${'words '.repeat(200)}</p></main>`);
  const run = async (...args: string[]) => {
    const child = spawn(join(ROOT, 'bin/format-gateway'), args, {
      cwd: dataDir,
      env: { PATH: process.env['PATH'] ?? '', ...testEnvironment(dataDir) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, err] = await Promise.all(
      [child.stdout, child.stderr].map(async (stream) => (await stream.toArray()).join('')),
    );
    if (child.exitCode === null) await once(child, 'exit');
    return { code: child.exitCode, out: out!, err: err! };
  };
  try {
    const fetched = await run('fetch', `${origin.url}/p`, '--as', 'article', '--trace');
    t.is(fetched.code, 0, fetched.err);
    t.true(fetched.out.includes('<h1>Hi</h1>'));
    t.regex(fetched.err, /"formatter": "html-article"/);
    t.is((await run('fetch', 'http://127.0.0.2:9/')).code, 1);
    t.is((await run('fetch')).code, 2);
    t.is((await run('nonsense')).code, 2);
    t.is((await run('health', '--server', 'http://127.0.0.1:1')).code, 3);
    t.regex((await run('config', 'print')).out, /^PORT=0$/m);
    t.true(
      (JSON.parse((await run('formatters', 'list', '--json')).out) as { name: string }[]).some(
        ({ name }) => name === 'html-lite',
      ),
    );
    t.is((await run('--help')).code, 0);
  } finally {
    await origin.close();
    await rm(dataDir, { recursive: true, force: true });
  }
});

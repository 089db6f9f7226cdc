/** The command line as people and programs use it: plugins made and checked, profiles moved, completion, help, exit codes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Command } from 'commander';
import { makeProgram } from '../bin/make-program.ts';
import { writeScaffold } from '../bin/verbs/formatter-scaffold.ts';
import { inWorld } from './support/gateway.ts';
import { ROOT } from './support/program.ts';

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function runIn(
  cwd: string,
  command: readonly string[],
  input = '',
  more: Record<string, string> = {},
): Promise<Ran> {
  const [file = '', ...args] = command;
  const PATH = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;
  const child = spawn(file, args, { cwd, env: { PATH, ...more }, stdio: ['pipe', 'pipe', 'pipe'] });
  // A verb that reads nothing may have ended before.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [out, err] = await Promise.all(
    [child.stdout, child.stderr].map(async (stream) => (await stream.toArray()).join('')),
  );
  if (child.exitCode === null) await once(child, 'exit');
  return { code: child.exitCode, out: out!, err: err! };
}

const PROGRAM = [process.execPath, join(ROOT, 'bin/cli.ts')];

function withFolder(work: (t: ExecutionContext, folder: string) => Promise<void>) {
  return async (t: ExecutionContext): Promise<void> => {
    t.timeout(180_000);
    const folder = mkdtempSync(join(tmpdir(), 'cli-'));
    try {
      await work(t, folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

test(
  'a new plugin passes the contract suite and its own test at once; bad, taken and present names are refused and nothing is written',
  withFolder(async (t, folder) => {
    const run = (...args: string[]) => runIn(folder, [...PROGRAM, 'formatters', ...args]);
    const made = await run('new', 'capitals', '--json');
    t.is(made.code, 0, made.err);
    t.is(JSON.parse(made.out).folder, join(folder, 'plugins/capitals'));
    const checked = await run('check', 'plugins/capitals', '--json');
    t.is(checked.code, 0, checked.out);
    const { ok, components } = JSON.parse(checked.out);
    t.true(ok);
    t.deepEqual([...new Set(components[0].findings.map(({ state }: { state: string }) => state))], ['passed']);
    t.is((await run('check', 'plugins')).code, 0, 'a folder of several');
    const own = await runIn(folder, [process.execPath, '--test', 'plugins/capitals/capitals.test.mjs']);
    t.is(own.code, 0, own.out);
    const taken = { formatters: new Set(['html-lite']), demands: new Set(['lite']) };
    for (const name of ['capitals', 'html-lite', 'lite', '../x', 'UPPER', '-x', 'x'.repeat(65), ''])
      t.throws(() => writeScaffold(name, join(folder, 'plugins'), taken), { instanceOf: RangeError }, name);
    t.deepEqual(readdirSync(join(folder, 'plugins')), ['capitals']);
    t.is((await run('new', 'lite')).code, 2, 'a demand of the built-in ones');
    t.is((await run('check', 'nowhere')).code, 2);
    t.is((await run('new')).code, 2);
  }),
);

const HOSTILE_PLUGINS: readonly (readonly [name: string, to: string, format: string, finding: RegExp])[] = [
  [
    'taint',
    'text/plain',
    'Object.prototype.evil = 1; return { mediaType: "text/plain", body: input.body };',
    /leaves nothing behind/,
  ],
  [
    'dice',
    'text/plain',
    'return { mediaType: "text/plain", body: input.body + Math.random() };',
    /gives the same bytes/,
  ],
  [
    'opens',
    'text/html',
    'return { mediaType: "text/html", body: "<p>" + input.body };',
    /what was text has become an element `script`/,
  ],
  [
    'throws',
    'text/plain',
    'return { mediaType: "text/plain", body: input.body.at(0).toLowerCase() };',
    /survives hostile text\/plain: nothing at all/,
  ],
  ['huge', 'text/plain', 'return { mediaType: "text/plain", body: "x".repeat(4e8) };', /too-large/],
  ['leaves', 'text/plain', 'process.exit(0);', /example a/],
];

test(
  'the contract suite finds what a component does wrong (threat 53): each fault by its own check, the others unharmed',
  withFolder(async (t, folder) => {
    for (const [name, to, format] of HOSTILE_PLUGINS) {
      const at = join(folder, 'bad', name);
      mkdirSync(join(at, 'examples/a'), { recursive: true });
      writeFileSync(
        join(at, 'index.mjs'),
        `export default { contract: 1, kind: 'formatter', name: '${name}', version: '1.0.0', reads: 'text',
  edges: [{ from: 'text/plain', to: '${to}', keeps: 1, cost: 1, meets: ['${name}'] }], format(input) { ${format} } };\n`,
      );
      writeFileSync(join(at, 'examples/a/case.json'), '{ "why": "A word." }');
      writeFileSync(join(at, 'examples/a/input.txt'), 'hi');
      writeFileSync(
        join(at, to === 'text/html' ? 'examples/a/expected.html' : 'examples/a/expected.txt'),
        to === 'text/html' ? '<p>hi' : 'hi',
      );
    }
    mkdirSync(join(folder, 'bad/broken'));
    writeFileSync(join(folder, 'bad/broken/index.mjs'), 'export default {');
    const { code, out } = await runIn(folder, [...PROGRAM, 'formatters', 'check', 'bad']);
    t.is(code, 1);
    const partOf = (name: string) => new RegExp(`^${name}\\n((?: {2}.*\\n)*)`, 'm').exec(out)?.[1] ?? '';
    for (const [name, , , finding] of HOSTILE_PLUGINS) {
      const faults = partOf(name)
        .split('\n')
        .filter((line) => line.startsWith('  not ok'));
      t.true(
        faults.some((line) => finding.test(line)),
        `${name}:\n${partOf(name)}`,
      );
    }
    t.regex(partOf('broken'), /not ok can be read: cannot-import/);
  }),
);

test(
  'profiles travel: exported from one server, imported in any order, refused with a reason and a count',
  inWorld(async (t, { server, dataDir }) => {
    const run = (args: readonly string[], input = '') =>
      runIn(dataDir, [...PROGRAM, 'profiles', ...args, '--server', server.adminOrigin!], input, {
        ADMIN_TOKEN: server.adminToken.secret,
      });
    const list = [
      { name: 'ours-small', extends: 'ours', prefers: { images: { maxWidth: 100 } } },
      { name: 'ours', extends: 'kaios', selectable: true },
    ];
    const imported = await run(['import', '-', '--json'], JSON.stringify(list));
    t.is(imported.code, 0, imported.err);
    t.deepEqual(JSON.parse(imported.out), { imported: ['ours', 'ours-small'] });
    const exported = await run(['export']);
    t.deepEqual(
      JSON.parse(exported.out)
        .map(({ name }: { name: string }) => name)
        .sort(),
      ['ours', 'ours-small'],
    );
    t.is((await run(['remove', 'ours'])).code, 1, 'a base in use');
    t.is((await run(['remove', 'ours-small'])).code, 0);
    t.is((await run(['show', 'ours-small'])).code, 1);
    t.is((await run(['import', '-'], exported.out)).out, '2 imported\n');
    const bad = await run(['import', '-'], JSON.stringify([{ name: 'fine' }, { name: 'bad', bogus: 1 }]));
    t.is(bad.code, 1);
    t.regex(bad.err, /`bad` is refused: 422: .*bogus.*imported before it: fine/);
    for (const input of ['{nope', '{}', '[{"title":"x"}]']) t.is((await run(['import', '-'], input)).code, 2, input);
    t.is((await run(['set', 'x', join(dataDir, 'nowhere.json')])).code, 2);
    t.is(JSON.parse((await run(['match', '--user-agent', 'KAIOS/2.5'])).out).profile, 'kaios');
    t.regex((await run(['list'])).out, /^ours +stored/m);
    const lost = await runIn(dataDir, [...PROGRAM, 'profiles', 'list', '--server', 'http://127.0.0.1:1']);
    t.is(lost.code, 3);
  }),
);

test(
  'formatters are listed of a running server too, with what is off there',
  inWorld(async (t, { server, dataDir, admin }) => {
    const list = (...args: string[]) =>
      runIn(dataDir, [...PROGRAM, 'formatters', 'list', ...args, '--server', server.adminOrigin!], '', {
        ADMIN_TOKEN: server.adminToken.secret,
      });
    await admin('/api/formatters/html-article', { method: 'PATCH', json: { enabled: false } });
    t.regex((await list()).out, /^html-article [\d.]+ off\nhtml-full [\d.]+$/m);
    const found = JSON.parse((await list('--json')).out).find(({ name }: { name: string }) => name === 'html-article');
    t.deepEqual([found.enabled, found.suspended, found.faults], [false, false, 0]);
  }),
);

test(
  'completion offers verbs, options and their values where they stand, in a real bash',
  withFolder(async (t, folder) => {
    const { code, out } = await runIn(folder, [...PROGRAM, 'completion', 'bash']);
    t.is(code, 0);
    writeFileSync(join(folder, 'completion.bash'), out);
    const complete = async (...words: string[]) => {
      const script = `source completion.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _format_gateway; echo "\${COMPREPLY[*]}"`;
      const ran = await runIn(folder, ['bash', '--norc', '-c', script, 'bash', 'format-gateway', ...words]);
      t.is(ran.err, '');
      return ran.out.trim().split(' ');
    };
    for (const verb of ['serve', 'fetch', 'profiles', 'completion']) t.true((await complete('')).includes(verb), verb);
    t.deepEqual(await complete('prof'), ['profiles']);
    t.true((await complete('profiles', '')).includes('match'));
    t.deepEqual(await complete('fetch', 'http://x/', '--as', 'g'), ['gemtext']);
    t.deepEqual(await complete('formatters', 'new', '--d'), ['--dir']);
    t.true((await complete('completion', '')).includes('fish'));
    t.regex(
      (await runIn(folder, [...PROGRAM, 'completion', 'fish'])).out,
      /^complete -c format-gateway .* -a profiles -d /m,
    );
    t.regex((await runIn(folder, [...PROGRAM, 'completion', 'zsh'])).out, /bashcompinit/);
    t.is((await runIn(folder, [...PROGRAM, 'completion', 'tcsh'])).code, 2);
    t.is((await runIn(folder, [...PROGRAM, 'bench', 'nothing'])).code, 2);
  }),
);

test('every verb describes itself, and prints JSON unless it prints a script', (t) => {
  const walk = (command: Command, path: string): void => {
    t.true(command.description().length > 10, path);
    for (const each of command.commands) walk(each, `${path} ${each.name()}`);
    const isPlain = command.commands.length > 0 || path === 'format-gateway completion';
    t.true(isPlain || command.options.some(({ long }) => long === '--json'), `${path} has no --json`);
  };
  walk(makeProgram(), 'format-gateway');
});

test(
  'all mistakes of a start are reported together: what is written wrongly, what files hold, what does not go together (design 2)',
  withFolder(async (t, folder) => {
    writeFileSync(join(folder, 'sites.json'), '[{"host":"a b","upstream":"ftp://x/"}]');
    writeFileSync(join(folder, '.env'), 'PORT=abc\nSITES=sites.json\nUSERS=gone\n');
    const environment = {
      HOST: '999.1.1.1',
      ADMIN_HOST: '0.0.0.0',
      TLS_CERT: 'gone.pem',
      ADMIN_TLS_KEY: 'gone.pem',
      FLEET_KEYS: 'gone.pub',
      NATS_CREDS: 'gone.creds',
      PLUGINS_DIR: 'gone',
      BACK_END: 'x',
    };
    const variables =
      'HOST PORT USERS SITES SITES TLS_CERT ADMIN_TLS_CERT PLUGINS_DIR NATS_CREDS FLEET_KEYS BACK_END CHANNEL_SECRET';
    for (const command of [['serve'], ['config', 'check'], ['fetch', 'http://x.example/']]) {
      const { code, err } = await runIn(folder, [...PROGRAM, ...command], '', environment);
      t.is(code, 2, err);
      t.deepEqual(
        err
          .trimEnd()
          .split('\n')
          .slice(1)
          .map((line) => line.split(':')[0]),
        variables.split(' '),
      );
    }
    const offLoopback = await runIn(folder, [...PROGRAM, 'config', 'check'], '', { ADMIN_HOST: '0.0.0.0', PORT: 'x' });
    t.regex(offLoopback.err, /^PORT: (?:.*\n)+ADMIN_HOST: off loopback only with/m);
    const none = await runIn(folder, [...PROGRAM, 'config', 'check', '--json'], '', {
      PORT: ' ',
      SITES: 'none',
      USERS: 'none',
      SUBDOMAINS: 'none',
      PLUGINS_DIR: 'none',
      NATS_CREDS: 'none',
    });
    t.is(none.code, 0, none.err);
    rmSync(join(folder, '.env'));
    const push = (...args: string[]) => runIn(folder, [...PROGRAM, 'fleet', 'push', ...args]);
    t.like(await push('gone.bundle'), { code: 2, out: '', err: 'format-gateway: there is no file gone.bundle\n' });
    t.regex((await push('sites.json', '--server', 'localhost')).err, /^format-gateway: --server: must be an http/);
    t.is((await push('sites.json', '--server', 'http://127.0.0.1:9')).code, 3);
  }),
);

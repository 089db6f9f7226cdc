/** The tutorial walked as a newcomer does: its files written, its commands run, what they print compared with what it shows. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'ava';
import { ask } from './support/client.ts';
import { endProgram, type Program, ROOT, startProgram } from './support/program.ts';

/** What a reader does. */
type Act =
  | { readonly kind: 'write'; readonly file: string; readonly text: string }
  | { readonly kind: 'run'; readonly command: string; readonly shown: string }
  | { readonly kind: 'restart'; readonly settings: Readonly<Record<string, string>> };

const FENCE = /([^\n]*)\n\n^```(\w*)\n([\s\S]*?)^```$/gm;

function readActs(text: string): Act[] {
  return [...text.matchAll(FENCE)].flatMap(([, before = '', language, body = '']): Act[] => {
    if (language === 'console') return commandsOf(body);
    const file = /`([a-z-]+\.json)`/.exec(before)?.[1];
    if (language === 'json' && file !== undefined) return [{ kind: 'write', file, text: body }];
    const settings = [...body.matchAll(/^([A-Z_]+)=(\S+) npm start$/gm)];
    return settings.map(([, name = '', value = '']) => ({ kind: 'restart', settings: { [name]: value } }));
  });
}

function commandsOf(body: string): Act[] {
  return body
    .split(/^\$ /m)
    .slice(1)
    .map((piece) => {
      const [command = '', ...shown] = piece.trimEnd().split('\n');
      return { kind: 'run', command, shown: shown.join('\n') };
    });
}

/** Sizes may differ by some bytes, versions by any number; all else is as it is shown. */
function isAsShown(printed: string, shown: string): boolean {
  const [is, should] = [Number(printed), Number(shown)];
  if (/^\d+$/.test(shown)) return /^\d+$/.test(printed.trim()) && Math.abs(is - should) <= should / 10;
  const shape = (text: string) =>
    text
      .trim()
      .replaceAll('\r', '')
      .replace(/v="[\d.]+"/g, 'v=""');
  return shape(printed) === shape(shown);
}

class Walk {
  readonly folder = mkdtempSync(join(tmpdir(), 'tutorial-'));
  program: Program | undefined;
  #demoOrigin = '';

  constructor() {
    symlinkSync(join(ROOT, 'bin'), join(this.folder, 'bin'));
    mkdirSync(join(this.folder, 'data'));
  }

  async start(settings: Readonly<Record<string, string>>): Promise<void> {
    const environment = {
      DATA_DIR: join(this.folder, 'data'),
      PORT: '0',
      ADMIN_PORT: '0',
      DEMO_PORT: '0',
      FORMAT_TIMEOUT_MS: '60000',
    };
    await endProgram(this.program);
    this.program = await startProgram({ ...environment, WORKERS: '1', POOL: '1', LOG_LEVEL: 'silent', ...settings });
    const home = await ask(this.program.origin, '/');
    this.#demoOrigin = /href="\/(http:\/\/127\.0\.0\.1:\d+)\/"/.exec(home.text)![1]!;
  }

  /** What the reader's machine has elsewhere. */
  here(text: string): string {
    return text
      .replaceAll('http://127.0.0.1:8080', this.program!.origin)
      .replaceAll('http://127.0.0.1:8082', this.#demoOrigin);
  }

  async run(command: string): Promise<{ out: string; err: string }> {
    const { port } = new URL(this.program!.adminOrigin);
    const child = spawn('bash', ['--norc', '-o', 'pipefail', '-c', this.here(command)], {
      cwd: this.folder,
      env: {
        PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
        DATA_DIR: join(this.folder, 'data'),
        ADMIN_PORT: port,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, err] = await Promise.all(
      [child.stdout, child.stderr].map(async (stream) => (await stream.toArray()).join('')),
    );
    if (child.exitCode === null) await once(child, 'exit');
    return { out: out!, err: err! };
  }

  async end(): Promise<void> {
    await endProgram(this.program);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

test('every command of the tutorial runs in its order and prints what the tutorial shows', async (t) => {
  t.timeout(180_000);
  const acts = readActs(readFileSync(join(ROOT, 'docs/tutorial.md'), 'utf8'));
  t.true(acts.filter(({ kind }) => kind === 'run').length >= 10, `${acts.length} acts`);
  t.deepEqual(
    acts.filter((act) => act.kind !== 'run').map(({ kind }) => kind),
    ['write', 'restart', 'write'],
  );
  const walk = new Walk();
  try {
    await walk.start({});
    for (const act of acts) {
      if (act.kind === 'write') writeFileSync(join(walk.folder, act.file), act.text);
      else if (act.kind === 'restart')
        await walk.start({ ...act.settings, PLUGINS_DIR: join(walk.folder, act.settings['PLUGINS_DIR'] ?? '') });
      else {
        const { out, err } = await walk.run(act.command);
        t.true(isAsShown(out, walk.here(act.shown)), `$ ${act.command}\nprinted\n${out}${err}shown is\n${act.shown}`);
      }
    }
  } finally {
    await walk.end();
  }
});

test('the commands of the how-tos that show what they print, print it', async (t) => {
  t.timeout(180_000);
  const folder = join(ROOT, 'docs/how-to');
  const acts = readdirSync(folder).flatMap((file) => readActs(readFileSync(join(folder, file), 'utf8')));
  const shown = acts.filter((act) => act.kind === 'run').filter(({ shown: output }) => output !== '');
  t.true(shown.length >= 6, `${shown.length} commands`);
  const walk = new Walk();
  try {
    await walk.start({});
    for (const { command, shown: output } of shown) {
      const { out } = await walk.run(`exec 2>&1\n${command}`);
      t.true(isAsShown(out, walk.here(output)), `$ ${command}\nprinted\n${out}shown is\n${output}`);
    }
  } finally {
    await walk.end();
  }
});

test('the recipes run: a page as Markdown, presets compared, a signed link that is taken', async (t) => {
  t.timeout(180_000);
  const walk = new Walk();
  try {
    await walk.start({ LINK_KEYS: 'k1:a-secret-of-the-test' });
    symlinkSync(join(ROOT, 'docs'), join(walk.folder, 'docs'));
    const page = 'http://127.0.0.1:8082/story.html';
    const read = await walk.run(`node docs/recipes/read-as-markdown.mjs ${page} http://127.0.0.1:8080`);
    t.regex(read.out, /^# The lamp/m);
    t.regex(read.err, /^about \d+ tokens, by .*html-to-markdown/);
    const wrong = await walk.run('node docs/recipes/read-as-markdown.mjs ftp://x/ http://127.0.0.1:8080; echo $?');
    t.regex(wrong.out, /^1$/m);
    const presets = await walk.run(`node docs/recipes/compare-presets.mjs ${page} http://127.0.0.1:8080`);
    t.regex(presets.out, /^wap +text\/vnd\.wap\.wml +\d+ {2}.*html-to-wml/m);
    t.is(presets.out.trim().split('\n').length, 11);
    const picture = 'http://127.0.0.1:8082/pictures/lighthouse.jpg';
    const link = await walk.run(
      `node docs/recipes/sign-picture-link.mjs k1:a-secret-of-the-test ${picture} 'w=120&bw=1'`,
    );
    const answer = await ask(walk.program!.origin, link.out.trim());
    t.is(answer.status, 200, answer.text.slice(0, 300));
    t.regex(String(answer.fields['content-type']), /^image\//);
  } finally {
    await walk.end();
  }
});

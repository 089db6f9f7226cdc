/** How a formatter or component process is started: what it may read, what it is told, how large its heap may grow. */
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { existsSync, realpathSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parse } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { compiledCodeFor } from './compiled-code.ts';

const PROGRAMS = {
  formatter: fileURLToPath(new URL('./child.ts', import.meta.url)),
  component: fileURLToPath(new URL('./component-child.ts', import.meta.url)),
};
/** Text in drawings is drawn in the fonts that ship with us, and looks the same on every machine. */
const FONTS = fileURLToPath(new URL('./fonts.conf', import.meta.url));
const TREE = fileURLToPath(new URL('../../', import.meta.url));
/** What the program itself is made of: all that third-party code may read besides its own files. */
const READABLE = ['formatters/', 'core/', 'services/', 'node_modules/', 'package.json'].map((name) => TREE + name);
// The permission model does not see what these built-in modules do to files (measured: node:sqlite reads and writes any).
const UNGUARDED = ['--no-experimental-webstorage', '--no-experimental-ffi'];
const NO_SQLITE = '--no-experimental-sqlite';
// Ends a process whose parent is gone even when it no longer listens to anything; present on most Linux systems.
const SETPRIV = '/usr/bin/setpriv';

/** A started formatter process: requests on its standard input, answers on its standard output, noise on the third. */
export type FormatterChild = ChildProcessByStdio<Writable, Readable, Readable>;

/** True where the permission model bars sockets (Node 25 and newer). */
export const barsSockets = Number.parseInt(process.versions.node, 10) >= 25;

/** What a process is started for. */
export interface LaunchOptions {
  /** File or folder of third-party code: the process is then caged; `undefined` for our own formatters. */
  readonly root: string | undefined;
  /** Limit of the JavaScript heap. */
  readonly heapMb: number;
  /** Default `formatter`. */
  readonly program?: keyof typeof PROGRAMS;
  /** What a caged process may read besides: folders of data sets. */
  readonly readable?: readonly string[];
  /** Lets a caged process have `node:sqlite`, as `guardSqlite` leaves it. Default false. */
  readonly withSqlite?: boolean;
  /** A file descriptor it gets as the one that `hand-over.ts` reads. Default: none. */
  readonly handOver?: number | undefined;
}

/** Starts a process with an empty environment, away from our folders. */
export function launch(options: LaunchOptions): FormatterChild {
  const { root, heapMb, program = 'formatter', handOver } = options;
  // Bodies count where memory is limited as a whole, and not as a reason to collect at every picture (bench/picture-miss);
  // what is kept, decoded pictures above all, may be doubled before that.
  const counting = ['--external-memory-accounted-in-global-limit', '--heap-growing-percent=100'];
  const memory = [`--max-old-space-size=${heapMb}`, ...counting];
  const compiled = compiledCodeFor(root === undefined ? 'shared' : 'caged');
  const flags = [...memory, ...(root === undefined ? [] : cageFlags(root, options)), ...compiled.flags];
  const command = [process.execPath, ...flags, PROGRAMS[program], root === undefined ? 'shared' : 'caged'];
  const [file, ...rest] = canBindToParent() ? [SETPRIV, '--pdeathsig', 'KILL', '--', ...command] : command;
  return spawn(file!, rest, {
    cwd: parse(process.execPath).root,
    // Nothing of ours reaches a formatter: no secret, no proxy, no NODE_OPTIONS. glibc's arenas are bounded, since each
    // thread of the image library would keep its own; its threads are those of dns and fs too, hence the spare ones.
    env: {
      UV_THREADPOOL_SIZE: String(availableParallelism() + 4),
      MALLOC_ARENA_MAX: '2',
      TZ: 'UTC',
      LANG: 'C.UTF-8',
      ...compiled.environment,
      // Pictures are drawn by our own formatters alone.
      ...(root === undefined ? { FONTCONFIG_FILE: FONTS } : {}),
    },
    stdio: ['pipe', 'pipe', 'pipe', ...(handOver === undefined ? [] : [handOver])],
    windowsHide: true,
  }) as FormatterChild;
}

let bindsToParent: boolean | undefined;

/** True where `setpriv` is there and new enough; asked once, some milliseconds. */
function canBindToParent(): boolean {
  bindsToParent ??=
    existsSync(SETPRIV) && spawnSync(SETPRIV, ['--help'], { encoding: 'utf8', env: {} }).stdout.includes('--pdeathsig');
  return bindsToParent;
}

function cageFlags(root: string, { readable: more = [], withSqlite = false }: LaunchOptions): string[] {
  const own = [root, ...more].flatMap((each) => (existsSync(each) ? [each, realpathSync(each)] : [each]));
  const readable = new Set([...READABLE, ...own.map(withSlash)]);
  const barred = withSqlite ? UNGUARDED : [...UNGUARDED, NO_SQLITE];
  const known = barred.filter((flag) => process.allowedNodeEnvironmentFlags.has(flag));
  return ['--permission', ...known, ...[...readable].map((path) => `--allow-fs-read=${path}`)];
}

/** The flag takes a folder by its trailing slash. */
function withSlash(path: string): string {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() && !path.endsWith('/') ? `${path}/` : path;
}

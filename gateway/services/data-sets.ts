/**
 * Data sets of the components of this server, in files: those they were shipped with, and above them editions that
 * components have registered. An edition is there as a whole or not at all, never changes, is seen by every process at its
 * next request, and is not used once its bytes are not those of its digest (threat 66).
 */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { DataSetEdition, DataSetEditions } from '../../formatters/pool/component-messages.ts';

export interface DataSets {
  /** Folders that components read from. */
  readonly folders: readonly string[];
  /** Newest editions, the component's own names first. */
  current(component: string): Promise<DataSetEditions>;
  /** Registers the next edition of a name. @throws RangeError for a name or a size that cannot be. */
  put(name: string, bytes: Uint8Array): Promise<DataSetEdition>;
}

export interface DataSetsOptions {
  /** Where editions are kept. */
  readonly folder: string;
  /** Folders of data sets that components were shipped with, by component. */
  readonly shipped: ReadonlyMap<string, readonly string[]>;
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly log: Log;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
/** Beside a SQLite file, and no data sets. */
const SIDE_FILE = /-(?:wal|shm|journal)$/;
const DIGEST = '.sha256';
const MAX_NAMES = 1_000;
/** Editions that stay, whatever their age, and how long older ones do: somebody may have just been given their path. */
const KEPT_EDITIONS = 2;
const KEPT_MS = 120_000;
const MAX_TRIES = 100;

export async function openDataSets(options: DataSetsOptions): Promise<DataSets> {
  const { folder, shipped } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const editions = makeEditions(options);
  return {
    folders: [folder, ...new Set([...shipped.values()].flat())],
    async current(component) {
      const own = await shippedIn(shipped.get(component) ?? []);
      const others = [...shipped].filter(([name]) => name !== component).sort(([a], [b]) => (a < b ? -1 : 1));
      const found = new Map(own);
      for (const [, folders] of others)
        for (const [name, set] of await shippedIn(folders)) if (!found.has(name)) found.set(name, set);
      for (const name of await namesIn(folder)) {
        const newest = await editions.newest(name);
        if (newest !== undefined) found.set(name, newest);
      }
      return [...found].slice(0, MAX_NAMES);
    },
    put: (name, bytes) => editions.put(name, bytes),
  };
}

async function shippedIn(folders: readonly string[]): Promise<Map<string, DataSetEdition>> {
  const found = new Map<string, DataSetEdition>();
  for (const folder of folders)
    for (const name of (await namesIn(folder)).filter((each) => !SIDE_FILE.test(each))) {
      const path = join(folder, name);
      const isFile = (await stat(path).catch(() => undefined))?.isFile() ?? false;
      if (isFile && !found.has(name)) found.set(name, { edition: 0, path });
    }
  return found;
}

/** Names that can be those of data sets, in order; none where there is no such folder. */
async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
  return names.filter((name) => NAME.test(name)).sort();
}

function makeEditions({ folder, maxBytes, clock, log }: DataSetsOptions) {
  /** Whether an edition's bytes are those it was registered with; looked at once by each process. */
  const sound = new LRUCache<string, Promise<boolean>>({ max: MAX_NAMES });
  const isSound = (path: string): Promise<boolean> => {
    const known = sound.get(path);
    if (known !== undefined) return known;
    const looking = hasItsDigest(path);
    sound.set(path, looking);
    void looking.then((isWhole) => isWhole || log.error('an edition of a data set is damaged', { path }));
    return looking;
  };
  const numbersOf = async (name: string): Promise<number[]> => {
    const files = await namesIn(join(folder, name));
    // The digest comes last: what has none is not whole yet.
    return files
      .filter((file) => file.endsWith(DIGEST))
      .map((file) => Number.parseInt(file, 10))
      .sort((a, b) => b - a);
  };
  const newest = async (name: string): Promise<DataSetEdition | undefined> => {
    for (const edition of await numbersOf(name)) {
      const path = join(folder, name, fileOf(edition));
      if (await isSound(path)) return { edition, path };
    }
    return undefined;
  };
  /** Older editions go once nobody can be reading them. */
  const clear = async (name: string): Promise<void> => {
    const numbers = await numbersOf(name);
    for (const [index, edition] of numbers.entries()) {
      if (index < KEPT_EDITIONS) continue;
      const successor = join(folder, name, fileOf(numbers[index - 1]!) + DIGEST);
      const replacedAt = (await stat(successor).catch(() => undefined))?.mtimeMs ?? 0;
      if (clock.now() - replacedAt < KEPT_MS) continue;
      const path = join(folder, name, fileOf(edition));
      sound.delete(path);
      for (const ending of [DIGEST, '', '-wal', '-shm', '-journal']) await rm(path + ending, { force: true });
    }
  };
  return {
    newest,
    async put(name: string, bytes: Uint8Array): Promise<DataSetEdition> {
      if (typeof name !== 'string' || !NAME.test(name))
        throw new RangeError('the name of a data set must be 1 to 128 of A to Z, a to z, 0 to 9, `.`, `_` and `-`');
      if (bytes.byteLength > maxBytes) throw new RangeError(`a data set may have ${maxBytes} bytes`);
      const home = join(folder, name);
      await mkdir(home, { recursive: true, mode: 0o700 });
      const set = await register(home, bytes);
      sound.set(set.path, Promise.resolve(true));
      await clear(name);
      return set;
    },
  };
}

/** The name of the file takes the number; of several processes that put at once each gets its own. */
async function register(home: string, bytes: Uint8Array): Promise<DataSetEdition> {
  const fresh = join(home, `.new-${randomBytes(6).toString('hex')}`);
  try {
    await writeWhole(fresh, bytes);
    await writeWhole(fresh + DIGEST, Buffer.from(await digestOf(bytes)));
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const taken = (await readdir(home)).map((file) => Number.parseInt(file, 10)).filter((number) => number > 0);
      const edition = Math.max(0, ...taken) + 1;
      const path = join(home, fileOf(edition));
      try {
        await link(fresh, path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
        throw error;
      }
      await rename(fresh + DIGEST, path + DIGEST);
      await flushFolder(home);
      return { edition, path };
    }
    throw new Error(`others took ${MAX_TRIES} editions first`);
  } finally {
    for (const ending of ['', DIGEST]) await rm(fresh + ending, { force: true });
  }
}

function fileOf(edition: number): string {
  return String(edition).padStart(12, '0');
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function flushFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Off this thread: a large set must not hold up others. */
async function digestOf(bytes: Uint8Array): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))).toString('hex');
}

async function hasItsDigest(path: string): Promise<boolean> {
  try {
    const hash = createHash('sha256');
    for await (const part of createReadStream(path)) hash.update(part as Uint8Array);
    return hash.digest('hex') === (await readFile(path + DIGEST, 'latin1')).trim();
  } catch {
    // A file that cannot be read is no edition.
    return false;
  }
}

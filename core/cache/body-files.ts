/** Bodies as files of a folder: written whole or not at all, read off the event loop. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface BodyFiles {
  /** Writes a file under a name of its own, which is given back once all of it is there (threat 64). */
  write(body: Uint8Array): Promise<string>;
  /** Rejects where the file is gone. */
  read(name: string): Promise<Buffer>;
  /** Removes files; that they are gone already is no fault. */
  remove(names: readonly string[]): Promise<void>;
  /** Removes what was written before a time and is not known any more: left by processes that were killed. */
  sweep(isKnown: (name: string) => boolean, before: number): Promise<void>;
}

export function makeBodyFiles(folder: string): BodyFiles {
  return {
    async write(body) {
      const id = randomBytes(16).toString('hex');
      const name = join(id.slice(0, 2), id);
      const file = join(folder, name);
      const fresh = `${file}.new`;
      try {
        await writeInFolder(fresh, body);
        await rename(fresh, file);
      } catch (error) {
        await rm(fresh, { force: true });
        throw error;
      }
      return name;
    },
    read: (name) => readFile(join(folder, name)),
    async remove(names) {
      // What cannot be removed now is found by the next sweep.
      await Promise.allSettled(names.map((name) => rm(join(folder, name), { force: true })));
    },
    async sweep(isKnown, before) {
      for (const group of await namesIn(folder))
        for (const each of await namesIn(join(folder, group))) {
          const name = join(group, each);
          if (!isKnown(name) && (await writtenAt(join(folder, name))) < before)
            await rm(join(folder, name), { force: true });
        }
    },
  };
}

/** Makes the folder only where it is missing: there are 256, soon all of them. */
async function writeInFolder(file: string, body: Uint8Array): Promise<void> {
  try {
    await writeAtOnce(file, body);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeAtOnce(file, body);
  }
}

/** As `writeFile`, which would come back to the event loop after each half megabyte. */
async function writeAtOnce(file: string, body: Uint8Array): Promise<void> {
  await using handle = await open(file, 'w', 0o600);
  for (let written = 0; written < body.byteLength; )
    written += (await handle.write(body, written, body.byteLength - written)).bytesWritten;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

async function writtenAt(file: string): Promise<number> {
  try {
    return (await stat(file)).mtimeMs;
  } catch (error) {
    // Another process was quicker.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Number.POSITIVE_INFINITY;
    throw error;
  }
}

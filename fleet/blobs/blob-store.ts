/**
 * Blobs by their sha256: bundles and data sets as they lie on disk. A blob is there whole and right or not at all; what has
 * arrived in part stays over a kill and is gone on with.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Digest, digestOfBytes, isDigest } from '../../core/digest.ts';
import { GatewayError } from '../../core/errors.ts';

/** A blob that is arriving. */
export interface PartialBlob {
  /** Bytes that are here. */
  readonly offset: number;
  write(bytes: Uint8Array): Promise<void>;
  /** Keeps what has arrived, to go on later. */
  pause(): Promise<void>;
  /** True when it is whole and right, and from now on there; else everything is thrown away. */
  finish(): Promise<boolean>;
}

export interface BlobStore {
  has(digest: Digest): Promise<boolean>;
  /** Bytes; `undefined` for a blob that is not here. */
  size(digest: Digest): Promise<number | undefined>;
  /** File of a blob that is here; not to be written. */
  path(digest: Digest): string;
  read(digest: Digest, start?: number): Readable;
  /**
   * Keeps bytes. Rejects with RangeError where they are not those of `expected`, with GatewayError BODY_TOO_LARGE, and
   * with STORE_FULL where the disk takes no more (threat 65).
   */
  put(bytes: Uint8Array | Readable, expected?: Digest): Promise<Digest>;
  /** Goes on with a blob that is not here. One at a time for each. */
  receive(digest: Digest): Promise<PartialBlob>;
  /** Whether its bytes are right; those that are not are removed (threat 66). */
  verify(digest: Digest): Promise<boolean>;
  list(): Promise<readonly Digest[]>;
  remove(digest: Digest): Promise<void>;
  /** Removes what came in part, and what a kill left half written, where nothing was added since; milliseconds since 1970. */
  sweep(since: number): Promise<void>;
}

/** Largest blob. */
export const MAX_BLOB_BYTES = 4 * 1024 ** 3;
const CANNOT_WRITE = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO']);
const FRESH = '.new-';
const PARTIAL = '.part';

export function openBlobStore(folder: string): BlobStore {
  const home = join(folder, 'sha256');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const path = (digest: Digest) => join(home, digest.slice('sha256:'.length));
  const size = async (digest: Digest) => (await stat(path(digest)).catch(() => undefined))?.size;
  const store: BlobStore = {
    path,
    size,
    has: async (digest) => (await size(digest)) !== undefined,
    read: (digest, start = 0) => createReadStream(path(digest), { start }),
    async put(bytes, expected) {
      const fresh = join(home, `${FRESH}${randomBytes(8).toString('hex')}`);
      try {
        const digest = bytes instanceof Readable ? await writeStream(fresh, bytes) : await writeBytes(fresh, bytes);
        if (expected !== undefined && digest !== expected)
          throw new RangeError(`the bytes are those of ${digest}, not of ${expected}`);
        await settle(fresh, path(digest), home);
        return digest;
      } catch (error) {
        if (!CANNOT_WRITE.has(String((error as NodeJS.ErrnoException).code))) throw error;
        throw new GatewayError('STORE_FULL', {}, { cause: error });
      } finally {
        await rm(fresh, { force: true });
      }
    },
    receive: (digest) => receive(path(digest), digest, home),
    async verify(digest) {
      if (!(await store.has(digest))) return false;
      if ((await digestOfFile(path(digest))) === digest) return true;
      await store.remove(digest);
      return false;
    },
    async list() {
      const names = await readdir(home);
      return names.map((name) => `sha256:${name}`).filter((name) => isDigest(name));
    },
    remove: (digest) => rm(path(digest), { force: true }),
    async sweep(since) {
      const unfinished = (await readdir(home)).filter((name) => name.startsWith(FRESH) || name.endsWith(PARTIAL));
      for (const name of unfinished) {
        const file = join(home, name);
        const changed = (await stat(file).catch(() => undefined))?.mtimeMs ?? since;
        if (changed < since) await rm(file, { force: true });
      }
    },
  };
  return store;
}

async function writeBytes(file: string, bytes: Uint8Array): Promise<Digest> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return digestOfBytes(bytes);
}

async function writeStream(file: string, bytes: Readable): Promise<Digest> {
  const hash = createHash('sha256');
  let size = 0;
  const counted = async function* (source: AsyncIterable<Uint8Array>) {
    for await (const part of source) {
      size += part.byteLength;
      if (size > MAX_BLOB_BYTES) throw new GatewayError('BODY_TOO_LARGE', { max: MAX_BLOB_BYTES });
      hash.update(part);
      yield part;
    }
  };
  await pipeline(bytes, counted, createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }));
  return `sha256:${hash.digest('hex')}`;
}

// A rename is on the disk once its folder is.
async function settle(fresh: string, path: string, home: string): Promise<void> {
  await rename(fresh, path);
  const handle = await open(home, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function receive(path: string, digest: Digest, home: string): Promise<PartialBlob> {
  const file = path + PARTIAL;
  const hash = createHash('sha256');
  let offset = 0;
  const handle: FileHandle = await open(file, 'a+', 0o600);
  const keep = async () => {
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  };
  for await (const part of createReadStream(file)) {
    hash.update(part as Uint8Array);
    offset += (part as Uint8Array).byteLength;
  }
  return {
    get offset() {
      return offset;
    },
    async write(bytes) {
      await handle.appendFile(bytes);
      hash.update(bytes);
      offset += bytes.byteLength;
    },
    pause: keep,
    async finish() {
      await keep();
      if (`sha256:${hash.digest('hex')}` === digest) {
        await settle(file, path, home);
        return true;
      }
      await rm(file, { force: true });
      return false;
    },
  };
}

async function digestOfFile(path: string): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const part of createReadStream(path)) hash.update(part as Uint8Array);
  return `sha256:${hash.digest('hex')}`;
}

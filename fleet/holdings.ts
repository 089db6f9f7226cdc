/** Bytes of function sets on this server's disk: blobs by digest, bundles unpacked, data sets linked where components may read them. */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { type Digest, digestOfBytes } from '../core/digest.ts';
import type { PlacedComponent, PlacedData, PlacedSet } from '../core/fleet.ts';
import type { Log } from '../core/log.ts';
import type { BlobStore } from './blobs/blob-store.ts';
import { type BlobSource, pullBlob } from './blobs/pull-blob.ts';
import type { Bundle } from './bundle/read-bundle.ts';
import { unpackBundle } from './bundle/unpack-bundle.ts';
import type { Edition } from './fleet-store.ts';

export interface HoldingsParts {
  /** Folder of the fleet's files. */
  readonly folder: string;
  readonly blobs: BlobStore;
  /** Servers to pull from, at this moment. */
  readonly sources: () => readonly BlobSource[];
  /** Reads and verifies a bundle. @throws BundleError */
  readonly readBundle: (bytes: Uint8Array) => Bundle;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Holdings {
  /** Folder of the data sets of a function set. */
  dataFolder(set: string): string;
  /** Has a blob here. Rejects where no source has it. */
  pull(digest: Digest, signal: AbortSignal): Promise<void>;
  /** A bundle, verified and unpacked. @throws BundleError */
  place(digest: Digest, signal: AbortSignal): Promise<PlacedComponent>;
  /** An edition of a data set, where its components may read it. */
  placeData(edition: Edition, signal: AbortSignal): Promise<PlacedData>;
  /** Whether all that a set is made of is here and right; what is not is removed, or made again (threat 66). */
  isWhole(set: PlacedSet): Promise<boolean>;
  /** Keeps new bytes. */
  put(bytes: Uint8Array): Promise<Digest>;
  /** Removes links of editions that nobody reads any more. */
  forgetData(set: string, keep: readonly Digest[]): Promise<void>;
}

export function openHoldings({ folder, blobs, sources, readBundle, clock, log }: HoldingsParts): Holdings {
  // Components run elsewhere: what they are given must not depend on where this process was started.
  const home = resolve(folder);
  const dataFolder = (set: string) => join(home, 'data', set);
  const pull = async (digest: Digest, signal: AbortSignal): Promise<void> => {
    if (await blobs.has(digest)) return;
    await pullBlob(digest, sources(), blobs, { signal, clock, log });
  };
  const placeData = async (edition: Edition, signal: AbortSignal): Promise<PlacedData> => {
    const { set, digest } = edition;
    // Threat 66: what has changed on the disk is removed here, and fetched anew.
    await blobs.verify(digest);
    await pull(digest, signal);
    const folderOfSet = dataFolder(set);
    const path = join(folderOfSet, digest.slice('sha256:'.length));
    await mkdir(folderOfSet, { recursive: true, mode: 0o700 });
    const fresh = `${path}.${randomBytes(6).toString('hex')}`;
    await link(blobs.path(digest), fresh);
    await rename(fresh, path);
    // Where both were the same file already, the rename has left the second name.
    await rm(fresh, { force: true });
    return { edition: edition.edition, digest, path };
  };
  return {
    dataFolder,
    pull,
    async place(digest, signal) {
      await pull(digest, signal);
      const bytes = await readAll(blobs.read(digest));
      // Threat 66: what has changed on the disk is fetched anew.
      if (digestOfBytes(bytes) !== digest) {
        await blobs.remove(digest);
        await pull(digest, signal);
        return unpackBundle(readBundle(await readAll(blobs.read(digest))), join(home, 'components'));
      }
      return unpackBundle(readBundle(bytes), join(home, 'components'));
    },
    placeData,
    async isWhole({ components, data }) {
      const sound = await Promise.all([
        ...components.map(async ({ bundle }) => {
          if (!(await blobs.verify(bundle))) return false;
          unpackBundle(readBundle(await readAll(blobs.read(bundle))), join(home, 'components'));
          return true;
        }),
        ...Object.values(data).map(async ({ digest, path }) => {
          const isHere = existsSync(path) && (await blobs.verify(digest));
          if (!isHere) await rm(path, { force: true });
          return isHere;
        }),
      ]);
      return sound.every(Boolean);
    },
    put: (bytes) => blobs.put(bytes),
    async forgetData(set, keep) {
      const kept = new Set(keep.map((digest) => digest.slice('sha256:'.length)));
      const names = await readdir(dataFolder(set)).catch(() => []);
      for (const name of names) if (!kept.has(name)) await rm(join(dataFolder(set), name), { force: true });
    },
  };
}

async function readAll(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part as Uint8Array));
  return Buffer.concat(parts);
}

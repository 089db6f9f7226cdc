/** What a server does for the bytes of the fleet besides its own sets: second copies of data, and clearing away. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Digest } from '../core/digest.ts';
import type { PlacedSet } from '../core/fleet.ts';
import type { Log } from '../core/log.ts';
import type { BlobStore } from './blobs/blob-store.ts';
import type { Edition } from './fleet-store.ts';
import type { Member } from './fleet-view.ts';
import type { Holdings } from './holdings.ts';
import type { FleetPlan } from './plan/fleet-plan.ts';
import { pickServers } from './route/pick-server.ts';

export interface UpkeepParts {
  readonly self: string;
  readonly folder: string;
  readonly blobs: BlobStore;
  readonly holdings: Holdings;
  readonly plan: () => FleetPlan | undefined;
  readonly editions: () => readonly Edition[];
  readonly members: () => readonly Member[];
  readonly held: () => readonly PlacedSet[];
  readonly clock: Clock;
  readonly log: Log;
}

/** Servers that shall have the newest edition of every data set. */
const COPIES = 2;
const LOOK_MS = 2_000;
const CLEAR_MS = 3_600_000;
/** What nobody refers to stays so long: it may have been pushed for a plan that is to come. */
const KEPT_MS = 24 * 3_600_000;
const PULL_MS = 600_000;

export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #pulling = new Set<Digest>();
  readonly #stop: (() => void)[] = [];

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  start(): void {
    const { clock } = this.#parts;
    const copies = clock.every(LOOK_MS, () => this.#keepCopies());
    const clearing = clock.every(CLEAR_MS, () => void this.clear());
    this.#stop.push(
      () => copies.cancel(),
      () => clearing.cancel(),
    );
  }

  stop(): void {
    for (const stop of this.#stop.splice(0)) stop();
  }

  /** Removes blobs and unpacked bundles that nothing refers to any more. */
  async clear(): Promise<void> {
    const { blobs, holdings, held, folder, clock, log } = this.#parts;
    const referred = this.#referred();
    const isOld = async (path: string) =>
      clock.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? 0) > KEPT_MS;
    let removed = 0;
    for (const digest of await blobs.list()) {
      if (referred.has(digest) || !(await isOld(blobs.path(digest)))) continue;
      await blobs.remove(digest);
      removed += 1;
    }
    await blobs.sweep(clock.now() - KEPT_MS);
    const components = join(folder, 'components');
    for (const name of await readdir(components).catch(() => []))
      if (!referred.has(`sha256:${name}`) && (await isOld(join(components, name))))
        await rm(join(components, name), { recursive: true, force: true });
    for (const { name, data } of held()) {
      const digests = Object.values(data).map(({ digest }) => digest);
      await holdings.forgetData(name, [...digests, ...this.#parts.editions().map(({ digest }) => digest)]);
    }
    if (removed > 0) log.info('blobs that nothing refers to are gone', { removed });
  }

  #referred(): ReadonlySet<string> {
    const { plan, editions, held } = this.#parts;
    const sets = Object.values(plan()?.functionSets ?? {});
    return new Set<string>([
      ...sets.flatMap(({ bundles, data }) => [...bundles, ...Object.values(data)]),
      ...editions().map(({ digest }) => digest),
      ...held().flatMap(({ components, data }) => [
        ...components.map(({ bundle }) => bundle),
        ...Object.values(data).map(({ digest }) => digest),
      ]),
    ]);
  }

  // An edition that a component has registered is nowhere else: its server's disk must not be all there is of it.
  #keepCopies(): void {
    const { editions, members, plan, self, blobs, holdings, log } = this.#parts;
    for (const { set, digest } of editions()) {
      if (plan()?.functionSets[set] === undefined || this.#pulling.has(digest)) continue;
      const holders = members().filter(({ sets }) => sets[set] !== undefined);
      const candidates = members()
        .filter(({ name, isDraining }) => !isDraining && !holders.some((holder) => holder.name === name))
        .map(({ name }) => ({ name, load: 0, isHealthy: true }));
      const keepers = pickServers({ key: digest, candidates }).slice(0, Math.max(0, COPIES - holders.length));
      if (holders.length === 0 || !keepers.includes(self)) continue;
      this.#pulling.add(digest);
      void blobs
        .has(digest)
        .then((isHere) => (isHere ? undefined : holdings.pull(digest, AbortSignal.timeout(PULL_MS))))
        .catch((error: unknown) =>
          log.debug('a second copy could not be had', { digest, reason: (error as Error).message }),
        )
        .finally(() => this.#pulling.delete(digest));
    }
  }
}

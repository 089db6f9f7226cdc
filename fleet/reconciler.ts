/**
 * Makes this server hold what it is assigned: pulls, verifies, tries, activates, announces; gives up what it has lost once
 * others are ready; what fails leaves what was held before (S7).
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { PlacedComponent, PlacedSet } from '../core/fleet.ts';
import type { Log } from '../core/log.ts';
import type { Edition } from './fleet-store.ts';
import type { Member } from './fleet-view.ts';
import type { Holdings } from './holdings.ts';
import type { Assignments, FleetPlan, FunctionSet } from './plan/fleet-plan.ts';

export interface ReconcilerParts {
  readonly self: string;
  readonly holdings: Holdings;
  readonly plan: () => FleetPlan | undefined;
  readonly assignments: () => Assignments;
  readonly members: () => readonly Member[];
  /** Newest editions known of a set's data. */
  readonly editions: (set: string) => readonly Edition[];
  /** Tries the examples of a set's new components. Resolves to what is wrong with them, a sentence each. */
  readonly tryOut: (set: PlacedSet, fresh: readonly PlacedComponent[]) => Promise<readonly string[]>;
  /** Called when what is held, or what is wrong, has changed. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Between being ready no more and being gone: the others have heard of it, and requests under way are done. */
const LET_GO_MS = 3_000;
const RETRY_MS = 2_000;
const PULL_MS = 600_000;

export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #held = new Map<string, PlacedSet>();
  /** Sets that are not announced any more, and when they go. */
  readonly #leaving = new Map<string, number>();
  readonly #problems = new Map<string, string>();
  /** Versions of sets whose examples went well here. */
  readonly #tried = new Set<string>();
  #isRunning = false;
  #isStale = false;
  #isStopped = false;
  readonly #gone = new AbortController();

  /** @param held what this server held when it ended */
  constructor(parts: ReconcilerParts, held: readonly PlacedSet[]) {
    this.#parts = parts;
    for (const set of held) {
      this.#held.set(set.name, set);
      this.#tried.add(set.version);
    }
  }

  /** Sets that this server answers from. */
  get held(): readonly PlacedSet[] {
    return [...this.#held.values()];
  }

  /** Sets that it announces. */
  get ready(): readonly PlacedSet[] {
    return this.held.filter(({ name }) => !this.#leaving.has(name));
  }

  /** What could not be brought about, by set. */
  get problems(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#problems);
  }

  /** Gives up what the disk has lost or damaged since (threat 66): it is fetched again. */
  async verify(): Promise<void> {
    const { holdings, log } = this.#parts;
    for (const [name, set] of this.#held) {
      const isWhole = await holdings.isWhole(set).catch(() => false);
      if (isWhole) continue;
      log.error('a set on disk is damaged and is fetched again', { set: name });
      this.#held.delete(name);
      this.#tried.delete(set.version);
    }
  }

  /** Looks what there is to do. */
  check(): void {
    if (this.#isStopped) return;
    if (this.#isRunning) this.#isStale = true;
    else void this.#run();
  }

  stop(): void {
    this.#isStopped = true;
    this.#gone.abort();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    do {
      this.#isStale = false;
      const wanted = this.#wanted();
      await Promise.all(wanted.map((name) => this.#bring(name)));
      if (this.#isStopped) break;
      this.#letGo(new Set(wanted));
    } while (this.#isStale && !this.#isStopped);
    this.#isRunning = false;
  }

  #wanted(): string[] {
    const { plan, assignments, self } = this.#parts;
    const sets = plan()?.functionSets ?? {};
    return Object.entries(assignments())
      .filter(([name, servers]) => servers.includes(self) && sets[name] !== undefined)
      .map(([name]) => name);
  }

  async #bring(name: string): Promise<void> {
    const { clock, log, onChange, plan } = this.#parts;
    const set = plan()!.functionSets[name]!;
    try {
      const held = this.#held.get(name);
      if (this.#leaving.delete(name)) onChange();
      if (held !== undefined && this.#isCurrent(held, set)) {
        if (this.#problems.delete(name)) onChange();
        return;
      }
      const placed = await this.#place(name, set, held);
      if (this.#isStopped) return;
      this.#held.set(name, placed);
      this.#problems.delete(name);
      log.info('set is ready', { set: name, version: placed.version.slice(0, 12) });
      onChange();
    } catch (error) {
      if (this.#isStopped) return;
      const reason = (error as Error).message;
      log.warn('set could not be made ready', { set: name, reason });
      if (this.#problems.get(name) !== reason) {
        this.#problems.set(name, reason);
        onChange();
      }
      clock.after(RETRY_MS, () => this.check());
    }
  }

  #isCurrent(held: PlacedSet, set: FunctionSet): boolean {
    const editions = this.#parts.editions(held.name);
    return (
      held.version === versionOf(set) &&
      editions.length === Object.keys(held.data).length &&
      editions.every(({ name, edition, digest }) => {
        const data = held.data[name];
        return data?.edition === edition && data.digest === digest;
      })
    );
  }

  async #place(name: string, set: FunctionSet, held: PlacedSet | undefined): Promise<PlacedSet> {
    const { holdings, tryOut } = this.#parts;
    const signal = AbortSignal.any([this.#gone.signal, AbortSignal.timeout(PULL_MS)]);
    const version = versionOf(set);
    const place = (digest: FunctionSet['bundles'][number]) => {
      const same = held?.components.find(({ bundle }) => bundle === digest);
      return same === undefined ? holdings.place(digest, signal) : same;
    };
    const [components, data] = await Promise.all([
      Promise.all(set.bundles.map(place)),
      Promise.all(
        this.#parts.editions(name).map(async (edition) => {
          const same = held?.data[edition.name];
          const isHeld = same?.digest === edition.digest && same.edition === edition.edition;
          return [edition.name, isHeld ? same : await holdings.placeData(edition, signal)] as const;
        }),
      ),
    ]);
    const placed: PlacedSet = { name, version, components, data: Object.fromEntries(data) };
    if (this.#tried.has(version)) return placed;
    const fresh = components.filter(({ bundle }) => !held?.components.some((each) => each.bundle === bundle));
    const faults = await tryOut(placed, fresh);
    if (faults.length > 0) throw new Error(`its examples fail: ${faults.join('; ')}`);
    this.#tried.add(version);
    return placed;
  }

  // What was lost goes once those that have it now are ready; a plan without it lets it go at once.
  #letGo(wanted: ReadonlySet<string>): void {
    const { clock, onChange, plan, assignments, members, self } = this.#parts;
    for (const name of this.#held.keys()) {
      if (wanted.has(name)) continue;
      const isPlanned = plan()?.functionSets[name] !== undefined;
      const heirs = assignments()[name] ?? [];
      const isTaken = heirs.every((heir) =>
        members().some((each) => each.name === heir && each.sets[name] !== undefined),
      );
      if (isPlanned && !(isTaken && heirs.length > 0 && !heirs.includes(self))) continue;
      const goesAt = this.#leaving.get(name);
      if (goesAt === undefined) {
        this.#leaving.set(name, clock.monotonic() + LET_GO_MS);
        clock.after(LET_GO_MS + 10, () => this.check());
        onChange();
      } else if (clock.monotonic() >= goesAt) {
        this.#held.delete(name);
        this.#leaving.delete(name);
        this.#problems.delete(name);
        onChange();
      }
    }
  }
}

/** The version of a set: equal wherever the same bundles are. */
export function versionOf({ bundles }: Pick<FunctionSet, 'bundles'>): string {
  return createHash('sha256').update(JSON.stringify(bundles)).digest('hex').slice(0, 32);
}

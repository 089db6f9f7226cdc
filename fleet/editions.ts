/**
 * Editions of the data sets of function sets: the plan names the first, components register the next, every holder pulls
 * the newest. What this server has registered is kept here first and told to the fleet when the registry answers.
 */
import { isDigest } from '../core/digest.ts';
import type { Log } from '../core/log.ts';
import type { Edition, FleetStore, UpdaterRun } from './fleet-store.ts';
import type { Hearing } from './hearing.ts';
import type { NodeVoice } from './node-message.ts';
import type { FleetPlan } from './plan/fleet-plan.ts';
import type { Registry } from './registry/registry.ts';

const EDITIONS = 'edition.';
const RUNS = 'run.';
const BASES = 'first-editions';
const MAX_TRIES = 5;

export interface EditionsParts {
  readonly registry: Registry;
  readonly store: FleetStore;
  readonly voice: NodeVoice;
  readonly hearing: Hearing;
  readonly onChange: () => void;
  readonly log: Log;
}

export class Editions {
  readonly #parts: EditionsParts;
  /** What the registry is known to have, by key. */
  readonly #told = new Map<string, number>();
  #stop: (() => void)[] = [];
  #isPublishing = false;

  constructor(parts: EditionsParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    const { registry, store, onChange, hearing } = this.#parts;
    this.#stop.push(
      await hearing.watch(EDITIONS, (key, said) => {
        const edition = readEdition(said?.content);
        if (edition === undefined) return;
        this.#told.set(key, edition.edition);
        if (store.putEdition(edition)) onChange();
      }),
      await hearing.watch(RUNS, (key, said) => {
        const run = readRun(said?.content);
        if (run === undefined) return;
        this.#told.set(key, run.at);
        store.putRun(run);
      }),
    );
    // Another process of this server may have registered one.
    store.watch(() => void this.publish());
    registry.onConnection((isConnected) => {
      if (!isConnected) return;
      this.#told.clear();
      void this.publish();
    });
    await this.publish();
  }

  of(set: string): readonly Edition[] {
    return this.#parts.store.editions().filter((edition) => edition.set === set);
  }

  /** The plan names first editions; one that it names anew comes after all that there were. */
  adopt(plan: FleetPlan): void {
    const { store } = this.#parts;
    const bases = JSON.parse(store.read(BASES) ?? '{}') as Record<string, string>;
    for (const [set, { data }] of Object.entries(plan.functionSets))
      for (const [name, digest] of Object.entries(data)) {
        const key = `${set}/${name}`;
        if (bases[key] === digest) continue;
        const isFirst = bases[key] === undefined;
        bases[key] = digest;
        if (isFirst) store.putEdition({ set, name, edition: 1, digest });
        else store.nextEdition(set, name, digest);
      }
    store.write(BASES, JSON.stringify(bases));
  }

  /** Tells the fleet what it does not know yet. */
  async publish(): Promise<void> {
    const { registry, store, log } = this.#parts;
    if (this.#isPublishing || !registry.isConnected) return;
    this.#isPublishing = true;
    try {
      for (const edition of store.editions()) await this.#publishEdition(edition);
      for (const run of store.runs()) await this.#publishRun(run);
    } catch (error) {
      log.debug('editions could not be published', { reason: (error as Error).message });
    } finally {
      this.#isPublishing = false;
    }
  }

  stop(): void {
    for (const stop of this.#stop.splice(0)) stop();
  }

  async #publishEdition(edition: Edition): Promise<void> {
    const { registry, log, voice } = this.#parts;
    const key = `${EDITIONS}${edition.set}.${edition.name}`;
    if ((this.#told.get(key) ?? 0) >= edition.edition) return;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const held = await registry.get(key);
      const known = held === undefined ? undefined : readEdition(voice.hear(held.value)?.content);
      if (known !== undefined && known.edition >= edition.edition) {
        if (known.digest !== edition.digest) log.warn('another server has registered an edition first', { ...edition });
        return;
      }
      if ((await registry.compareAndSet(key, voice.say(edition), held?.revision)) !== undefined) return;
    }
  }

  async #publishRun(run: UpdaterRun): Promise<void> {
    const key = `${RUNS}${run.set}.${run.updater}`;
    if ((this.#told.get(key) ?? 0) >= run.at) return;
    const { registry, voice } = this.#parts;
    await registry.put(key, voice.say(run));
    this.#told.set(key, run.at);
  }
}

function readEdition(value: unknown): Edition | undefined {
  const { set, name, edition, digest } = asRecord(value);
  if (typeof set !== 'string' || typeof name !== 'string' || typeof edition !== 'number' || !isDigest(digest))
    return undefined;
  return { set, name, edition, digest };
}

function readRun(value: unknown): UpdaterRun | undefined {
  const { set, updater, at } = asRecord(value);
  if (typeof set !== 'string' || typeof updater !== 'string' || typeof at !== 'number') return undefined;
  return { set, updater, at };
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

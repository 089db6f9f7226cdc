import type { RegistryChange, RegistryEntry } from './registry.ts';

/** What is known of a bucket: all its entries, kept up by one watch of the engine and told on. */
export class EntryMirror {
  readonly #entries = new Map<string, RegistryEntry>();
  readonly #onChange: (change: RegistryChange) => void;
  readonly #waiting = new Set<{ readonly revision: number; readonly resolve: () => void }>();
  #base = 0;
  #revision = 0;

  constructor(onChange: (change: RegistryChange) => void) {
    this.#onChange = onChange;
  }

  /** The last revision known. */
  get revision(): number {
    return this.#revision;
  }

  /** Entries below a prefix, in the order of revisions. */
  below(prefix: string): RegistryEntry[] {
    return [...this.#entries.values()]
      .filter((each) => each.key.startsWith(prefix))
      .sort((a, b) => a.revision - b.revision);
  }

  /** Begins to take in a bucket from its oldest entry; `base` tells one bucket from another of the same name. */
  begin(base: number): Intake {
    // Of another bucket everything is news, whatever its revisions.
    if (base !== this.#base) this.#revision = 0;
    this.#base = base;
    const present = new Set<string>();
    return {
      take: (change) => {
        if (change.value !== undefined) present.add(change.key);
        if (change.revision <= this.#revision) return;
        this.#revision = change.revision;
        this.#set(change);
        this.#wake();
      },
      endOfPresent: (revision) => {
        this.#revision = Math.max(this.#revision, revision);
        for (const key of [...this.#entries.keys()])
          if (!present.has(key)) this.#set({ key, value: undefined, revision: this.#revision });
        this.#wake();
      },
    };
  }

  /** Resolves when everything up to a revision is known. */
  async reached(revision: number): Promise<void> {
    if (this.#revision >= revision) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add({ revision, resolve });
    await promise;
  }

  #set(change: RegistryChange): void {
    const { key, value, revision } = change;
    if (value === undefined) this.#entries.delete(key);
    else this.#entries.set(key, { key, value, revision });
    this.#onChange(change);
  }

  #wake(): void {
    for (const each of [...this.#waiting]) {
      if (each.revision > this.#revision) continue;
      this.#waiting.delete(each);
      each.resolve();
    }
  }
}

/** Takes in one pass of the engine's watch: the last value of each key in order of revisions, then what follows. */
export interface Intake {
  take(change: RegistryChange): void;
  /** All there was has come, up to this revision: a key that did not come was removed meanwhile. */
  endOfPresent(revision: number): void;
}

import type { Log } from '../../core/log.ts';
import type { RegistryChange } from './registry.ts';

interface Watcher {
  readonly prefix: string;
  readonly since: number;
  readonly onChange: (change: RegistryChange) => void;
}

/** Who watches which prefix. A listener that throws is logged, and told of the next change all the same. */
export class Watchers {
  readonly #watchers = new Set<Watcher>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Tells `present` at once, later changes above `since`; gives a function that ends it. */
  add(watcher: Watcher, present: readonly RegistryChange[]): () => void {
    // An object of its own: one listener may watch twice.
    const own = { ...watcher };
    this.#watchers.add(own);
    for (const each of present) this.#tellOne(own, each);
    return () => void this.#watchers.delete(own);
  }

  clear(): void {
    this.#watchers.clear();
  }

  tell(change: RegistryChange): void {
    for (const watcher of [...this.#watchers]) if (change.revision > watcher.since) this.#tellOne(watcher, change);
  }

  #tellOne(watcher: Watcher, change: RegistryChange): void {
    if (!this.#watchers.has(watcher) || !change.key.startsWith(watcher.prefix)) return;
    try {
      watcher.onChange(change);
    } catch (error) {
      this.#log.error('a listener of the registry failed', { key: change.key, error });
    }
  }
}

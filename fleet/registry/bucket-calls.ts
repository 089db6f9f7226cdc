import { JetStreamApiError } from '@nats-io/jetstream';
import type { KvEntry } from '@nats-io/kv';
import type { Bucket } from './nats-buckets.ts';
import type { RegistryEntry } from './registry.ts';

/** Runs work on a bucket while the engine answers. @throws RegistryUnavailable */
export type BucketCall = <T>(work: (bucket: Bucket) => Promise<T>) => Promise<T>;

/** Reads and writes of a bucket, in revisions of the registry. All reject with `RegistryUnavailable`. */
export class BucketCalls {
  readonly #call: BucketCall;

  constructor(call: BucketCall) {
    this.#call = call;
  }

  get(key: string): Promise<RegistryEntry | undefined> {
    return this.#call(async ({ kv, base }) => entryOf(await kv.get(key), base));
  }

  put(key: string, value: string): Promise<number> {
    return this.#call(async ({ kv, base }) => base + (await kv.put(key, value)));
  }

  compareAndSet(key: string, value: string, revision: number | undefined): Promise<number | undefined> {
    return this.#call(async ({ kv, base }) => {
      if (revision !== undefined && revision <= base) return undefined;
      const write = () =>
        revision === undefined ? kv.create(key, value) : kv.put(key, value, { previousSeq: revision - base });
      const sequence = await unlessOvertaken(write);
      return sequence === undefined ? undefined : base + sequence;
    });
  }

  /** Removes a key, where it has this revision when one is given. */
  async remove(key: string, revision?: number): Promise<void> {
    await this.#call(async ({ kv, base }) => {
      // A key that never was would leave a mark of its removal.
      const present = revision ?? entryOf(await kv.get(key), base)?.revision;
      if (present === undefined || present <= base) return;
      await unlessOvertaken(() => kv.delete(key, revision === undefined ? {} : { previousSeq: revision - base }));
    });
  }
}

function entryOf(entry: KvEntry | null, base: number): RegistryEntry | undefined {
  if (entry === null || entry.operation !== 'PUT') return undefined;
  return { key: entry.key, value: entry.string(), revision: base + entry.revision };
}

/** `wrong last sequence` of the engine, and its newer spelling: another was faster. */
const OVERTAKEN: ReadonlySet<number> = new Set([10071, 10164]);

async function unlessOvertaken<T>(write: () => Promise<T>): Promise<T | undefined> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof JetStreamApiError && OVERTAKEN.has(error.code)) return undefined;
    throw error;
  }
}

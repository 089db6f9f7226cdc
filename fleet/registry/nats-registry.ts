/** The registry of a fleet: two buckets of NATS JetStream, version 2.9 or later. */
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { BucketCalls } from './bucket-calls.ts';
import { EntryMirror } from './entry-mirror.ts';
import type { Bucket, Buckets } from './nats-buckets.ts';
import { NatsLease } from './nats-lease.ts';
import { NatsLink, type NatsLinkOptions, type Session } from './nats-link.ts';
import {
  type Lease,
  type LeaseWish,
  type Registry,
  type RegistryChange,
  type RegistryEntry,
  RegistryUnavailable,
} from './registry.ts';
import { checkEntry, checkKey, checkLease } from './registry-entry.ts';
import { Watchers } from './watchers.ts';

export type NatsRegistryOptions = NatsLinkOptions;

const CALL_MS = 2_900;
const SHORTEST_CALL_MS = 250;

/**
 * Opens the registry of a fleet at once, whether or not its engine answers: the link is made in the background, for as
 * long as it takes.
 *
 * @throws Error when `servers` holds no addresses.
 */
export async function openNatsRegistry(options: NatsRegistryOptions): Promise<Registry> {
  return new NatsRegistry(options);
}

class NatsRegistry implements Registry {
  readonly kind = 'nats';
  readonly #options: NatsRegistryOptions;
  readonly #link: NatsLink;
  readonly #mirror: EntryMirror;
  readonly #watchers: Watchers;
  readonly #entries = new BucketCalls((work) => this.#call(CALL_MS, ({ buckets }) => work(buckets.entries)));
  readonly #leases = new Set<Lease>();

  constructor(options: NatsRegistryOptions) {
    this.#options = options;
    this.#watchers = new Watchers(options.log);
    this.#mirror = new EntryMirror((change) => this.#watchers.tell(change));
    this.#link = new NatsLink(options, this.#mirror);
  }

  get isConnected(): boolean {
    return this.#link.isConnected;
  }

  async get(key: string): Promise<RegistryEntry | undefined> {
    checkKey(key);
    return await this.#entries.get(key);
  }

  async list(prefix: string): Promise<readonly RegistryEntry[]> {
    await this.#catchUp();
    return this.#mirror.below(prefix);
  }

  async put(key: string, value: string): Promise<number> {
    checkEntry(key, value);
    return await this.#entries.put(key, value);
  }

  async compareAndSet(key: string, value: string, revision: number | undefined): Promise<number | undefined> {
    checkEntry(key, value);
    return await this.#entries.compareAndSet(key, value, revision);
  }

  async remove(key: string): Promise<void> {
    checkKey(key);
    await this.#entries.remove(key);
  }

  async watch(prefix: string, onChange: (change: RegistryChange) => void): Promise<() => void> {
    try {
      await this.#catchUp();
    } catch (error) {
      if (!(error instanceof RegistryUnavailable)) throw error;
      // What was known before the engine went away is told; the rest when it is back.
    }
    return this.#watchers.add({ prefix, since: 0, onChange }, this.#mirror.below(prefix));
  }

  lease(name: string, wish: LeaseWish): Lease {
    checkLease(name, wish.ttlMs);
    const budgetMs = Math.min(CALL_MS, Math.max(SHORTEST_CALL_MS, wish.ttlMs / 2));
    const { clock, log } = this.#options;
    const calls = new BucketCalls((work) => this.#call(budgetMs, ({ buckets }) => work(buckets.leases)));
    const lease = new NatsLease({ ...wish, calls, name, clock, log });
    this.#leases.add(lease);
    return lease;
  }

  onConnection(listener: (isConnected: boolean) => void): void {
    this.#link.onConnection(listener);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#leases].map((each) => each.release()));
    this.#watchers.clear();
    await this.#link.close();
  }

  /** Resolves when all that was written before is known here. @throws RegistryUnavailable */
  async #catchUp(): Promise<void> {
    await this.#call(CALL_MS, async ({ buckets }) => {
      const revision = await lastRevision(buckets, buckets.entries);
      await this.#mirror.reached(revision);
    });
  }

  async #call<T>(budgetMs: number, work: (session: Session) => Promise<T>): Promise<T> {
    const { clock } = this.#options;
    const startMs = clock.monotonic();
    const session = await this.#link.session(budgetMs);
    const late = Promise.withResolvers<never>();
    const timer = clock.after(Math.max(0, startMs + budgetMs - clock.monotonic()), () =>
      late.reject(new RegistryUnavailable('the engine of the fleet did not answer in time')),
    );
    try {
      return await Promise.race([work(session), late.promise]);
    } catch (error) {
      if (error instanceof RegistryUnavailable) throw error;
      if (isDoubtful(error)) session.doubt(error as Error);
      throw new RegistryUnavailable('the engine of the fleet refused or did not answer', { cause: error });
    } finally {
      timer.cancel();
    }
  }
}

async function lastRevision({ manager }: Buckets, { stream, base }: Bucket): Promise<number> {
  const { state } = await manager.streams.info(stream);
  return base + state.last_seq;
}

/** Whether a failure puts the whole session in doubt: all but a refusal of what was asked, and that a bucket is gone. */
function isDoubtful(error: unknown): boolean {
  return !(error instanceof JetStreamApiError) || error.code === JetStreamApiCodes.StreamNotFound;
}

/**
 * A lease in a bucket of the engine: whoever writes its key on the revision it saw holds it. An engine of version 2.9 tells
 * nobody when a key grows old, so competitors look, and judge by their own monotonic clock.
 */
import { randomUUID } from 'node:crypto';
import type { Clock, Timer } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { BucketCalls } from './bucket-calls.ts';
import { LeaseToken } from './lease-token.ts';
import type { Lease, LeaseWish } from './registry.ts';

export interface NatsLeaseOptions extends LeaseWish {
  readonly calls: BucketCalls;
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class NatsLease implements Lease {
  readonly #options: NatsLeaseOptions;
  readonly #token: LeaseToken;
  readonly #value: string;
  /** Of another holder: its revision, and since when it has been the same. */
  #seen: { readonly revision: number; readonly sinceMs: number } | undefined;
  /** The last revision this one wrote, while nobody is known to have written after. */
  #written: number | undefined;
  #next: Timer | undefined;
  #stepDown: Timer | undefined;
  #turn: Promise<void>;
  #isReleased = false;

  constructor(options: NatsLeaseOptions) {
    this.#options = options;
    this.#token = new LeaseToken(options.log);
    this.#value = JSON.stringify({ holder: options.holder, id: randomUUID() });
    this.#turn = this.#take();
  }

  get token(): number | undefined {
    return this.#token.value;
  }

  onChange(listener: (token: number | undefined) => void): void {
    this.#token.listen(listener);
  }

  async release(): Promise<void> {
    if (this.#isReleased) return await this.#turn;
    this.#isReleased = true;
    this.#next?.cancel();
    this.#lose();
    // A write under way may win the lease yet.
    this.#turn = this.#turn.then(() => this.#remove());
    await this.#turn;
  }

  async #take(): Promise<void> {
    let delayMs = this.#options.ttlMs / 4;
    try {
      if (!this.#mayHold(this.#options.holder)) await this.#giveUp();
      else delayMs = this.#written === undefined ? await this.#compete() : await this.#renew(this.#written);
    } catch (error) {
      // The engine is away: the timer of #hold ends what could not be renewed, and the next turn tries again.
      this.#options.log.debug('a lease could not be looked after', { name: this.#options.name, error });
    }
    if (this.#isReleased) return;
    this.#next = this.#options.clock.after(delayMs, () => {
      this.#turn = this.#take();
    });
  }

  /** Looks, and takes what is free or stale; gives when to look again. */
  async #compete(): Promise<number> {
    const { calls, name, ttlMs, clock } = this.#options;
    const startMs = clock.monotonic();
    const entry = await calls.get(name);
    const isOwn = entry?.value === this.#value;
    const isStale = entry?.revision === this.#seen?.revision && startMs - (this.#seen?.sinceMs ?? startMs) >= ttlMs;
    if (entry === undefined || isOwn || isStale || !this.#mayHold(holderOf(entry.value))) {
      const wroteMs = clock.monotonic();
      const revision = await calls.compareAndSet(name, this.#value, entry?.revision);
      this.#seen = undefined;
      if (revision === undefined) return 0;
      this.#hold(revision, wroteMs);
      return ttlMs / 4;
    }
    if (entry.revision !== this.#seen?.revision) this.#seen = { revision: entry.revision, sinceMs: clock.monotonic() };
    return Math.max(0, Math.min(ttlMs / 4, this.#seen.sinceMs + ttlMs - clock.monotonic()));
  }

  async #renew(written: number): Promise<number> {
    const { calls, name, ttlMs, clock } = this.#options;
    const startMs = clock.monotonic();
    const revision = await calls.compareAndSet(name, this.#value, written);
    if (revision !== undefined) {
      this.#hold(revision, startMs);
      return ttlMs / 4;
    }
    const entry = await calls.get(name);
    // A renewal whose answer was lost; the next one counts.
    if (entry?.value === this.#value) this.#written = entry.revision;
    else this.#lose();
    return 0;
  }

  #hold(revision: number, wroteMs: number): void {
    const { clock, ttlMs } = this.#options;
    this.#written = revision;
    if (this.#isReleased) return;
    const leftMs = wroteMs + ttlMs * 0.75 - clock.monotonic();
    this.#stepDown?.cancel();
    if (leftMs <= 0) {
      this.#lose();
      return;
    }
    this.#stepDown = clock.after(leftMs, () => this.#lose());
    // After a pause of the process the timer may be late: whoever lost the lease has lost its token, too.
    if (this.#token.value === undefined) this.#token.set(revision);
  }

  #lose(): void {
    this.#stepDown?.cancel();
    if (!this.#isReleased) this.#written = undefined;
    this.#token.set(undefined);
  }

  #mayHold(holder: string): boolean {
    return this.#options.mayHold?.(holder) ?? true;
  }

  async #giveUp(): Promise<void> {
    const written = this.#written;
    this.#lose();
    if (written !== undefined) await this.#options.calls.remove(this.#options.name, written);
  }

  async #remove(): Promise<void> {
    const { calls, name, log } = this.#options;
    if (this.#written === undefined) return;
    try {
      await calls.remove(name, this.#written);
    } catch (error) {
      log.debug('a lease could not be given up, and will grow stale', { name, error });
    }
  }
}

/** Who wrote a lease; nobody's name where it cannot be read. */
function holderOf(value: string): string {
  try {
    return String((JSON.parse(value) as { holder?: unknown }).holder);
  } catch {
    return '';
  }
}

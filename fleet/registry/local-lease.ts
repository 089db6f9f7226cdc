/** A lease among the processes of one machine: a lock of the file system, which a process that dies lets go at once. */
import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Clock, Timer } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { LeaseToken } from './lease-token.ts';
import type { Lease, LeaseWish } from './registry.ts';

export interface LocalLeaseOptions extends LeaseWish {
  /** The registry's; the lock lies beside it, under a name that backups leave out. */
  readonly file: string;
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes the next fencing token, durably. */
  readonly nextToken: () => number;
}

export class LocalLease implements Lease {
  readonly #options: LocalLeaseOptions;
  readonly #token: LeaseToken;
  readonly #timer: Timer;
  #lock: DatabaseSync | undefined;
  #isReleased = false;

  constructor(options: LocalLeaseOptions) {
    this.#options = options;
    this.#token = new LeaseToken(options.log);
    this.#timer = options.clock.every(options.ttlMs / 4, () => this.#compete());
    // Not before the caller had a chance to listen.
    queueMicrotask(() => this.#compete());
  }

  get token(): number | undefined {
    return this.#token.value;
  }

  onChange(listener: (token: number | undefined) => void): void {
    this.#token.listen(listener);
  }

  async release(): Promise<void> {
    this.#isReleased = true;
    this.#timer.cancel();
    this.#letGo();
  }

  #compete(): void {
    const { holder, mayHold } = this.#options;
    if (mayHold?.(holder) === false) {
      this.#letGo();
      return;
    }
    if (this.#isReleased || this.#lock !== undefined) return;
    this.#lock = lockOf(this.#options.file, this.#options.name);
    if (this.#lock === undefined) return;
    try {
      this.#token.set(this.#options.nextToken());
    } catch (error) {
      this.#letGo();
      this.#options.log.warn('a lease could not be taken', { name: this.#options.name, error });
    }
  }

  #letGo(): void {
    this.#token.set(undefined);
    this.#lock?.close();
    this.#lock = undefined;
  }
}

function lockOf(file: string, name: string): DatabaseSync | undefined {
  // A lease's name may hold slashes, and be longer than a file's.
  const suffix = createHash('sha256').update(name).digest('hex').slice(0, 32);
  const lock = new DatabaseSync(join(dirname(file), `.${basename(file)}-${suffix}`));
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch {
    // Another holds it: SQLite's error for a lock that is taken, without a wait.
    lock.close();
    return undefined;
  }
}

/** The registry port: small shared state of a fleet. It coordinates; the truth is the signed plan that each server keeps. */

export interface RegistryEntry {
  readonly key: string;
  readonly value: string;
  /** Raised with every write of the registry; never 0. */
  readonly revision: number;
}

export interface RegistryChange {
  readonly key: string;
  /** `undefined` when the key was removed. */
  readonly value: string | undefined;
  readonly revision: number;
}

export interface LeaseWish {
  /** Who wants it, by the name of its server. */
  readonly holder: string;
  /** 100 to 30,000 */
  readonly ttlMs: number;
  /**
   * Whose hold counts now, asked anew at every turn: all by default. What another holds who may not is free (threat 67: a
   * server that the list of members leaves out).
   */
  readonly mayHold?: (holder: string) => boolean;
}

/** A lease that is wanted for as long as it is not released. */
export interface Lease {
  /** The fencing token while it is held, raised with every holder; `undefined` while another holds it. */
  readonly token: number | undefined;
  /** Told whenever `token` changes. */
  onChange(listener: (token: number | undefined) => void): void;
  /** Gives it up at once. */
  release(): Promise<void>;
}

/** The engine does not answer: nothing is known to have been written. */
export class RegistryUnavailable extends Error {}

/**
 * Keys are 1 to 200 of `A-Za-z0-9-_.=/`, with no dot at an end or beside another; values up to 512 KiB of text; all else
 * is a `RangeError`. Calls reject with `RegistryUnavailable` within 3 seconds while the engine is away, at once when it
 * has been away for longer; watches and leases go on by themselves when it is back.
 */
export interface Registry {
  readonly kind: 'local' | 'nats';
  /** Whether the engine answers now. */
  readonly isConnected: boolean;
  get(key: string): Promise<RegistryEntry | undefined>;
  list(prefix: string): Promise<readonly RegistryEntry[]>;
  /** Writes whatever was there. Resolves to the revision. */
  put(key: string, value: string): Promise<number>;
  /**
   * Writes when the key has this revision; `undefined` creates it. Resolves to the new revision, or `undefined` when
   * another was faster.
   */
  compareAndSet(key: string, value: string, revision: number | undefined): Promise<number | undefined>;
  remove(key: string): Promise<void>;
  /**
   * Tells what there is below a prefix, then every change in the order of revisions; after a break at least the last
   * value of each key. Resolves, once what there is has been told, to a function that ends it.
   */
  watch(prefix: string, onChange: (change: RegistryChange) => void): Promise<() => void>;
  /**
   * Competes for a lease: renewed every quarter of `ttlMs`, lost when it could not be renewed for three quarters of it.
   * One that `holder` may not hold is not competed for, and given up with the next renewal.
   */
  lease(name: string, wish: LeaseWish): Lease;
  /** Told when `isConnected` changes. */
  onConnection(listener: (isConnected: boolean) => void): void;
  /** Gives leases up and ends watches. */
  close(): Promise<void>;
}

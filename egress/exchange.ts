/** What is known of one exchange while it passes the layers of the dispatcher. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Dispatcher } from 'undici';
import type { Fields } from '../core/fields.ts';
import type { OriginStore } from './origin-store.ts';

/** A stored response, as the store gives it. */
type StoredResponse = NonNullable<Awaited<ReturnType<OriginStore['get']>>>;

/** The record of one exchange. Layers below the cache write, `fetchUpstream` reads. */
export interface Exchange {
  readonly host: string;
  readonly signal: AbortSignal;
  /** Wall clock, milliseconds since 1970. */
  readonly now: () => number;
  /** Told of early hints. */
  readonly onHints: ((fields: Fields) => void) | undefined;
  /** True where the origin cache asks, false where it is passed by. */
  readonly isOfCache: boolean;
  /** True when another server of the fleet asks through this one. */
  readonly isForPeer: boolean;
  /** What the cache had stored for the request. */
  entry: StoredResponse | undefined;
  /** Set when the request was sent upstream. */
  forwarded: boolean;
  /** Status upstream answered with, before the cache made something of it. */
  forwardedStatus: number | undefined;
  /** True where only what is stored may answer (RFC 9111 5.2.1.7). */
  readonly isOnlyIfCached: boolean;
  /** Set when the request was not sent upstream for that reason. */
  kept: boolean;
  /** When the response will be stale, milliseconds since 1970, once the cache has begun to store it. */
  storedUntil: number | undefined;
}

/** Options of a dispatch that carries its exchange; the cache interceptor copies unknown members. */
export interface ExchangeOptions extends Dispatcher.DispatchOptions {
  readonly exchange?: Exchange;
}

/** Tells the store whose request it is asked for. Left before anything is sent: a kept socket must not keep an exchange. */
export const currentExchange = new AsyncLocalStorage<Exchange | undefined>();

/** What is asked of an origin. */
import type { Readable } from 'node:stream';
import type { Fields } from '../core/fields.ts';
import type { Grant } from './address-policy.ts';

/** A request to an origin. */
export interface UpstreamRequest {
  readonly method: string;
  /** Absolute http or https URL without user information, as `parseTargetUrl` gives it. */
  readonly url: URL;
  /**
   * Fields to send; hop-by-hop ones, `Expect` and a wrong `Content-Length` are left out, a `Host` of its own is sent. With
   * Cookie, Authorization, If-Match or If-Unmodified-Since among them the origin cache is passed by; with Range or another
   * condition too, where nothing is stored (`UpstreamResponse.isStored`).
   */
  readonly fields: Fields;
  readonly body?: Uint8Array | Readable | undefined;
  /** Ends the exchange at any stage; its reason is what is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** `same` follows within the origin, `any` anywhere, each hop checked anew, at most 5. Default `never`. */
  readonly followRedirects?: 'never' | 'same' | 'any' | undefined;
  /** Lets this one use reach a private host on this port; ignored for others. */
  readonly grant?: Grant | undefined;
  /** Which deadlines bind: all of them, or pauses only. Default `formatted`; `response.passThrough()` changes it later. */
  readonly timing?: 'formatted' | 'pass-through' | undefined;
  /** False passes the origin cache by. Default true. */
  readonly cache?: boolean | undefined;
  /** True when another server of the fleet asks through this one: then no third is asked. Default false. */
  readonly isForPeer?: boolean | undefined;
  /** Told of early hints (103, RFC 8297) before the answer. Default: they are dropped. */
  readonly onHints?: ((fields: Fields) => void) | undefined;
}

/** What an origin answered, or the origin cache in its place. */
import type { Readable } from 'node:stream';
import type { Fields } from '../core/fields.ts';

/** What the origin cache did, for the `gw-origin` member of Cache-Status (RFC 9211). */
export interface OriginCacheReport {
  /** Answered without a word to the origin, or in its stead when it failed. */
  readonly hit: boolean;
  /** Seconds since the origin made it, where the cache answered. */
  readonly ageSeconds?: number;
  /** Seconds it stays fresh; negative when it is stale. Known for hits and for what is being stored. */
  readonly ttlSeconds?: number;
  /** Why the origin was asked (RFC 9211 2.2). */
  readonly fwd?: 'uri-miss' | 'partial' | 'stale' | 'request' | 'bypass' | 'method';
  /** What the origin answered when that is not the status of the response: 304 for a renewed one. */
  readonly fwdStatus?: number;
  /** True when the response is being stored. */
  readonly stored?: boolean;
}

export interface UpstreamResponse {
  readonly status: number;
  /** Reason phrase as received, maybe empty. */
  readonly message: string;
  /** The origin's fields without the hop-by-hop ones; from the cache with `Age`. */
  readonly fields: Fields;
  /** What was fetched in the end: differs from what was asked for after redirects. */
  readonly url: URL;
  /** Host of `url`, for messages. */
  readonly host: string;
  /** The body as received, its codings not undone. Must be read or destroyed. */
  readonly body: Readable;
  /** False for HEAD, 204, 205 and 304, whatever their fields say. */
  readonly hasBody: boolean;
  /** Codings of the body in the order they were applied; empty for none. */
  readonly contentCoding: readonly string[];
  /** Address of the connection last made to this origin; `undefined` when the cache answered before any was. */
  readonly remote: string | undefined;
  /** When the request was sent and the fields had come, milliseconds since 1970. */
  readonly requestedAt: number;
  readonly receivedAt: number;
  readonly cache: OriginCacheReport;
  /**
   * True where a stored response was at hand: then the request's Range, If-Range, If-None-Match and If-Modified-Since were
   * not asked of the origin, and are the caller's to answer. Default false.
   */
  readonly isStored?: boolean;
  /** Says that the body is passed through: only pauses are bounded from now on (design part 3, "Laws"). */
  readonly passThrough: () => void;
  /** Takes the response out of the origin cache: it was found to be broken. */
  readonly forget: () => void;
}

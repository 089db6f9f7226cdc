/** What a route of the admin API is: how it is asked, what it answers, and what does it. The description comes from the same place. */
import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { IfMatch } from '../../core/if-match.ts';
import type { Received } from '../../gateway/received.ts';
import type { Actor } from '../actions/actor.ts';

/** One API call, after sign-in. */
export interface ApiCall {
  readonly received: Received;
  readonly actor: Actor;
  /** Parts of the path that the route's pattern names. */
  readonly names: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The parsed JSON body. @throws GatewayError BAD_REQUEST, UNSUPPORTED_BODY, BODY_TOO_LARGE. */
  json(): Promise<unknown>;
  /** The body as text with its media type. @throws GatewayError UNSUPPORTED_BODY for other types, BODY_TOO_LARGE. */
  text(types: readonly string[]): Promise<{ readonly type: string; readonly text: string }>;
  /** `If-Match`, as the stores take it. */
  readonly ifMatch: IfMatch;
}

/** What a route answers: data, bytes, or a stream. */
export interface ApiResult {
  /** Default 200; 204 without content. */
  readonly status?: number;
  readonly json?: unknown;
  readonly body?: Uint8Array | Readable;
  /** A body needs its `content-type`. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** One kind of answer, for the description. */
export interface ApiAnswer {
  readonly status: number;
  readonly description: string;
  /** Media type. Default `application/json`. */
  readonly type?: string;
  /** Of the JSON; without it the answer has none. */
  readonly schema?: z.ZodType;
}

/** What is sent with a call, for the description. */
export interface ApiBody {
  /** Media types. Default `application/json`. */
  readonly types?: readonly string[];
  readonly schema?: z.ZodType;
  /** True where it may be left out. */
  readonly isOptional?: boolean;
}

export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/api/profiles/:name`. */
  readonly path: string;
  /** One sentence. */
  readonly summary: string;
  /** `anybody` needs no token; `loopback` none from this machine. Default `token`. */
  readonly access?: 'token' | 'loopback' | 'anybody';
  /** Query parameters with a sentence each. */
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: ApiBody;
  /** True where `If-Match` is heeded. */
  readonly isConditional?: boolean;
  readonly answers: readonly ApiAnswer[];
  readonly handle: (call: ApiCall) => Promise<ApiResult> | ApiResult;
}

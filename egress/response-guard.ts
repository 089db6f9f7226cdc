/** The first to see what an origin answers: refuses what is not proper HTTP, and readies the rest for the cache. */
import type { Dispatcher } from 'undici';
import { GatewayError } from '../core/errors.ts';
import { Fields } from '../core/fields.ts';
import { removeHopByHop } from '../core/hop-by-hop.ts';
import type { Outcome } from './breaker.ts';
import { toCacheView } from './cache-view.ts';
import { currentExchange, type Exchange } from './exchange.ts';
import { toFieldRecord } from './field-record.ts';
import { replayStored } from './revalidation.ts';
import { codeOf, exchangeError } from './upstream-errors.ts';

/** Interim responses taken before the final one (threat 21). */
const MAX_INTERIM = 20;
/** Field lines of one response; the parser bounds their bytes, not their number. */
const MAX_LINES = 1000;

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

/** A flat list of HTTP/1.1, a record of HTTP/2, whose pseudo-fields are no names of fields (RFC 9113 8.3). */
type RawFields = readonly Buffer[] | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface GuardCalls {
  /** Called once with how the exchange went, when that is known. */
  readonly settle: (outcome: Outcome) => void;
  /** Called once when the connection is free again or gone. */
  readonly leave: () => void;
  /** Tries the request once more; `undefined` where that is not safe. */
  readonly retry: (() => void) | undefined;
}

/** A handler between an origin's connection and the layers above. */
export class ResponseGuard implements Handler {
  readonly #above: Handler;
  readonly #exchange: Exchange;
  readonly #calls: GuardCalls;
  #interim = 0;
  /** The request has a connection: from now on an abort goes by the controller. */
  #begun = false;
  #started = false;
  /** Why we gave the exchange up: what the connection says when it is torn down is beside the point. */
  #fault: GatewayError | undefined;
  /** Set while the body of a stored response stands in for a 304. */
  #replaying = false;

  constructor(above: Handler, exchange: Exchange, calls: GuardCalls) {
    this.#above = above;
    this.#exchange = exchange;
    this.#calls = calls;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#begun = true;
    this.#above.onRequestStart?.(controller, context);
  }

  /**
   * Nobody waits any more. A request that has no connection yet gives its place back at once; it is ended when it gets
   * one, which the connect deadline bounds (threat 51).
   */
  abandon(reason: unknown): void {
    if (this.#begun) return;
    this.#calls.settle(outcomeOf(reason));
    this.#calls.leave();
  }

  onBodySent(chunk: Buffer): void {
    this.#above.onBodySent?.(chunk);
  }

  onRequestSent(): void {
    this.#above.onRequestSent?.();
  }

  onResponseStart(controller: Controller, status: number, _parsed: unknown, message?: string): void {
    if (status < 200) {
      // P-15: told or dropped here, so that no cache ever sees one.
      if (++this.#interim > MAX_INTERIM) this.#refuse(controller, 'more than 20 interim answers');
      else if (status === 103) this.#exchange.onHints?.(removeHopByHop(readFields(controller.rawHeaders as RawFields)));
      return;
    }
    const raw = controller.rawHeaders as RawFields;
    const isTooMany = Array.isArray(raw) && raw.length > MAX_LINES * 2;
    const fields = isTooMany ? new Fields() : readFields(raw);
    const fault = isTooMany ? 'too many fields' : findFramingFault(fields, message);
    if (fault !== undefined) {
      this.#refuse(controller, fault);
      return;
    }
    this.#started = true;
    this.#calls.settle('answered');
    removeHopByHop(fields);
    toCacheView(fields, status);
    this.#exchange.forwardedStatus ??= status;
    currentExchange.run(this.#exchange, () => {
      this.#replaying =
        status === 304 && replayStored({ controller, exchange: this.#exchange, fields, above: this.#above });
      if (!this.#replaying) this.#above.onResponseStart?.(controller, status, toFieldRecord(fields), message);
    });
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (!this.#replaying) this.#above.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Controller, trailers: Parameters<NonNullable<Handler['onResponseEnd']>>[1]): void {
    this.#calls.leave();
    this.#above.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Controller, error: Error): void {
    this.#calls.leave();
    // A kept connection that the origin closed as we wrote to it: nothing of this answer has come (RFC 9110 9.2.2).
    if (!this.#started && this.#fault === undefined && this.#calls.retry !== undefined && isStaleConnection(error)) {
      this.#calls.retry();
      return;
    }
    const mapped = this.#fault ?? this.#explain(error);
    this.#calls.settle(outcomeOf(mapped));
    this.#above.onResponseError?.(controller, mapped);
  }

  #explain(error: Error): Error {
    // Before any field has come, lengths that do not fit are lengths that contradict each other.
    if (this.#started || codeOf(error) !== 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH')
      return exchangeError(this.#exchange.host, error);
    return new GatewayError('UPSTREAM_PROTOCOL', { host: this.#exchange.host }, { cause: error });
  }

  #refuse(controller: Controller, why: string): void {
    this.#fault = new GatewayError('UPSTREAM_PROTOCOL', { host: this.#exchange.host }, { cause: new Error(why) });
    controller.abort(this.#fault);
  }
}

function readFields(raw: RawFields): Fields {
  return Array.isArray(raw) ? Fields.fromRaw(raw) : Fields.from(raw as Exclude<RawFields, readonly Buffer[]>);
}

// Threat 21: what the parser lets pass although two readers may disagree on where the body ends.
function findFramingFault(fields: Fields, message: string | undefined): string | undefined {
  const lengths = fields.getAll('content-length');
  if (lengths.length > 1) return 'two Content-Length fields';
  if (lengths.length === 1 && fields.has('transfer-encoding')) return 'Content-Length beside Transfer-Encoding';
  if (lengths.length === 1 && !/^\d{1,15}$/.test(lengths[0]!)) return 'a malformed Content-Length';
  const coding = fields.get('transfer-encoding');
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked') return 'a transfer coding other than chunked';
  return message !== undefined && /[\u0000-\u0008\u000a-\u001f\u007f]/.test(message) ? 'control characters' : undefined;
}

function isStaleConnection(error: Error): boolean {
  const code = codeOf(error);
  const isClosed = code === 'UND_ERR_SOCKET' && error.message === 'other side closed';
  if (!isClosed && code !== 'ECONNRESET' && code !== 'EPIPE') return false;
  const { socket } = error as Error & { socket?: { bytesRead?: number } };
  return (socket?.bytesRead ?? 0) > 0;
}

const DOWN = new Set(['UPSTREAM_REFUSED', 'UPSTREAM_CONNECT_TIMEOUT', 'UPSTREAM_DNS_TIMEOUT', 'UPSTREAM_TIMEOUT']);

function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof GatewayError)) return 'abandoned';
  return DOWN.has(error.code) ? 'failed' : 'abandoned';
}

/** The last to see a response: turns the dispatcher's calls into a head and a stream, under deadlines. */
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Clock, Timer } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import { Fields } from '../core/fields.ts';
import { countPassed } from './body-memory.ts';
import { IdleWatch } from './idle-watch.ts';
import { exchangeError } from './upstream-errors.ts';

type Controller = Dispatcher.DispatchController;

/** Bounds of one exchange in milliseconds. `undefined` is none. */
interface Deadlines {
  readonly headersMs: number;
  readonly idleMs: number;
  readonly totalMs: number | undefined;
}

/** What arrived ahead of the body. */
export interface ResponseHead {
  readonly status: number;
  readonly message: string;
  readonly fields: Fields;
  readonly body: Readable;
}

export interface ReceiverParts {
  readonly clock: Clock;
  readonly host: string;
  readonly deadlines: Deadlines;
  readonly signal: AbortSignal | undefined;
  /** True when the request's body is a stream: deadlines then start when it has been sent. */
  readonly sendsStream: boolean;
  /** Called when the exchange has failed, so that a request that still waits in a queue leaves it. */
  readonly abandon: (reason: Error) => void;
}

/** Receives one response. Every timer and listener it has is gone when the response has ended, however. */
export class ResponseReceiver implements Dispatcher.DispatchHandler {
  readonly head: Promise<ResponseHead>;
  readonly #parts: ReceiverParts;
  readonly #settle: PromiseWithResolvers<ResponseHead>;
  readonly #idle: IdleWatch;
  readonly #abort: () => void;
  #controller: Controller | undefined;
  #body: Readable | undefined;
  #failure: Error | undefined;
  #headersTimer: Timer | undefined;
  #totalTimer: Timer | undefined;

  constructor(parts: ReceiverParts) {
    this.#parts = parts;
    this.#settle = Promise.withResolvers();
    this.head = this.#settle.promise;
    this.#idle = new IdleWatch(parts.clock, parts.deadlines.idleMs, () => this.#fail(this.#timeout()));
    // Assigned at once, a function would be allocated as old (V8 pretenures it) and keep the body until a full collection.
    const abort = () => this.#fail(parts.signal?.reason);
    this.#abort = abort;
    if (parts.signal?.aborted) this.#fail(parts.signal.reason);
    else {
      parts.signal?.addEventListener('abort', this.#abort, { once: true });
      if (!parts.sendsStream) this.#startTimers();
    }
  }

  /** The body is passed through: no total deadline, and this much longer pauses. */
  relax(idleMs: number): void {
    this.#totalTimer?.cancel();
    this.#idle.setLimit(idleMs);
  }

  /** Settles with an empty response of ours, nothing sent. */
  answer(status: number): void {
    this.#release();
    this.#settle.resolve({ status, message: '', fields: new Fields(), body: Readable.from([]) });
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#failure !== undefined) controller.abort(this.#failure);
  }

  onRequestSent(): void {
    if (this.#parts.sendsStream) this.#startTimers();
  }

  onResponseStart(
    controller: Controller,
    status: number,
    fields: Record<string, string | string[] | undefined>,
    message?: string,
  ): void {
    this.#controller = controller;
    this.#headersTimer?.cancel();
    const body = new Readable({
      highWaterMark: 65_536,
      read: () => {
        this.#idle.touch();
        controller.resume();
      },
      destroy: (error, done) => {
        this.#release();
        if (!body.readableEnded)
          controller.abort(error ?? new DOMException('the body was not read to its end', 'AbortError'));
        done(error);
      },
    });
    // A failure before anybody reads is kept for the reader; without a listener it would end the process.
    body.on('error', () => {});
    this.#body = body;
    this.#idle.touch();
    this.#settle.resolve({ status, message: message ?? '', fields: Fields.from(fields), body });
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#idle.touch();
    countPassed(chunk.length);
    if (this.#body?.push(chunk) === false) {
      this.#idle.hold();
      controller.pause();
    }
  }

  onResponseEnd(): void {
    this.#release();
    this.#body?.push(null);
  }

  onResponseError(_controller: Controller, error: Error): void {
    this.#fail(exchangeError(this.#parts.host, error));
  }

  #startTimers(): void {
    const { clock, deadlines } = this.#parts;
    this.#headersTimer ??= clock.after(deadlines.headersMs, () => this.#fail(this.#timeout()));
    if (deadlines.totalMs !== undefined)
      this.#totalTimer ??= clock.after(deadlines.totalMs, () => this.#fail(this.#timeout()));
  }

  #timeout(): GatewayError {
    return new GatewayError('UPSTREAM_TIMEOUT', { host: this.#parts.host });
  }

  #fail(reason: unknown): void {
    if (this.#failure !== undefined) return;
    const error = reason instanceof Error ? reason : new DOMException('aborted', 'AbortError');
    this.#failure = error;
    this.#release();
    this.#settle.reject(error);
    this.#parts.abandon(error);
    if (this.#body !== undefined) this.#body.destroy(error);
    else this.#controller?.abort(error);
  }

  #release(): void {
    this.#headersTimer?.cancel();
    this.#totalTimer?.cancel();
    this.#idle.close();
    this.#parts.signal?.removeEventListener('abort', this.#abort);
  }
}

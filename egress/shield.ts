/** Where misses of one address meet (design part 7, Shield): one server of a fleet asks the origin, the others ask that server. */
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { Fields } from '../core/fields.ts';
import type { ExchangeOptions } from './exchange.ts';
import { toFieldRecord } from './field-record.ts';
import { idleController } from './idle-controller.ts';

/** A request that the origin cache could not answer, and that is nobody's own. */
export interface Miss {
  readonly url: URL;
  readonly fields: Fields;
  /** Whether a grant lets it reach its host. */
  readonly isGranted: boolean;
  /** True when another server asks through this one: it goes no further. */
  readonly isForPeer: boolean;
  readonly signal: AbortSignal;
}

/** What another server has to say in the origin's place. */
export interface ShieldAnswer {
  readonly status: number;
  readonly message: string;
  readonly fields: Fields;
  readonly body: Readable;
}

/** Told how an answer comes that others may wait for. */
export interface Lead {
  /** Its head is there; false where the cache does not keep it, so that nobody need wait. */
  started(isKept: boolean): void;
  ended(): void;
}

export interface Shield {
  /**
   * The answer from where this miss belongs; `undefined` where the origin is to be asked from here.
   *
   * @throws GatewayError what was met at the origin; the signal's reason.
   */
  find(miss: Miss): Promise<ShieldAnswer | undefined> | undefined;
  /** The origin is asked from here; `undefined` where nobody would wait for that. */
  lead(miss: Miss): Lead | undefined;
}

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

/** The layer between the origin gate and the connections. */
export function makeShieldLayer(
  shield: () => Shield | undefined,
  isGranted: boolean,
): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, above) => {
    const port = shield();
    const miss = port === undefined ? undefined : missOf(options, isGranted);
    if (port === undefined || miss === undefined) return dispatch(options, above);
    const direct = () => {
      const lead = port.lead(miss);
      return dispatch(options, lead === undefined ? above : new Led(above, lead, options as ExchangeOptions));
    };
    const found = port.find(miss);
    if (found === undefined) return direct();
    found.then(
      (answer) => {
        if (answer === undefined) direct();
        else deliver(answer, above);
      },
      (error: Error) => above.onResponseError?.(idleController(error), error),
    );
    return true;
  };
}

function missOf(options: Dispatcher.DispatchOptions, isGranted: boolean): Miss | undefined {
  const { exchange, origin, path, method, headers } = options as ExchangeOptions;
  // What is one client's, or conditional by its wish, passes the cache by.
  if (exchange?.isOfCache !== true || method !== 'GET') return undefined;
  const fields = Fields.from(headers as Record<string, string | string[]>);
  if (fields.has('range')) return undefined;
  const { signal, isForPeer } = exchange;
  return { url: new URL(path, String(origin)), fields, isGranted, isForPeer, signal };
}

/** Calls the layers above as a connection would. */
function deliver({ status, message, fields, body }: ShieldAnswer, above: Handler): void {
  const record = toFieldRecord(fields);
  const controller = {
    aborted: false,
    paused: false,
    reason: null as Error | null,
    rawHeaders: record,
    abort(reason: Error) {
      controller.aborted = true;
      controller.reason = reason;
      body.destroy(reason);
    },
    pause() {
      controller.paused = true;
      body.pause();
    },
    resume() {
      controller.paused = false;
      body.resume();
    },
  } as unknown as Controller & { aborted: boolean; paused: boolean; reason: Error | null };
  body.on('error', (error) => above.onResponseError?.(controller, error));
  above.onRequestStart?.(controller, {});
  if (controller.aborted) return;
  above.onResponseStart?.(controller, status, record, message);
  body.on('data', (chunk: Buffer) => above.onResponseData?.(controller, chunk));
  body.on('end', () => above.onResponseEnd?.(controller, {}));
  if (controller.paused) body.pause();
}

/** Passes everything on, and tells those who wait for it. */
class Led implements Handler {
  readonly #above: Handler;
  readonly #lead: Lead;
  readonly #options: ExchangeOptions;

  constructor(above: Handler, lead: Lead, options: ExchangeOptions) {
    this.#above = above;
    this.#lead = lead;
    this.#options = options;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#above.onRequestStart?.(controller, context);
  }

  onBodySent(chunk: Buffer): void {
    this.#above.onBodySent?.(chunk);
  }

  onRequestSent(): void {
    this.#above.onRequestSent?.();
  }

  onResponseStart(...[controller, status, fields, message]: Parameters<NonNullable<Handler['onResponseStart']>>): void {
    this.#above.onResponseStart?.(controller, status, fields, message);
    if (status < 200) return;
    const { now, storedUntil } = this.#options.exchange!;
    this.#lead.started(storedUntil !== undefined && storedUntil > now());
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#above.onResponseData?.(controller, chunk);
  }

  onResponseEnd(...[controller, trailers]: Parameters<NonNullable<Handler['onResponseEnd']>>): void {
    this.#above.onResponseEnd?.(controller, trailers);
    // The cache writes its entry once this call is over.
    setImmediate(() => this.#lead.ended());
  }

  onResponseError(controller: Controller, error: Error): void {
    this.#above.onResponseError?.(controller, error);
    this.#lead.ended();
  }
}

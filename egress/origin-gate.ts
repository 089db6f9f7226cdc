/** The layer between the origin cache and the connections: breaker, bounded queue, guard, one retry. */
import type { Dispatcher } from 'undici';
import type { Breaker, Outcome } from './breaker.ts';
import { currentExchange, type Exchange, type ExchangeOptions } from './exchange.ts';
import { idleController } from './idle-controller.ts';
import type { OriginSlots } from './origin-slots.ts';
import { ResponseGuard } from './response-guard.ts';

type Handler = Dispatcher.DispatchHandler;
type Dispatch = Dispatcher['dispatch'];

interface Sending {
  readonly options: Dispatcher.DispatchOptions;
  readonly exchange: Exchange;
  readonly above: Handler;
  readonly settle: (outcome: Outcome) => void;
  readonly mayRetry: boolean;
}

/** Everything that leaves for an origin passes here; an open circuit or a full queue is an error of the request. */
export function makeOriginGate(breaker: Breaker, slots: OriginSlots): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, above) => {
    const { exchange } = options as ExchangeOptions;
    if (exchange === undefined) throw new TypeError('a request without its exchange');
    if (exchange.isOnlyIfCached) {
      exchange.kept = true;
      answerFromNothing(above);
      return true;
    }
    try {
      const settle = once(breaker.enter(String(options.origin), exchange.host));
      // RFC 9110 9.2.2: only what may be repeated is repeated, and only without a body that is gone once read.
      const mayRetry = (options.method === 'GET' || options.method === 'HEAD') && options.body == null;
      send(dispatch, slots, { options, exchange, above, settle, mayRetry });
    } catch (error) {
      fail(above, error);
    }
    return true;
  };
}

function send(dispatch: Dispatch, slots: OriginSlots, sending: Sending): void {
  const { options, exchange, above, settle, mayRetry } = sending;
  slots.enter(String(options.origin), exchange.signal, {
    start(leave) {
      exchange.forwarded = true;
      const retry = mayRetry ? () => send(dispatch, slots, { ...sending, mayRetry: false }) : undefined;
      const guard = new ResponseGuard(above, exchange, { settle, leave, retry });
      exchange.signal.addEventListener('abort', () => guard.abandon(exchange.signal.reason), { once: true });
      currentExchange.run(undefined, () => dispatch(options, guard));
    },
    fail(reason) {
      settle('abandoned');
      fail(above, reason);
    },
  });
}

function once(settle: (outcome: Outcome) => void): (outcome: Outcome) => void {
  let settled = false;
  return (outcome) => {
    if (settled) return;
    settled = true;
    settle(outcome);
  };
}

function fail(above: Handler, error: unknown): void {
  above.onResponseError?.(idleController(error as Error), error as Error);
}

// C-9: the cache interceptor asks for what is stale, whatever the request says of that (RFC 9111 5.2.1.7).
function answerFromNothing(above: Handler): void {
  const controller = idleController(null);
  above.onRequestStart?.(controller, {});
  above.onResponseStart?.(controller, 504, {}, 'Gateway Timeout');
  above.onResponseEnd?.(controller, {});
}

import type { Dispatcher } from 'undici';

/** For a request that never reached a connection: it has no controller, and handlers above want one all the same. */
export function idleController(reason: Error | null): Dispatcher.DispatchController {
  return {
    aborted: reason !== null,
    paused: false,
    reason,
    abort() {},
    pause() {},
    resume() {},
  };
}

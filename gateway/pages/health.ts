/** `/-/healthz` (the process lives) and `/-/readyz` (it takes requests). */
import { makeTextReply } from './layout.ts';
import type { PageEntry } from './pages.ts';

/** What readiness depends on. */
export interface Readiness {
  /** Why the server takes no requests, or `undefined`. */
  readonly whyNot: () => string | undefined;
}

export const healthPage: PageEntry = {
  methods: ['GET'],
  handle: () => makeTextReply(200, 'text/plain; charset=utf-8', 'ok\n'),
};

export function makeReadyPage(readiness: Readiness): PageEntry {
  return {
    methods: ['GET'],
    handle() {
      const why = readiness.whyNot();
      const reply = makeTextReply(why === undefined ? 200 : 503, 'text/plain; charset=utf-8', `${why ?? 'ready'}\n`);
      if (why !== undefined) reply.fields.set('retry-after', '5');
      return reply;
    },
  };
}

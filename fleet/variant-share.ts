/**
 * Variants made on one server are found by the others: each has a home among the live servers, by rendezvous hash of its
 * key. A server that misses one asks its home; one that has made one brings it there. Keys are equal on every server.
 */
import type { FleetView } from './fleet-view.ts';
import type { Peers } from './peers/peers.ts';
import { pickServers } from './route/pick-server.ts';

export interface VariantShare {
  find(key: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  offer(key: string, variant: () => Uint8Array): void;
}

export interface VariantShareParts {
  readonly view: () => FleetView;
  readonly peers: Peers;
}

/** Making it anew is mostly faster than waiting longer than this. */
const FIND_MS = 250;
const OFFER_MS = 5_000;
const MAX_BYTES = 8 * 1024 * 1024;
/** Offers under way; more are left out. */
const MAX_OFFERS = 32;

export function makeVariantShare({ view, peers }: VariantShareParts): VariantShare {
  let offers = 0;
  const homeOf = (key: string): string | undefined => {
    const { self, members } = view();
    const live = members.filter(({ isDraining }) => !isDraining);
    if (live.length < 2) return undefined;
    const candidates = live.map(({ name }) => ({ name, load: 0, isHealthy: true }));
    const home = pickServers({ key, candidates })[0];
    return home === self || home === undefined || !peers.isUp(home) ? undefined : home;
  };
  return {
    async find(key, signal) {
      const home = homeOf(key);
      if (home === undefined) return undefined;
      try {
        const reply = await peers.send(home, { path: `variants/${key}`, signal, timeoutMs: FIND_MS });
        const bytes = await reply.readAll(MAX_BYTES);
        return reply.status === 200 ? bytes : undefined;
      } catch {
        // It is made here then.
        return undefined;
      }
    },
    offer(key, variant) {
      const home = homeOf(key);
      if (home === undefined || offers >= MAX_OFFERS) return;
      const body = variant();
      if (body.byteLength > MAX_BYTES) return;
      offers += 1;
      const signal = AbortSignal.timeout(OFFER_MS);
      peers
        .send(home, { method: 'POST', path: `variants/${key}`, body, signal, timeoutMs: OFFER_MS })
        .then((reply) => reply.readAll(65_536))
        // What its home does not get, it makes when it is asked.
        .catch(() => undefined)
        .finally(() => {
          offers -= 1;
        });
    },
  };
}

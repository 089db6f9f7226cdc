/** Parts that are on their way: who asks for one waits for it; a page that was left is no longer sent. */

/** One reply with its parts. */
export interface Bundle {
  /** More parts of it are coming. */
  expect(places: readonly string[]): void;
  /** A part is here, or will not come. */
  settle(place: string): void;
  /** Nothing more comes. */
  close(): void;
}

export interface ComingParts {
  /** @param end gives the reply up: called where its client has turned to another page and nobody waits for a part */
  open(client: string, end: () => void): Bundle;
  /** Resolves when the part is here or does not come; at once where none is on its way. */
  arrived(client: string, place: string): Promise<void>;
  /** The client asks for another page. */
  leave(client: string): void;
}

interface Coming {
  readonly expected: Map<string, PromiseWithResolvers<void>>;
  readonly end: () => void;
  waiting: number;
}

export function makeComingParts(): ComingParts {
  const byClient = new Map<string, Set<Coming>>();
  return {
    open(client, end) {
      const bundle: Coming = { expected: new Map(), end, waiting: 0 };
      const bundles = byClient.get(client) ?? new Set();
      byClient.set(client, bundles.add(bundle));
      const settle = (place: string) => {
        bundle.expected.get(place)?.resolve();
        bundle.expected.delete(place);
      };
      return {
        expect(places) {
          for (const place of places)
            if (!bundle.expected.has(place)) bundle.expected.set(place, Promise.withResolvers());
        },
        settle,
        close() {
          for (const place of [...bundle.expected.keys()]) settle(place);
          bundles.delete(bundle);
          if (bundles.size === 0) byClient.delete(client);
        },
      };
    },
    async arrived(client, place) {
      for (const bundle of byClient.get(client) ?? []) {
        const expected = bundle.expected.get(place);
        if (expected === undefined) continue;
        bundle.waiting += 1;
        await expected.promise;
        bundle.waiting -= 1;
        return;
      }
    },
    leave(client) {
      for (const bundle of byClient.get(client) ?? []) if (bundle.waiting === 0) bundle.end();
    },
  };
}

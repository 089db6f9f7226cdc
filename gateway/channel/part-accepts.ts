/** What clients say they take when they ask for what a page needs: learnt from what they ask. */
import type { Exchange } from '../exchange.ts';
import type { PartKind } from './found-parts.ts';

/** What browsers send, until this client has shown what it sends. */
const USUAL: Readonly<Record<PartKind, string>> = {
  image: 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
  style: 'text/css,*/*;q=0.1',
  font: '*/*',
};
const KINDS: ReadonlySet<string | undefined> = new Set(Object.keys(USUAL));
const MAX_CLIENTS = 1_000;
const PAGES: ReadonlySet<string | undefined> = new Set([undefined, 'document', 'iframe', 'frame']);

export type WantedParts = Readonly<Record<PartKind, string | undefined>>;

export interface PartAccepts {
  learn(exchange: Exchange): void;
  /** Accept of requests for parts; `undefined` where this request is for no page, or parts are not wanted. */
  of(exchange: Exchange): WantedParts | undefined;
}

export function makePartAccepts(): PartAccepts {
  const seen = new Map<string, Partial<Record<PartKind, string>>>();
  return {
    learn({ received: { fields } }) {
      const [userAgent = '', accept, kind] = [
        fields.get('user-agent'),
        fields.get('accept'),
        fields.get('sec-fetch-dest'),
      ];
      if (accept === undefined || kind === undefined || !KINDS.has(kind)) return;
      if (seen.size >= MAX_CLIENTS) seen.clear();
      seen.set(userAgent, { ...seen.get(userAgent), [kind]: accept });
    },
    of({ received: { fields }, negotiation, order }) {
      if (order.method !== 'GET' || order.isPassThrough || !negotiation.unasked) return undefined;
      const accept = fields.get('accept') ?? '*/*';
      if (!PAGES.has(fields.get('sec-fetch-dest')) || accept.startsWith('image/')) return undefined;
      const known = seen.get(fields.get('user-agent') ?? '');
      // Who sends no Sec-Fetch-Dest is no browser of today: it may well send the same for all.
      const usual = (kind: PartKind) => known?.[kind] ?? (fields.has('sec-fetch-dest') ? USUAL[kind] : accept);
      const { images, page } = negotiation.preferences;
      return {
        style: usual('style'),
        image: images.load ? usual('image') : undefined,
        font: page.fonts ? usual('font') : undefined,
      };
    },
  };
}

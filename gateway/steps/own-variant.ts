/**
 * CT-15: a site that names its own Markdown, or its own plain text, for a page by `rel=alternate` knows better than we what
 * that page is. It is taken in preference to what would be made of the page.
 */
import type { Exchange } from '../exchange.ts';
import { placeOf } from './bar-of.ts';
import type { Choice } from './choose.ts';
import { type FetchedOriginal, fetchOriginal } from './fetch-original.ts';
import type { Original } from './format.ts';
import { offeredForms } from './offered-forms.ts';

/** A site's own variant: the exchange that asked for it, and what came. */
export interface OwnVariant {
  readonly exchange: Exchange;
  readonly fetched: FetchedOriginal;
}

/** Fetches the site's own variant of a page; `undefined` where it names none, or none that can be had. */
export async function findOwnVariant(
  exchange: Exchange,
  fetched: FetchedOriginal,
  { choice, original }: { choice: Choice; original: Original },
): Promise<OwnVariant | undefined> {
  const url = addressOf(exchange, fetched, { choice, original });
  if (url === undefined || choice.kind !== 'format') return undefined;
  const target = { ...exchange.target, url };
  const asked = {
    ...exchange,
    target,
    order: { ...exchange.order, url },
    choice: { ...exchange.choice, target },
  };
  const own = await fetchOriginal(asked).catch(() => undefined);
  if (own === undefined) return undefined;
  if (own.status !== 200 || own.essence !== choice.best.plan.to) {
    own.response.body.destroy();
    return undefined;
  }
  // P-6: what tells generations of that address apart may be equal to what tells those of the page apart.
  const fields = own.fields.clone().delete('etag').delete('last-modified');
  return { exchange: asked, fetched: { ...own, fields } };
}

/** Where the variant is, for Content-Location (RFC 9110 8.7). */
export function placeOfVariant({ target }: Exchange): string {
  return target.mode === 'forward' ? target.url.href : `/${placeOf(target).rest}`;
}

// Only where Accept or a profile decided: a presentation in the URL asks for what we make. Only of the same origin: what
// may be fetched there has been checked, and nobody else speaks for the page.
function addressOf(
  { target, order }: Exchange,
  { essence, fields, status, madeBy }: FetchedOriginal,
  { choice, original }: { choice: Choice; original: Original },
): URL | undefined {
  if (choice.kind !== 'format' || target.presentation !== undefined || target.explain || status !== 200)
    return undefined;
  const { to } = choice.best.plan;
  if (to === essence || order.method !== 'GET' || madeBy !== undefined) return undefined;
  const named = offeredForms({ essence, fields, body: original.body }).get(to);
  const url = named === undefined ? null : URL.parse(named, original.url);
  return url !== null && url.origin === target.url.origin && url.href !== target.url.href ? url : undefined;
}

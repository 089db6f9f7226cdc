/** Security fields of replies (design part 3, threats 24 to 26). */
import type { Fields } from '../core/fields.ts';
import { isIsolated, sharesOrigin, type Target } from './target.ts';

const PREFIX_POLICY =
  "sandbox allow-same-origin allow-forms allow-popups allow-downloads allow-top-navigation-by-user-activation; script-src 'none'; object-src 'none'; frame-ancestors 'none'";
// A PDF is sent without `sandbox`, which would keep it from being shown.
const PREFIX_PDF_POLICY = "script-src 'none'; object-src 'none'; frame-ancestors 'none'";

/** Policy of our own pages: no scripts, our own styles, forms to ourselves. */
const OWN_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** Fields of a reply with an origin's content. */
export function setContentSecurity(fields: Fields, target: Pick<Target, 'mode' | 'links'>, essence: string): void {
  fields.set('x-content-type-options', 'nosniff');
  if (sharesOrigin(target)) setSharedSecurity(fields, essence);
  if (!isIsolated(target)) return;
  // The policy was made from the origin's own fields. Whose page it was decides on cookies, on other sites too (S-3).
  fields.set('referrer-policy', 'strict-origin-when-cross-origin');
  fields.set('x-robots-tag', 'noindex');
}

/** Fields of content that is shown on the one origin of all sites (threat 24). */
export function setSharedSecurity(fields: Fields, essence: string): void {
  fields.set('x-content-type-options', 'nosniff');
  fields.set('content-security-policy', essence === 'application/pdf' ? PREFIX_PDF_POLICY : PREFIX_POLICY);
  // The cookie jar and the 307 for unrewritten bodies need the Referer.
  fields.set('referrer-policy', 'same-origin');
  fields.set('x-robots-tag', 'noindex');
}

/** Fields of a page of our own, errors included. */
export function setOwnSecurity(fields: Fields): void {
  fields.set('x-content-type-options', 'nosniff');
  fields.set('content-security-policy', OWN_POLICY);
  fields.set('referrer-policy', 'same-origin');
  fields.set('x-robots-tag', 'noindex');
}

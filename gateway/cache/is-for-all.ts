/** What may be kept for everybody: the first question of every cache here (C-1, RFC 9111 3). */
import { effectiveCacheControl, isPrivateOrNoStore, parseCacheControl } from '../../core/cache-control.ts';
import type { Fields } from '../../core/fields.ts';

/**
 * False where the request carried credentials or forbade to keep its answer (RFC 9111 5.2.1.5), or the response says that it
 * is one client's, or sets a cookie.
 */
export function isForAll(requestFields: Fields, responseFields: Fields): boolean {
  // RFC 9111 3.5 and threat 23: what needs credentials is nobody else's.
  if (requestFields.has('authorization') || requestFields.has('cookie')) return false;
  if (parseCacheControl(requestFields.get('cache-control')).has('no-store')) return false;
  return !isPrivateOrNoStore(effectiveCacheControl(responseFields).directives) && !responseFields.has('set-cookie');
}

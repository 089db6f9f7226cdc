/** The certificate of the admin listener, without which it stays on loopback. */
import type { Values } from '../core/config.ts';
import { isWithin, parseAddressRange } from '../gateway/address-range.ts';
import { type TlsFiles, tlsFilesOf } from '../gateway/tls-files.ts';
import type { adminSettings } from './config.ts';

type ListenerSettings = Pick<
  Values<typeof adminSettings>,
  'adminHost' | 'adminTlsCert' | 'adminTlsKey' | 'adminBehindTls'
>;

/**
 * The files of the admin listener, or `undefined` when it speaks no TLS (threat 26).
 *
 * @throws RangeError when one is there without the other or cannot be read, and when the listener would be reachable from
 *   elsewhere without TLS.
 */
export function adminTlsFilesOf(settings: ListenerSettings): TlsFiles | undefined {
  const { adminHost, adminTlsCert, adminTlsKey, adminBehindTls } = settings;
  const files = tlsFilesOf(adminTlsCert, adminTlsKey, ['ADMIN_TLS_CERT', 'ADMIN_TLS_KEY']);
  const isLoopback = adminHost === 'localhost' || isWithin([parseAddressRange('loopback')], adminHost);
  if (!isLoopback && files === undefined && !adminBehindTls)
    throw new RangeError('ADMIN_HOST: off loopback only with ADMIN_TLS_CERT and ADMIN_TLS_KEY, or ADMIN_BEHIND_TLS=1');
  return files;
}

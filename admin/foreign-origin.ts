/** Requests that pages of other origins make a browser send (threat 57). */
import { GatewayError } from '../core/errors.ts';
import { hostNameOf, isAddressLiteral, isLoopbackName } from '../gateway/address.ts';
import type { Received } from '../gateway/received.ts';

/**
 * A page elsewhere must not reach the admin listener by a name that resolves here, nor by a form.
 *
 * @param trustsLoopback False where something in front speaks TLS: then any name may lead here.
 * @throws GatewayError MISDIRECTED, FORBIDDEN.
 */
export function refuseForeignOrigin(received: Received, trustsLoopback: boolean): void {
  const name = hostNameOf(received.authority);
  if (received.form !== 'origin') throw new GatewayError('MISDIRECTED', { host: received.authority });
  const origin = received.fields.get('origin');
  const isCrossSite =
    received.fields.get('sec-fetch-site') === 'cross-site' ||
    (origin !== undefined && URL.parse(origin)?.host !== received.authority);
  if (isCrossSite) throw new GatewayError('FORBIDDEN', { why: 'the request comes from another origin' });
  // DNS rebinding: a browser that was told another name for this address.
  if (
    trustsLoopback &&
    !isLoopbackName(name) &&
    !isAddressLiteral(name) &&
    received.fields.has('origin') &&
    received.peer.localAddress.startsWith('127.')
  )
    throw new GatewayError('MISDIRECTED', { host: received.authority });
}

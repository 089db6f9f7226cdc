/** When an origin is asked once more, with the fields as the client sent them (CT-12, CT-13). */
import { codingQuality, parseAcceptEncoding } from '../../core/accept-encoding.ts';
import { isNoTransform } from '../../core/cache-control.ts';
import type { Fields } from '../../core/fields.ts';
import type { UpstreamResponse } from '../../egress/upstream-response.ts';
import type { Exchange } from '../exchange.ts';
import type { UpstreamOrder } from './make-upstream-request.ts';

const ALTERED = ['accept', 'accept-encoding'] as const;

/** Fields to ask with once more; `undefined` where the answer stands. */
export function fieldsToAskAgain(response: UpstreamResponse, exchange: Exchange): Fields | undefined {
  const { order, received } = exchange;
  if (!/^(?:GET|HEAD)$/.test(order.method)) return undefined;
  // The site is remembered, so that CT-6 holds: once in a month, not for each request.
  if (response.status === 406 && isAltered(order, received.fields))
    return withOwnAccept(order, received.fields).set('accept-encoding', received.fields.get('accept-encoding'));
  if (!isUnwantedCoding(response, exchange)) return undefined;
  return order.fields.clone().set('accept-encoding', received.fields.get('accept-encoding') ?? 'identity');
}

/** The fields of an order with Accept as the client sent it. Codings are ours to undo, and few reject one. */
export function withOwnAccept({ fields }: Pick<UpstreamOrder, 'fields'>, sent: Fields): Fields {
  return fields.clone().set('accept', sent.get('accept'));
}

function isAltered(order: UpstreamOrder, sent: Fields): boolean {
  return ALTERED.some((name) => order.fields.get(name) !== sent.get(name));
}

// CT-12: a body that must not be changed goes out in the coding it came in; one the client did not offer is asked for
// again with the client's own Accept-Encoding.
function isUnwantedCoding(response: UpstreamResponse, { received }: Exchange): boolean {
  if (!isNoTransform(response.fields) || isNoTransform(received.fields)) return false;
  if (response.contentCoding.length === 0) return false;
  const accepted = parseAcceptEncoding(received.fields.get('accept-encoding'));
  return accepted.missing || response.contentCoding.some((each) => codingQuality(accepted, each) === 0);
}

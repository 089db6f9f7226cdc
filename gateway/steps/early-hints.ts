/** Early hints (103, RFC 8297) on their way to a client whose bytes are the origin's own (P-15). */
import type { Fields } from '../../core/fields.ts';
import type { Exchange } from '../exchange.ts';
import { sharesOrigin } from '../target.ts';
import { takeOriginFields } from './reply-fields.ts';

/**
 * What to do with early hints; `undefined` where they help nobody: a page that is made anew asks for other things than
 * the original, in prefix mode addresses are others, and HTTP/1.0 knows no interim answers (RFC 9110 15.2).
 */
export function hintsFor({ order, target, received }: Exchange): ((fields: Fields) => void) | undefined {
  const { connection } = received;
  if (
    connection.sendHints === undefined ||
    !order.isPassThrough ||
    sharesOrigin(target) ||
    received.httpVersion === '1.0'
  )
    return undefined;
  return (fields) => {
    const links = takeOriginFields(fields, { target }, order.url.href).getAll('link');
    if (links.length > 0) connection.sendHints?.(links);
  };
}

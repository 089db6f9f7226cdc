/** OPTIONS that goes no further (RFC 9110 7.6.2, P-2). */
import { Fields } from '../core/fields.ts';
import { VIA_COMMENT } from './hop-fields.ts';
import type { Received } from './received.ts';
import type { Reply } from './reply.ts';

/** The number in Max-Forwards; `undefined` when absent or no whole number. */
export function readMaxForwards(fields: Fields): number | undefined {
  const value = fields.get('max-forwards')?.trim();
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}

/** The reply to an OPTIONS that may not be forwarded: what can be asked through here. `undefined` for all others. */
export function answerOptions({ method, fields, id }: Received, pseudonym: string): Reply | undefined {
  if (method !== 'OPTIONS' || readMaxForwards(fields) !== 0) return undefined;
  return {
    status: 204,
    fields: Fields.from({
      allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
      via: `1.1 ${pseudonym} ${VIA_COMMENT}`,
      'x-request-id': id,
    }),
    body: undefined,
  };
}

/** Fields on their way to a service and back: nothing of the gateway or of other sites goes along (threats 19, 20, 23). */
import { Fields } from '../../core/fields.ts';
import { removeHopByHop } from '../../core/hop-by-hop.ts';
import { dropAlways, dropPrefixFields, isOwnRequestField } from '../hop-fields.ts';
import { setSharedSecurity } from '../security-fields.ts';

/** What speaks of who asks and of this connection. */
const NOT_FOR_SERVICES = new Set([
  'accept-encoding',
  'authorization',
  'content-length',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'x-real-ip',
]);

/** Fields of a request as a service gets them. */
export function fieldsForService(given: Fields): Fields {
  const fields = removeHopByHop(given.clone());
  for (const name of fields.names())
    if (NOT_FOR_SERVICES.has(name) || name.startsWith('x-forwarded-') || isOwnRequestField(name)) fields.delete(name);
  return fields;
}

/**
 * Fields of a service's reply as a client gets them. It may be third-party code and shares our origin: no cookies, no
 * policies of its own, no scripts.
 *
 * @param mount Path the service's own paths are below, without a slash at the end.
 */
export function fieldsOfService(headers: Headers, mount: string): Fields {
  const fields = removeHopByHop(Fields.from([...headers]));
  dropPrefixFields(fields);
  dropAlways(fields);
  fields.delete('content-length').delete('date');
  const location = fields.get('location');
  if (location?.startsWith('/') && !location.startsWith('//')) fields.set('location', mount + location);
  if (!fields.has('cache-control')) fields.set('cache-control', 'no-cache');
  setSharedSecurity(fields, fields.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '');
  return fields;
}

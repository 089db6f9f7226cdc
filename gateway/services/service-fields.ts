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

/** Where a service is, outside and as it sees itself. */
export interface ServiceMount {
  /** Path that its own paths are below, without a slash at the end. */
  readonly mount: string;
  /** Origin of the address it was asked by. */
  readonly origin: string;
}

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
 * @param place What the service's own addresses stand for.
 */
export function fieldsOfService(headers: Headers, place: ServiceMount): Fields {
  const fields = removeHopByHop(Fields.from([...headers]));
  dropPrefixFields(fields);
  dropAlways(fields);
  fields.delete('content-length').delete('date');
  const location = fields.get('location');
  if (location !== undefined) fields.set('location', outside(location, place));
  if (!fields.has('cache-control')) fields.set('cache-control', 'no-cache');
  setSharedSecurity(fields, fields.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '');
  return fields;
}

/** An address of the service's own as clients know it; `Response.redirect` gives whole ones alone. */
function outside(location: string, { mount, origin }: ServiceMount): string {
  if (location.startsWith('/') && !location.startsWith('//')) return mount + location;
  const url = URL.parse(location);
  return url?.origin === origin ? `${mount}${url.pathname}${url.search}${url.hash}` : location;
}

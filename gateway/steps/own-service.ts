/** What a service of ours says, asked within the process: our own listeners are nobody's target (threat 4, design part 6). */
import { GatewayError } from '../../core/errors.ts';
import { Fields } from '../../core/fields.ts';
import type { MadeBy, SetRoute } from '../../core/fleet.ts';
import { readWhole } from '../../formatters/pool/web-messages.ts';
import { hostNameOf } from '../address.ts';
import type { Exchange } from '../exchange.ts';
import { fieldsOfService } from '../services/service-fields.ts';
import type { FetchedOriginal } from './fetch-original.ts';
import { asFetched } from './made-here.ts';
import { askSet } from './own-set.ts';
import { readSet } from './read-set.ts';

/** A service's name and the path below its mount, query included; or an address that has a route of the fleet plan. */
export type ServicePlace =
  | { readonly name: string; readonly path: string }
  | { readonly route: SetRoute; readonly url: URL };

/** The service an address means to this client; `undefined` when it means none of ours. */
export function servicePlaceOf({ target, gateway }: Exchange, url: URL): ServicePlace | undefined {
  const { site, ownOrigin, gatewayPath, set } = target;
  const isOurs =
    url.origin === gateway.rules.publicOrigin ||
    url.origin === ownOrigin ||
    (site !== undefined && (url.origin === site.upstream.origin || hostNameOf(url.host) === site.host));
  if (!isOurs) return undefined;
  if (site === undefined && !url.pathname.startsWith('/-/')) {
    const route = gateway.fleet.findRoute(url.origin === ownOrigin ? set?.host : undefined, url.pathname);
    return route === undefined ? undefined : { route, url };
  }
  const root = `${gatewayPath}services/`;
  if (!url.pathname.startsWith(root)) return undefined;
  const [, name = '', path = '/'] = /^([^/]+)(\/.*)?$/s.exec(url.pathname.slice(root.length)) ?? [];
  return name === '' ? undefined : { name, path: `${path}${url.search}` };
}

/** A service's reply, whole. */
export interface ServiceReply {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Buffer;
  /** The server that answered, where a route of the fleet plan led there. */
  readonly madeBy?: MadeBy | undefined;
}

/** @throws GatewayError NOT_FOUND and those of services that fail. */
export async function askService(exchange: Exchange, place: ServicePlace, accept: string): Promise<ServiceReply> {
  const { gateway, received, target } = exchange;
  if ('route' in place) return await askSet(exchange, { ...place, method: 'GET', body: undefined, accept });
  const { name, path } = place;
  const request = new Request(new URL(path, 'http://localhost'), {
    headers: { accept },
    signal: received.connection.signal,
  });
  const response = await gateway.services.answer(name, request);
  const body =
    response.body === null ? Buffer.alloc(0) : Buffer.from(await readWhole(response.body, gateway.limits.maxPageBytes));
  return {
    status: response.status,
    fields: fieldsOfService(response.headers, {
      mount: `${target.gatewayPath}services/${name}`,
      origin: new URL(request.url).origin,
    }),
    body,
  };
}

/**
 * The original of a target that is a service of ours, as in `/-/as/chart/` of its data; `undefined` for all others.
 *
 * @throws GatewayError METHOD_NOT_ALLOWED, and those of services.
 */
export async function readOwnService(exchange: Exchange): Promise<FetchedOriginal | undefined> {
  const { target, received, gateway } = exchange;
  if (target.set !== undefined) return await readSet(exchange, target.set);
  const place = servicePlaceOf(exchange, target.url);
  if (place === undefined) return undefined;
  if (received.method !== 'GET' && received.method !== 'HEAD')
    throw new GatewayError(
      'METHOD_NOT_ALLOWED',
      { method: received.method, allowed: 'HEAD, GET' },
      { fields: Fields.from({ allow: 'HEAD, GET' }) },
    );
  const reply = await askService(exchange, place, received.fields.get('accept') ?? '*/*');
  return asFetched({ ...reply, url: target.url, now: gateway.clock.now(), freshSeconds: 0 });
}

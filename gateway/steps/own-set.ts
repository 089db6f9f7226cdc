/** What a function set of the fleet says, here or on another server: an original like any other (design part 8). */
import { GatewayError } from '../../core/errors.ts';
import type { Fields } from '../../core/fields.ts';
import type { MadeBy, SetReply, SetRoute } from '../../core/fleet.ts';
import type { Exchange } from '../exchange.ts';
import { makeRedirect } from '../pages/layout.ts';
import type { Received } from '../received.ts';
import type { Reply } from '../reply.ts';
import type { Gateway } from '../serve.ts';
import { fieldsForService, fieldsOfService } from '../services/service-fields.ts';
import type { Target } from '../target.ts';
import { clientKeyOf } from './identify.ts';

export interface SetQuestion {
  readonly route: SetRoute;
  readonly method: string;
  /** As the client knows it. */
  readonly url: URL;
  readonly body: Uint8Array | undefined;
  /** In place of the client's own. */
  readonly accept?: string | undefined;
  /** A part of a page that can do without it. */
  readonly isPart?: boolean | undefined;
}

/** Where the plan sends clients to the server that holds a set (S6); `undefined` where this server answers. */
export function redirectToSet(received: Received, { set, url }: Target, { fleet }: Gateway): Reply | undefined {
  if (set?.mode !== 'redirect') return undefined;
  const location = fleet.redirect({ route: set, url, client: received.peer.address });
  if (location === undefined) return undefined;
  // RFC 9110 15.4.8 keeps the method; WAP 1 gateways know 302 alone.
  const isWap = received.fields.get('accept')?.includes('vnd.wap.wml') === true;
  const reply = makeRedirect(isWap ? 302 : 307, location);
  reply.fields.set('format-server', formatServer({ server: fleet.server, set: set.set, by: 'redirect' }));
  return reply;
}

/** `Format-Server`: who made a reply, and how the request came there. */
export function formatServer({
  server,
  set,
  by,
}: Omit<MadeBy, 'by'> & { readonly by: MadeBy['by'] | 'redirect' }): string {
  return `${server}; set=${set}; by=${by}`;
}

/** @throws GatewayError NOT_FOUND, SHED, and those of services that fail. */
export async function askSet(exchange: Exchange, { accept, ...question }: SetQuestion): Promise<SetReply> {
  const { gateway, received, client } = exchange;
  const fields = fieldsFor(exchange, question.route);
  if (accept !== undefined) fields.set('accept', accept);
  const reply = await gateway.fleet.ask({
    ...question,
    fields,
    client: JSON.stringify(clientKeyOf(received, client.user)),
    signal: received.connection.signal,
  });
  if (reply.fields.has('content-encoding'))
    throw new GatewayError(
      'SERVICE_FAILED',
      { name: question.route.set },
      { cause: new Error('it sent a coded body') },
    );
  return { ...reply, fields: fieldsOf(reply, question) };
}

// On an own host all sites of prefix mode are neighbours: nothing that speaks of the client goes there (threats 19, 20).
function fieldsFor({ order }: Exchange, { host }: SetRoute): Fields {
  if (host === undefined) return fieldsForService(order.fields);
  return order.fields.clone().delete('accept-encoding').delete('content-length');
}

function fieldsOf({ fields }: SetReply, { route: { host, strip }, url }: SetQuestion): Fields {
  const kept =
    host === undefined
      ? fieldsOfService(new Headers([...fields.entries()].map(([name, value]) => [name, value])), {
          mount: strip,
          origin: url.origin,
        })
      : fields.clone().delete('content-length').delete('date');
  return kept;
}

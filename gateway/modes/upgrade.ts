/** WebSocket through the gateway (RFC 6455, RFC 9110 7.8): by host, by absolute-form, and by address in prefix mode. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { GatewayError } from '../../core/errors.ts';
import { Fields } from '../../core/fields.ts';
import { removeHopByHop } from '../../core/hop-by-hop.ts';
import { splitList } from '../../core/list-field.ts';
import { VaryRecorder } from '../../core/vary.ts';
import { askUpgrade, type UpgradeAnswer } from '../../egress/ask-upgrade.ts';
import { IdleWatch } from '../../egress/idle-watch.ts';
import type { AddressRange } from '../address-range.ts';
import { type Exchange, prepare } from '../exchange.ts';
import { VIA_COMMENT } from '../hop-fields.ts';
import { takeCookies } from '../jar-owner.ts';
import { makeRedirect } from '../pages/layout.ts';
import { type Received, receive } from '../received.ts';
import { endWith, headOf, refuseSocket } from '../refuse-socket.ts';
import { asBelieved, type Gateway } from '../serve.ts';
import { findRoute } from '../steps/find-route.ts';
import { traceOf } from '../steps/make-trace.ts';
import { takeOriginFields } from '../steps/reply-fields.ts';
import type { Target } from '../target.ts';
import type { DoneExchange } from '../traffic/traffic.ts';

export interface UpgradeParts {
  readonly gateway: Gateway;
  readonly trustedProxies: readonly AddressRange[];
  /** Connections of one client at a time (threat 14). */
  readonly perClient: number;
  /** Longest pause, in both directions together, milliseconds. */
  readonly idleMs: number;
  readonly headersMs: number;
  /** Counts a connection once it has ended. */
  readonly note: (done: DoneExchange) => void;
}

/** Takes over the connection of a request that asks for WebSocket. */
export type Upgrade = (message: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>;

interface Client {
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly fields: Fields;
  readonly signal: AbortSignal;
}

const VERSION = '13';
const ACCEPT_SALT = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** True for a request that asks for WebSocket and nothing else; whoever asks for other protocols gets none of them (P-1). */
export function asksForWebSocket({ method, headers }: Pick<IncomingMessage, 'method' | 'headers'>): boolean {
  const names = splitList(headers.connection ?? '', 100).map((name) => name.toLowerCase());
  return method === 'GET' && names.includes('upgrade') && headers.upgrade?.trim().toLowerCase() === 'websocket';
}

/** Opens WebSocket connections; whatever goes wrong is answered as to any other request, and the connection ends. */
export function makeUpgrades(parts: UpgradeParts): Upgrade {
  const open = new Map<string, number>();
  return async (message, socket, head) => {
    const fields = Fields.fromRaw(message.rawHeaders);
    const gone = new AbortController();
    socket.on('error', () => gone.abort());
    socket.on('close', () => gone.abort());
    try {
      await openUpgrade(message, { socket, head, fields, signal: gone.signal }, { ...parts, open });
    } catch (error) {
      if (gone.signal.aborted) socket.destroy();
      else refuseSocket(socket, error, { fields, pseudonym: parts.gateway.pseudonym });
    }
  };
}

async function openUpgrade(
  message: IncomingMessage,
  client: Client,
  parts: UpgradeParts & { readonly open: Map<string, number> },
): Promise<void> {
  const { gateway, open } = parts;
  const received = asBelieved(asHttp(receive(message, parts.trustedProxies, client)), gateway);
  const key = checkHandshake(client.fields);
  const route = findRoute(received, gateway.rules);
  if (route.kind === 'redirect') {
    endWith(client.socket, makeRedirect(route.status, route.location));
    return;
  }
  if (route.kind === 'page' || !isPlainTarget(route))
    throw new GatewayError('BAD_REQUEST', { why: 'there is no WebSocket at this address' });
  const exchange = await prepare(received, route, new VaryRecorder(received.fields), gateway);
  const { address } = received.peer;
  const held = open.get(address) ?? 0;
  if (held >= parts.perClient) throw new GatewayError('TOO_MANY_REQUESTS', { seconds: 60 });
  open.set(address, held + 1);
  client.socket.once('close', () => {
    const left = (open.get(address) ?? 1) - 1;
    if (left > 0) open.set(address, left);
    else open.delete(address);
  });
  const answer = await askUpgrade(gateway, {
    url: route.url,
    grant: route.grant,
    fields: upstreamFields(exchange),
    signal: client.signal,
    headersMs: parts.headersMs,
  });
  if (answer.switched === undefined) endWith(client.socket, replyOf(exchange, answer));
  else join(client, { exchange, answer, key }, parts);
}

// RFC 6455 3: what ws and wss name is asked for by http and https.
function asHttp(received: Received): Received {
  const path = received.path.replace(/^\/ws(s?):(\/\/?)/i, '/http$1:$2');
  return { ...received, path, absolute: received.absolute?.replace(/^ws(s?):/i, 'http$1:') };
}

/** The key of the handshake. RFC 6455 4.2.1; what is no proper one is not passed on as if it were (threat 17). */
function checkHandshake(fields: Fields): string {
  const key = fields.get('sec-websocket-key')?.trim() ?? '';
  if (fields.get('sec-websocket-version')?.trim() !== VERSION)
    throw new GatewayError(
      'BAD_REQUEST',
      { why: `only version ${VERSION} of WebSocket is spoken` },
      { fields: Fields.from({ 'sec-websocket-version': VERSION }) },
    );
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key))
    throw new GatewayError('BAD_REQUEST', { why: 'Sec-WebSocket-Key is malformed' });
  return key;
}

function isPlainTarget({ presentation, explain, picture, document, view, set }: Target): boolean {
  return [presentation, picture, document, view, set].every((each) => each === undefined) && !explain;
}

function upstreamFields({ order }: Exchange): Fields {
  const fields = order.fields.clone();
  // What is negotiated here is negotiated within the protocol (RFC 6455 4.1).
  fields.delete('accept-encoding').delete('host').delete('content-length');
  return fields.set('connection', 'Upgrade').set('upgrade', 'websocket');
}

/** What the origin says, as the client may see it. */
function replyOf(exchange: Exchange, { status, fields: given, body }: UpgradeAnswer): ReturnType<typeof takeCookies> {
  const { target, gateway, received } = exchange;
  const origin = removeHopByHop(given.clone());
  const fields = takeOriginFields(origin, { target }, target.url.href);
  fields.append('via', `1.1 ${gateway.pseudonym} ${VIA_COMMENT}`).set('x-request-id', received.id);
  return takeCookies({ status, fields, body: body ?? undefined }, origin.getAll('set-cookie'), exchange);
}

interface Switched {
  readonly exchange: Exchange;
  readonly answer: UpgradeAnswer;
  readonly key: string;
}

/** @throws GatewayError UPSTREAM_PROTOCOL where the origin has switched to something else than was asked for. */
function join(client: Client, { exchange, answer, key }: Switched, { idleMs, gateway, note }: UpgradeParts): void {
  const { socket: upstream, head } = answer.switched!;
  const accept = createHash('sha1')
    .update(key + ACCEPT_SALT)
    .digest('base64');
  const isWebSocket = answer.fields.get('upgrade')?.trim().toLowerCase() === 'websocket';
  if (!isWebSocket || answer.fields.get('sec-websocket-accept')?.trim() !== accept) {
    upstream.destroy();
    throw new GatewayError('UPSTREAM_PROTOCOL', { host: exchange.target.url.hostname });
  }
  const { socket } = client;
  const { fields } = replyOf(exchange, answer);
  fields.delete('content-length').delete('content-type').set('connection', 'Upgrade').set('upgrade', 'websocket');
  const began = gateway.clock.monotonic();
  let bytes = head.length;
  upstream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  socket.once('close', () => {
    const trace = traceOf(exchange, {
      original: answer.fields,
      reply: fields,
      decodedBytes: undefined,
      originHit: false,
      presentation: 'original',
    });
    note({ trace, status: 101, bytes, ms: gateway.clock.monotonic() - began, isBroken: false });
  });
  const end = () => {
    watch.close();
    socket.destroy();
    upstream.destroy();
  };
  const watch = new IdleWatch(gateway.clock, idleMs, end);
  for (const each of [socket, upstream])
    each
      .on('data', () => watch.touch())
      .on('error', end)
      .on('close', end);
  watch.touch();
  socket.write(headOf(101, fields));
  if (head.length > 0) socket.write(head);
  if (client.head.length > 0) upstream.write(client.head);
  socket.pipe(upstream);
  upstream.pipe(socket);
}

/** Forward mode's CONNECT: a blind tunnel to an allowed port (P-16, threat 11). */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/errors.ts';
import { Fields } from '../../core/fields.ts';
import type { Egress } from '../../egress/fetch-upstream.ts';
import type { Detection } from '../../profiles/detection.ts';
import type { Access } from '../access.ts';
import type { AddressRange } from '../address-range.ts';
import type { Mode } from '../config.ts';
import { findPeer, type Received } from '../received.ts';
import { refuseSocket } from '../refuse-socket.ts';
import { traceOfTunnel } from '../steps/make-trace.ts';
import type { DoneExchange } from '../traffic/traffic.ts';

export interface TunnelParts {
  readonly modes: readonly Mode[];
  readonly access: Access;
  readonly egress: Egress;
  readonly trustedProxies: readonly AddressRange[];
  readonly pseudonym: string;
  readonly detect: (read: (fieldName: string) => string | undefined) => Pick<Detection, 'class'>;
  /** Counts a tunnel once it has ended. */
  readonly note: (done: DoneExchange) => void;
  readonly clock: Clock;
}

/** Opens tunnels; whatever goes wrong is answered as to any other request, and the connection ends. */
export function makeTunnels(
  parts: TunnelParts,
): (message: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void> {
  return async (message, socket, head) => {
    const fields = Fields.fromRaw(message.rawHeaders);
    const gone = new AbortController();
    socket.on('error', () => gone.abort());
    socket.on('close', () => gone.abort());
    try {
      await openTunnel(message, { socket, head, fields, signal: gone.signal }, parts);
    } catch (error) {
      refuseSocket(socket, error, { fields, pseudonym: parts.pseudonym });
    }
  };
}

interface Client {
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly fields: Fields;
  readonly signal: AbortSignal;
}

async function openTunnel(
  message: IncomingMessage,
  { socket, head, fields, signal }: Client,
  parts: TunnelParts,
): Promise<void> {
  if (!parts.modes.includes('forward'))
    throw new GatewayError('METHOD_NOT_ALLOWED', { method: 'CONNECT', allowed: 'GET, HEAD, POST' });
  // RFC 9112 3.2.3: authority-form is host and port, nothing else.
  const authority = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]{1,253}):(\d{1,5})$/i.exec(message.url ?? '');
  if (authority === null) throw new GatewayError('BAD_REQUEST', { why: 'CONNECT takes host:port' });
  const peer = findPeer(message, fields, parts.trustedProxies);
  const asked: Pick<Received, 'fields' | 'peer'> = { fields, peer };
  await parts.access.check(asked, { mode: 'forward' });
  const upstream = await parts.egress.openTunnel({ host: authority[1]!, port: Number(authority[2]), signal });
  socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  countTunnel(upstream, authority[0], { ...parts, fields });
  if (head.length > 0) upstream.write(head);
  upstream.pipe(socket);
  socket.pipe(upstream);
  // No half-open leaks: when one end goes, so does the other.
  upstream.on('error', () => socket.destroy());
  upstream.on('close', () => socket.destroy());
  socket.on('close', () => upstream.destroy());
}

/** Of what goes through a tunnel nothing is known but how much it was. */
function countTunnel(
  upstream: Duplex,
  host: string,
  { note, clock, detect, fields }: Pick<TunnelParts, 'note' | 'clock' | 'detect'> & { readonly fields: Fields },
): void {
  const began = clock.monotonic();
  let bytes = 0;
  upstream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  upstream.once('close', () => {
    const trace = traceOfTunnel(host, detect((name) => fields.get(name)).class);
    note({ trace, status: 200, bytes, ms: clock.monotonic() - began, isBroken: false });
  });
}

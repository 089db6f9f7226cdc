/** A request that asks an origin to change protocols on its connection (RFC 9110 7.8), over a guarded socket. */
import { type IncomingMessage, request } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import { Fields } from '../core/fields.ts';
import { canonicalHost } from './allowed-upstream.ts';
import type { Egress } from './fetch-upstream.ts';
import { portOf } from './target-port.ts';
import { exchangeError } from './upstream-errors.ts';
import type { UpstreamRequest } from './upstream-request.ts';

export interface UpgradeWish extends Pick<UpstreamRequest, 'url' | 'grant'> {
  /** `Connection` and `Upgrade` included. */
  readonly fields: Fields;
  readonly signal: AbortSignal;
  /** Longest wait for the answer once connected. */
  readonly headersMs: number;
}

/** What the origin said: another protocol on the socket from now on, or an answer like any other. */
export interface UpgradeAnswer {
  readonly status: number;
  readonly fields: Fields;
  readonly switched: { readonly socket: Duplex; readonly head: Buffer } | undefined;
  /** The body of an answer that is no switch. */
  readonly body: Readable | undefined;
}

/** @throws GatewayError BLOCKED_TARGET, UPSTREAM_*; the signal's reason when it fires. */
export async function askUpgrade(
  { egress, clock }: { readonly egress: Pick<Egress, 'openSocket'>; readonly clock: Clock },
  { url, grant, fields, signal, headersMs }: UpgradeWish,
): Promise<UpgradeAnswer> {
  const host = canonicalHost(url.hostname);
  const socket = await egress.openSocket({ host, port: portOf(url), secure: url.protocol === 'https:', grant, signal });
  const { promise, resolve, reject } = Promise.withResolvers<UpgradeAnswer>();
  const asked = request({
    createConnection: () => socket,
    path: `${url.pathname}${url.search}`,
    headers: ['host', url.host, ...fields.toRaw()],
    signal,
    maxHeaderSize: 65_536,
    insecureHTTPParser: false,
  });
  const timer = clock.after(headersMs, () => asked.destroy(new GatewayError('UPSTREAM_TIMEOUT', { host })));
  asked.on('error', (error) => reject(signal.aborted ? signal.reason : exchangeError(host, error)));
  asked.on('upgrade', (message, switched, head) =>
    resolve({ ...headOf(message), switched: { socket: switched, head }, body: undefined }),
  );
  asked.on('response', (message) => resolve({ ...headOf(message), switched: undefined, body: message }));
  asked.end();
  try {
    return await promise;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    timer.cancel();
  }
}

function headOf(message: IncomingMessage): Pick<UpgradeAnswer, 'status' | 'fields'> {
  return { status: message.statusCode ?? 0, fields: Fields.fromRaw(message.rawHeaders) };
}

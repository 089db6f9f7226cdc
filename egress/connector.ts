/** The guarded connection: look up, check every address, connect to a checked one, check who answered (threats 1 to 4). */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { AddressPolicy, Destination } from './address-policy.ts';
import { isSameAddress, readAddress } from './ip-address.ts';
import type { Resolve } from './resolve.ts';
import { connectError, tlsError } from './upstream-errors.ts';

/** Addresses tried for one connection; a name with more is tried no further. */
const MAX_TRIES = 4;

export interface ConnectorParts {
  readonly policy: AddressPolicy;
  readonly resolve: Resolve;
  readonly clock: Clock;
  /** Bound of the whole, name look-up and handshake included. */
  readonly timeoutMs: number;
  /** PEM of authorities to trust instead of the system's. */
  readonly authorities?: string | readonly string[] | undefined;
}

interface ConnectionWish extends Destination {
  readonly secure: boolean;
  /** Protocols offered in the handshake. Default: `http/1.1` alone. */
  readonly protocols?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Opens connections that only ever reach addresses the policy let through. */
export type Connect = (wish: ConnectionWish) => Promise<Socket>;

export function makeConnect(parts: ConnectorParts): Connect {
  return async (wish) => {
    const started = parts.clock.monotonic();
    parts.policy.checkTarget(wish);
    const addresses = await findAddresses(parts, wish);
    parts.policy.checkAddresses(wish, addresses);
    const tries = addresses.slice(0, MAX_TRIES);
    let failure: unknown;
    for (const [index, address] of tries.entries()) {
      const left = parts.timeoutMs - (parts.clock.monotonic() - started);
      // Each try gets its share of what is left, so that one dead address does not use up the time of the others.
      const shareMs = Math.max(1, left / (tries.length - index));
      try {
        return await openSocket(parts, wish, { address, shareMs });
      } catch (error) {
        failure = error;
        const decided =
          error instanceof GatewayError && (error.code === 'UPSTREAM_TLS' || error.code === 'BLOCKED_TARGET');
        if (decided || wish.signal?.aborted) break;
      }
    }
    throw failure;
  };
}

async function findAddresses(
  { clock, resolve, timeoutMs }: ConnectorParts,
  wish: ConnectionWish,
): Promise<readonly string[]> {
  const { host, signal } = wish;
  if (isIP(host) !== 0) return [host];
  const waiting = Promise.withResolvers<never>();
  const timer = clock.after(timeoutMs, () => waiting.reject(new GatewayError('UPSTREAM_DNS_TIMEOUT', { host })));
  const abort = () => waiting.reject(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    signal?.throwIfAborted();
    const addresses = await Promise.race([resolve(host), waiting.promise]);
    if (addresses.length === 0) throw new GatewayError('UPSTREAM_DNS', { host });
    return addresses;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw error instanceof GatewayError ? error : new GatewayError('UPSTREAM_DNS', { host }, { cause: error });
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', abort);
  }
}

interface Try {
  readonly address: string;
  readonly shareMs: number;
}

async function openSocket(parts: ConnectorParts, wish: ConnectionWish, { address, shareMs }: Try): Promise<Socket> {
  const { host, port, secure, signal } = wish;
  signal?.throwIfAborted();
  const socket = secure ? startTls(parts, wish, address) : connectTcp({ host: address, port, noDelay: true });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (error: unknown) => reject(secure ? tlsError(host, error) : connectError(host, error));
  const abort = () => reject(signal?.reason);
  const timer = parts.clock.after(shareMs, () => reject(new GatewayError('UPSTREAM_CONNECT_TIMEOUT', { host })));
  socket.once(secure ? 'secureConnect' : 'connect', resolve);
  // Stays until the socket has another listener for errors, so that a late one never goes unhandled.
  socket.on('error', fail);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await promise;
    checkPeer(parts.policy, wish, { socket, address });
    socket.setKeepAlive(true, 60_000);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', abort);
  }
}

function startTls({ authorities }: ConnectorParts, wish: ConnectionWish, address: string): TLSSocket {
  const { host, port, protocols = ['http/1.1'] } = wish;
  const isLiteral = isIP(host) !== 0;
  return connectTls({
    host: address,
    port,
    // The name asked for, not the address used, is what the certificate must be for. There is no switch to turn
    // verification off (threat 12).
    ...(isLiteral ? {} : { servername: host.replace(/\.$/, '') }),
    rejectUnauthorized: true,
    ALPNProtocols: [...protocols],
    ...(authorities === undefined ? {} : { ca: typeof authorities === 'string' ? authorities : [...authorities] }),
  });
}

function checkPeer(policy: AddressPolicy, wish: ConnectionWish, reached: { socket: Socket; address: string }): void {
  const peer = reached.socket.remoteAddress ?? '';
  const [actual, expected] = [readAddress(peer), readAddress(reached.address)];
  if (actual === undefined || expected === undefined || !isSameAddress(actual, expected))
    throw new GatewayError('BLOCKED_TARGET', { host: wish.host, why: 'another address answered than the one checked' });
  policy.checkAddresses(wish, [peer]);
}

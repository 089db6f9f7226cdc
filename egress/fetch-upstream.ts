/** The only way out for requests: guarded, bounded, cached by RFC 9111. */
import type { Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import { type Destination, type Grant, type Listener, makeAddressPolicy } from './address-policy.ts';
import { canonicalHost } from './allowed-upstream.ts';
import { Breaker } from './breaker.ts';
import type { EgressSettings } from './config.ts';
import { type Connect, makeConnect } from './connector.ts';
import { openDispatchLayers } from './dispatch-layers.ts';
import { OriginSlots } from './origin-slots.ts';
import { makeMemoryStore, type OriginStore } from './origin-store.ts';
import { followRedirects } from './redirects.ts';
import { type Resolve, systemResolve } from './resolve.ts';
import { sendRequest } from './send-request.ts';
import type { Shield } from './shield.ts';
import { portOf } from './target-port.ts';
import type { UpstreamRequest } from './upstream-request.ts';
import type { UpstreamResponse } from './upstream-response.ts';

/** A bare connection, for tunnels and for sessions of other protocols. */
interface SocketRequest {
  /** Host name, or address literal with or without brackets. */
  readonly host: string;
  readonly port: number;
  /** TLS, verified. Default false. */
  readonly secure?: boolean | undefined;
  /** Protocols offered in the handshake. Default `http/1.1`. */
  readonly protocols?: readonly string[] | undefined;
  readonly grant?: Grant | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface EgressParts {
  readonly clock: Clock;
  /** Where this gateway, its admin and fleet parts listen: never a target (threat 4). Asked anew for each connection. */
  readonly ownListeners: () => readonly Listener[];
  /** Default: the system's resolver. */
  readonly resolve?: Resolve | undefined;
  /** Addresses of this machine. Default: those of its network interfaces. */
  readonly localAddresses?: (() => readonly string[]) | undefined;
  /** Where originals are kept. Default: in memory, at most 64 MiB; nowhere where ORIGIN_CACHE_BYTES is 0. */
  readonly store?: OriginStore | undefined;
  /** Where misses meet; asked anew for each. Default: the origin is always asked from here. */
  readonly shield?: (() => Shield | undefined) | undefined;
  /** PEM of certificate authorities to trust instead of the system's. */
  readonly authorities?: string | readonly string[] | undefined;
}

export interface Egress {
  /**
   * Fetches. The response's body must be read or destroyed.
   *
   * @throws GatewayError BLOCKED_TARGET, UPSTREAM_*, SHED; the signal's reason when it fires.
   */
  fetchUpstream(request: UpstreamRequest): Promise<UpstreamResponse>;
  /**
   * Opens a guarded connection; UPSTREAM_PORTS bind.
   *
   * @throws GatewayError BLOCKED_TARGET, UPSTREAM_*.
   */
  openSocket(request: SocketRequest): Promise<Socket>;
  /** As `openSocket`, for CONNECT: CONNECT_PORTS bind, no TLS (threat 11, P-16). */
  openTunnel(request: SocketRequest): Promise<Socket>;
  /**
   * What can be said of a target before its name is looked up. Every fetch does it anyway.
   *
   * @throws GatewayError BLOCKED_TARGET.
   */
  checkTarget(url: URL, grant?: Grant): void;
  /** Requests under way or waiting. */
  readonly pending: number;
  /** Ends all exchanges and connections. */
  close(): Promise<void>;
}

const MAX_MEMORY_BYTES = 67_108_864;

/** Opens the way out. */
export function openEgress(settings: EgressSettings, parts: EgressParts): Egress {
  const { clock } = parts;
  const { targetsAllow, upstreamAllow, upstreamPorts, connectPorts } = settings;
  const policy = makeAddressPolicy({
    targetsAllow,
    upstreamAllow,
    ownListeners: parts.ownListeners,
    localAddresses: parts.localAddresses,
  });
  const connect = makeConnect({
    policy,
    resolve: parts.resolve ?? systemResolve,
    clock,
    timeoutMs: settings.connectTimeoutMs,
    authorities: parts.authorities,
  });
  const breaker = new Breaker({ clock, failures: settings.breakerFailures, openMs: settings.breakerOpenMs });
  const slots = new OriginSlots({ active: settings.originConnections, queued: settings.originQueue });
  const memoryBytes = Math.min(settings.originCacheBytes, MAX_MEMORY_BYTES);
  const store = parts.store ?? (memoryBytes > 0 ? makeMemoryStore(memoryBytes) : undefined);
  const layers = openDispatchLayers({
    connect,
    breaker,
    slots,
    store,
    shield: parts.shield ?? (() => undefined),
    settings,
  });
  const sender = { settings, clock, layers };

  const check = (url: URL, grant?: Grant) => policy.checkTarget(destinationOf(url, upstreamPorts, grant));
  const fetchOnce = (request: UpstreamRequest) => {
    check(request.url, request.grant);
    return sendRequest(sender, request);
  };
  return {
    fetchUpstream: async (request) =>
      (request.followRedirects ?? 'never') === 'never' ? fetchOnce(request) : followRedirects(fetchOnce, request),
    openSocket: (request) => openSocket(connect, request, upstreamPorts),
    openTunnel: async (request) => {
      // An UPSTREAM_ALLOW entry without a port says what may be fetched, on any port; a blind tunnel is no fetch.
      const isNamed = upstreamAllow.some((entry) => entry.port === request.port);
      if (!connectPorts.includes(request.port) && !isNamed)
        throw new GatewayError('BLOCKED_TARGET', {
          host: request.host,
          why: `tunnels to port ${request.port} are not allowed`,
        });
      return await openSocket(connect, { ...request, secure: false }, connectPorts);
    },
    checkTarget: check,
    get pending() {
      return slots.size;
    },
    close: () => layers.close(),
  };
}

function destinationOf(url: URL, ports: readonly number[], grant: Grant | undefined): Destination {
  if (url.username !== '' || url.password !== '')
    throw new GatewayError('BAD_TARGET', {
      target: url.host,
      why: 'user names and passwords in addresses are not taken',
    });
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new GatewayError('BAD_TARGET', { target: url.protocol, why: 'only http and https are served' });
  return { host: canonicalHost(url.hostname), port: portOf(url), ports, grant };
}

function openSocket(connect: Connect, request: SocketRequest, ports: readonly number[]): Promise<Socket> {
  const { secure = false, host, ...rest } = request;
  return connect({ ...rest, host: canonicalHost(host), secure, ports });
}

/** The dispatcher of the way out, from the connection up: pool, shield, gate, origin cache; once for all, once for grants. */

import { LRUCache } from 'lru-cache';
import { Agent, type Dispatcher, interceptors } from 'undici';
import { canonicalHost } from './allowed-upstream.ts';
import type { Breaker } from './breaker.ts';
import type { EgressSettings } from './config.ts';
import type { Connect } from './connector.ts';
import { makeOriginGate } from './origin-gate.ts';
import { partitionStore } from './origin-partition.ts';
import type { OriginSlots } from './origin-slots.ts';
import type { OriginStore } from './origin-store.ts';
import { makePartStore, type PartStore } from './part-store.ts';
import { makeShieldLayer, type Shield } from './shield.ts';

/** Origins whose last address is remembered. */
const MAX_REMOTES = 2000;
const KEEP_ALIVE_MS = 10_000;
const MAX_PART_BYTES = 33_554_432;

/** One set of connections with the cache over it. */
export interface Partition {
  /** Straight to the origin, past the cache. */
  readonly direct: Dispatcher;
  /** Through the origin cache, where there is one. */
  readonly cached: Dispatcher;
  /** The partition's part of the store. */
  readonly store: OriginStore | undefined;
  /** Parts of what is not stored whole. */
  readonly parts: PartStore | undefined;
}

export interface DispatchLayers {
  /** For targets anybody may name. */
  readonly open: Partition;
  /** For targets named in a configuration: connections and stored responses are never shared with the others. */
  readonly granted: Partition;
  /** Address of the connection last made to an origin. */
  remoteOf(origin: string): string | undefined;
  close(): Promise<void>;
}

interface LayerParts {
  readonly connect: Connect;
  readonly breaker: Breaker;
  readonly slots: OriginSlots;
  readonly store: OriginStore | undefined;
  readonly shield: () => Shield | undefined;
  readonly settings: EgressSettings;
}

export function openDispatchLayers(parts: LayerParts): DispatchLayers {
  const remotes = new LRUCache<string, string>({ max: MAX_REMOTES });
  const agents = { open: makeAgent(parts, remotes, false), granted: makeAgent(parts, remotes, true) };
  const gate = makeOriginGate(parts.breaker, parts.slots);
  const makePartition = (name: 'open' | 'granted'): Partition => {
    const direct = agents[name].compose(makeShieldLayer(parts.shield, name === 'granted'), gate);
    if (parts.store === undefined) return { direct, cached: direct, store: undefined, parts: undefined };
    const pieces = makePartStore(partBytes(parts.settings));
    const store = partitionStore(parts.store, name, (url) => pieces.drop(url));
    return {
      direct,
      cached: direct.compose(interceptors.cache({ store, methods: ['GET', 'HEAD'] })),
      store,
      parts: pieces,
    };
  };
  return {
    open: makePartition('open'),
    granted: makePartition('granted'),
    remoteOf: (origin) => remotes.get(origin),
    close: async () => {
      await Promise.all([agents.open.destroy(), agents.granted.destroy()]);
    },
  };
}

/** Bytes of parts that a partition keeps in memory. */
export function partBytes({ originCacheBytes }: Pick<EgressSettings, 'originCacheBytes'>): number {
  return Math.min(MAX_PART_BYTES, Math.floor(originCacheBytes / 8));
}

/** Offered to origins in the handshake (RFC 9113 3.2). */
const PROTOCOLS = ['h2', 'http/1.1'];

function makeAgent({ connect, settings }: LayerParts, remotes: LRUCache<string, string>, isGranted: boolean): Agent {
  return new Agent({
    connections: settings.originConnections,
    // HTTP/1.1 asks one thing at a time of a connection, HTTP/2 as many as its slots let through.
    maxHeaderSize: settings.maxUpstreamFieldBytes,
    // All deadlines are ours (`ResponseReceiver`): one clock, and the caller says which bind.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: (options, callback) => {
      const secure = options.protocol === 'https:';
      const host = canonicalHost(options.hostname);
      const port = Number(options.port) || (secure ? 443 : 80);
      // Whoever dispatches to this agent has checked that the grant is for this very host and port.
      const grant = isGranted ? { host, port } : undefined;
      connect({ host, port, secure, protocols: PROTOCOLS, grant, ports: settings.upstreamPorts }).then(
        (socket) => {
          const isDefault = port === (secure ? 443 : 80);
          const name = host.includes(':') ? `[${host}]` : host;
          remotes.set(`${options.protocol}//${name}${isDefault ? '' : `:${port}`}`, socket.remoteAddress ?? '');
          callback(null, socket);
        },
        (error: Error) => callback(error, null),
      );
    },
  });
}

/** Opens the fleet side of a server. Without NATS_URL it is a fleet of one, with nothing to install. */
import type { KeyObject } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Values } from '../core/config.ts';
import type { Executor } from '../core/executor.ts';
import type { FleetGate, PlacedComponent, PlacedSet, SetData, SetHost } from '../core/fleet.ts';
import type { Log } from '../core/log.ts';
import type { Grant, Listener } from '../egress/address-policy.ts';
import type { Egress } from '../egress/fetch-upstream.ts';
import type { Shield } from '../egress/shield.ts';
import { FleetAgent } from './agent.ts';
import { makeBlobSources } from './blob-sources.ts';
import { type BlobStore, openBlobStore } from './blobs/blob-store.ts';
import { readBundle } from './bundle/read-bundle.ts';
import { readTrustedKeys } from './bundle/signing-keys.ts';
import type { ChannelDoor } from './channel.ts';
import type { fleetSettings } from './config.ts';
import { type FleetControl, makeFleetControl } from './control.ts';
import { type FleetStore, openFleetStore } from './fleet-store.ts';
import type { FleetView } from './fleet-view.ts';
import { openGate } from './gate.ts';
import { type Holdings, openHoldings } from './holdings.ts';
import { makePeerRoutes, type PeerRouteParts } from './peer-routes.ts';
import { type NodeKey, readOrMakeNodeKey, verifyBy } from './peers/node-key.ts';
import { makePeers } from './peers/peer-client.ts';
import { makePeerServer, type PeerServer } from './peers/peer-server.ts';
import type { Peers } from './peers/peers.ts';
import { makeProfileAuthority, type ProfileAuthority, type ProfileAuthorityParts } from './profile-authority.ts';
import { openLocalRegistry } from './registry/local-registry.ts';
import { openNatsRegistry } from './registry/nats-registry.ts';
import type { Registry } from './registry/registry.ts';
import { makeSetData } from './set-data.ts';
import { makeShield, ORIGIN } from './shield.ts';
import { makeVariantShare } from './variant-share.ts';

export interface FleetParts {
  readonly settings: Values<typeof fleetSettings> & {
    readonly dataDir: string;
    readonly adminPort: number;
    readonly serviceTimeoutMs: number;
    readonly maxServiceBytes: number;
  };
  /** Origin under which clients and peers reach this server. */
  readonly publicOrigin: () => string;
  readonly egress: Egress;
  readonly profiles: ProfileAuthorityParts['profiles'];
  /** Makes what runs the sets held here; it asks the fleet for their data. */
  readonly makeHost: (data: SetData, dataFolder: (set: string) => string) => SetHost;
  /** Runs plans with the formatters that are here. */
  readonly executor: Executor;
  /** Formatters that are here, as `name@version`. */
  readonly formatters: () => readonly string[];
  /** Tries the examples of what is new in a set. */
  readonly tryOut: (host: SetHost, set: PlacedSet, fresh: readonly PlacedComponent[]) => Promise<readonly string[]>;
  readonly variants: PeerRouteParts['variants'];
  /** What this server's configuration lets be fetched although private. */
  readonly grantOf: (url: URL) => Grant | undefined;
  /** What front-ends ask of this server; `undefined` where it is nobody's back-end. */
  readonly door: ChannelDoor | undefined;
  /** Whether an authority (`host[:port]`) is this server's own. */
  readonly isOwn: (authority: string) => boolean;
  readonly load: () => number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Fleet {
  readonly gate: FleetGate;
  readonly host: SetHost;
  /** Answers what other servers ask. */
  readonly peers: PeerServer;
  readonly profiles: ProfileAuthority;
  /** Sets this server holds, as they are now. */
  placed(): readonly PlacedSet[];
  /** Raised whenever `placed` or what others hold changes. */
  onChange(listener: () => void): void;
  /** Where the engine and the admin parts of other servers listen: never a target (threat 4). */
  barredListeners(): readonly Listener[];
  /** Where misses of one address meet. */
  readonly shield: Shield;
  /** Joins the fleet: in one process of a server alone. */
  join(): Promise<FleetControl>;
  /** Tells the others that this server goes. */
  leave(): Promise<void>;
  close(): Promise<void>;
}

/** Largest body that one server sends another, beyond what services may send. */
const MAX_PEER_BODY = 256 * 1024 * 1024;
const MAX_STREAMS = 1_000;
const NATS_PORT = 4222;
/** How long a start waits for the engine. */
const JOIN_MS = 2_000;

/** @throws RangeError for keys that cannot be read. */
export function openFleet(parts: FleetParts): Fleet {
  const { settings, clock, egress, log } = parts;
  const folder = join(settings.dataDir, 'fleet');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const store = openFleetStore(join(folder, 'fleet.db'), settings.nodeName, clock);
  const nodeKey = readOrMakeNodeKey(folder);
  const trusted = settings.fleetKeys === undefined ? [] : readTrustedKeys(settings.fleetKeys, 'FLEET_KEYS');
  const blobs = openBlobStore(join(folder, 'blobs'));
  const self = { name: settings.nodeName, sign: (text: string) => nodeKey.sign(text) };
  const others = () => store.view().members.filter(({ name }) => name !== settings.nodeName);
  const peers = makePeers({ self, egress, members: others, clock, log });
  const holdings = openHoldings({
    folder,
    blobs,
    sources: () => makeBlobSources(others(), peers),
    readBundle: (bytes) => readBundle(bytes, trusted),
    clock,
    log,
  });
  const host = parts.makeHost(makeSetData({ store, holdings, peers, clock, host: () => host }), holdings.dataFolder);
  const gate = openGate({
    store,
    host,
    peers,
    variants: makeVariantShare({ view: () => store.view(), peers }),
    limits: settings,
    clock,
    log,
  });
  const owner = () => store.view().authorities['profiles'];
  const profiles = makeProfileAuthority({
    profiles: parts.profiles,
    owner,
    self: settings.nodeName,
    peers,
    store,
    log,
  });
  const shield = makeShield({ view: () => store.view(), peers, egress, grantOf: parts.grantOf, clock });
  const peerServer = makePeerServer({
    self,
    aliases: parts.door === undefined ? [] : [parts.door.identity],
    memberKey: (name) => parts.door?.keys[name] ?? others().find((each) => each.name === name)?.key,
    routes: {
      ...makePeerRoutes({ ...parts, store, host, blobs, profiles }),
      [ORIGIN]: shield.answer,
      ...parts.door?.routes,
    },
    limits: { maxBodyBytes: Math.max(MAX_PEER_BODY, settings.maxServiceBytes), maxStreams: MAX_STREAMS },
    isOwn: parts.isOwn,
    log,
  });
  const takeView = () => {
    const { placed, members } = store.view();
    void host.use(placed);
    peers.keepWarm(members.map(({ name }) => name).filter((name) => name !== settings.nodeName));
  };
  store.watch(takeView);
  takeView();
  const opened = { parts, store, nodeKey, trusted, blobs, holdings, host, gate, peers, profiles, shield, peerServer };
  return makeFleet(opened);
}

interface Opened {
  readonly parts: FleetParts;
  readonly store: FleetStore;
  readonly nodeKey: NodeKey;
  readonly trusted: readonly KeyObject[];
  readonly blobs: BlobStore;
  readonly holdings: Holdings;
  readonly host: SetHost;
  readonly gate: FleetGate;
  readonly peers: Peers;
  readonly profiles: ProfileAuthority;
  readonly shield: Shield;
  readonly peerServer: PeerServer;
}

function makeFleet(opened: Opened): Fleet {
  const { parts, store, host, peers } = opened;
  let agent: FleetAgent | undefined;
  let registry: Registry | undefined;
  return {
    gate: opened.gate,
    host,
    peers: opened.peerServer,
    profiles: opened.profiles,
    shield: opened.shield,
    placed: () => store.view().placed,
    onChange: (listener) => store.watch(listener),
    barredListeners: () => findBarred(store.view(), parts.settings.natsUrl),
    async join() {
      registry = await openRegistry(parts);
      agent = makeAgent(opened, registry);
      // Where no engine answers, the server works from its disk meanwhile.
      const begun = agent.start();
      begun.catch((error: unknown) =>
        parts.log.error('the fleet could not be joined', { reason: (error as Error).message }),
      );
      await Promise.race([begun, new Promise<void>((resolve) => parts.clock.after(JOIN_MS, resolve))]);
      return makeFleetControl({ agent, registry, self: parts.settings.nodeName, ...opened });
    },
    async leave() {
      await agent?.leave();
      agent = undefined;
    },
    async close() {
      await agent?.leave();
      await Promise.all([host.close(), peers.close(), registry?.close()]);
      store.close();
    },
  };
}

function findBarred({ self, members }: FleetView, natsUrl: string | undefined): readonly Listener[] {
  const engines = (natsUrl ?? '').split(',').flatMap((text) => {
    const url = URL.parse(text.includes('://') ? text.trim() : `nats://${text.trim()}`);
    return url === null || url.hostname === '' ? [] : [{ address: url.hostname, port: Number(url.port || NATS_PORT) }];
  });
  const admins = members
    .filter(({ name, adminPort }) => name !== self && adminPort !== 0)
    .map(({ url, adminPort }) => ({ address: new URL(url).hostname, port: adminPort }));
  return [...engines, ...admins];
}

async function openRegistry({ settings, clock, log }: FleetParts): Promise<Registry> {
  const { natsUrl, natsCreds, nodeName, dataDir } = settings;
  if (natsUrl === undefined) return openLocalRegistry({ file: join(dataDir, 'fleet', 'registry.db'), clock, log });
  return await openNatsRegistry({ servers: natsUrl, credsFile: natsCreds, name: nodeName, clock, log });
}

function makeAgent(opened: Opened, registry: Registry): FleetAgent {
  const { parts, store, nodeKey, trusted, holdings, blobs, host } = opened;
  const { settings, publicOrigin, tryOut } = parts;
  return new FleetAgent({
    ...parts,
    self: {
      name: settings.nodeName,
      url: publicOrigin,
      zone: settings.zone,
      adminPort: settings.adminPort,
    },
    registry,
    store,
    holdings,
    blobs,
    folder: join(settings.dataDir, 'fleet'),
    host,
    signer: nodeKey,
    verifyBy,
    trusted,
    tryOut: (set, fresh) => tryOut(host, set, fresh),
  });
}

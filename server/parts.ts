/** The parts of a server, put together; who listens is the business of `main.ts`. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { holdFolder } from '../core/folder-lock.ts';
import { editionTag } from '../core/if-match.ts';
import { readOrMakeSecret } from '../core/instance-key.ts';
import type { Log } from '../core/log.ts';
import type { PlanStep } from '../core/plan.ts';
import { demoData } from '../demo/demo-data.ts';
import { DEMO_VIEW, readDemoView } from '../demo/demo-view.ts';
import { openDemo } from '../demo/open-demo.ts';
import { type EgressParts, openEgress } from '../egress/fetch-upstream.ts';
import { makeFleetExecutor } from '../fleet/fleet-executor.ts';
import type { Fleet } from '../fleet/open-fleet.ts';
import { openRegistry } from '../formatters/open-registry.ts';
import type { Plugins } from '../formatters/plugins.ts';
import { openPool, type Pool } from '../formatters/pool/pool.ts';
import type { FormatterRegistry } from '../formatters/registry.ts';
import { type FormatterSwitches, openSwitches } from '../formatters/switches.ts';
import { openCaches } from '../gateway/cache/open-caches.ts';
import { makeComponentFetch, makeServiceFetch } from '../gateway/component-fetch.ts';
import { openSubdomains } from '../gateway/modes/subdomains.ts';
import { openGateway } from '../gateway/open-gateway.ts';
import { openServices } from '../gateway/services/open-services.ts';
import type { Services } from '../gateway/services/services.ts';
import type { Bound } from '../gateway/shell.ts';
import { readSites } from '../gateway/sites.ts';
import { openSites, type Sites } from '../gateway/sites-store.ts';
import { makeCountedExecutor } from '../gateway/traffic/counted-executor.ts';
import { openTraffic, type Traffic } from '../gateway/traffic/traffic.ts';
import { readUsers } from '../gateway/users.ts';
import { openViews, type Views } from '../gateway/views-store.ts';
import { makeDetector } from '../profiles/detection.ts';
import { openClients } from '../profiles/sqlite-clients.ts';
import { openProfiles } from '../profiles/sqlite-profiles.ts';
import type { Settings } from '../settings.ts';
import { builtInFormatters, builtInServices } from './built-ins.ts';
import { openChannelSide } from './channel.ts';
import { openServerFleet } from './fleet.ts';
import { makeRegistries } from './registries.ts';

/** What a caller may put in place of the machine's own. */
export interface StartOptions {
  readonly clock?: Clock;
  readonly log?: Log;
  readonly resolve?: EgressParts['resolve'];
  readonly authorities?: EgressParts['authorities'];
  /** False leaves the admin listener to another process. Default true. */
  readonly withAdmin?: boolean;
  /** False leaves the updaters, and the registry of the fleet, to another process of this server. Default true. */
  readonly withUpdaters?: boolean;
  /** Where another process runs the demo site. Default: this process starts one while no site is configured. */
  readonly demoOrigin?: string | undefined;
}

/** A server's parts, before it listens. */
export interface Parts {
  readonly gateway: ReturnType<typeof openGateway>;
  readonly pool: Pool;
  readonly registry: () => FormatterRegistry;
  readonly switches: FormatterSwitches;
  readonly plugins: Plugins;
  readonly profiles: ReturnType<typeof openProfiles>;
  readonly clients: ReturnType<typeof openClients>;
  readonly detect: ReturnType<typeof makeDetector>;
  readonly traffic: Traffic;
  readonly sites: Sites;
  readonly views: Views;
  readonly services: Services;
  readonly fleet: Fleet;
  readonly adminToken: AdminToken;
  readonly clock: Clock;
  readonly log: Log;
  /** Own listeners, which are never targets (threat 4). */
  readonly listeners: Bound[];
  /** Origin of the demo site, which is one. */
  readonly demoOrigin: string | undefined;
  readonly state: { whyNotReady: string | undefined; secure: Bound | undefined };
  close(): Promise<void>;
}

/** Opens everything but the listeners: enough to serve a request made in this process. */
export async function openParts(
  settings: Settings,
  options: StartOptions & { clock: Clock; log: Log },
): Promise<Parts> {
  const { clock, log } = options;
  // A restore waits until nobody works with the folder.
  const letGoOfFolder = holdFolder(settings.dataDir, 'shared');
  const sites = openSites(join(settings.dataDir, 'sites.db'), {
    fromFile: readSites(settings.sitesFile),
    clock,
  });
  const views = openViews(join(settings.dataDir, 'views.db'), clock);
  const users = readUsers(settings.usersFile);
  const instanceKey = readOrMakeSecret(settings.dataDir, 'instance.key').secret;
  const adminToken =
    settings.adminToken === undefined
      ? readOrMakeSecret(settings.dataDir, 'admin.token')
      : { secret: settings.adminToken, file: undefined, isNew: false };
  const { registry: initial, plugins } = await openRegistry(
    { builtIns: builtInFormatters, pluginsDir: settings.pluginsDir },
    log,
  );
  const switches = openSwitches(join(settings.dataDir, 'switches.db'));
  const registries = makeRegistries({ initial, switches, log });
  const listeners: Bound[] = [];
  const ownDemo =
    options.demoOrigin === undefined && sites.all().length === 0
      ? await openDemo({ port: settings.demoPort, clock })
      : undefined;
  const demoOrigin = options.demoOrigin ?? ownDemo?.origin;
  const caches = openCaches(settings, { clock, log });
  const egress = openEgress(settings, {
    clock,
    store: caches.store,
    ownListeners: () => [...listeners, ...fleet.barredListeners()],
    shield: () => fleet.shield,
    ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
    ...(options.authorities === undefined ? {} : { authorities: options.authorities }),
  });
  const state: Parts['state'] = { whyNotReady: undefined, secure: undefined };
  const publicOrigin = () => publicOriginOf(settings, { plain: listeners[0]?.port, secure: state.secure?.port });
  const services = await openServices({
    settings,
    builtIns: builtInServices,
    plugins: plugins.others,
    dataFolders: demoOrigin === undefined ? {} : demoData,
    fetch: makeServiceFetch(egress),
    publicOrigin,
    clock,
    log,
  });
  const pool = openPool({
    registry: registries.local(),
    pool: settings.pool,
    limits: settings,
    fetchForComponent: makeComponentFetch(egress, (name) => registries.local().get(name)?.source.thirdParty === false),
    clock,
    log,
  });
  registries.onChange((registry) => pool.use(registry));
  const profiles = openProfiles({ file: join(settings.dataDir, 'profiles.db'), clock });
  const clients = openClients({
    file: join(settings.dataDir, 'clients.db'),
    clock,
    key: instanceKey,
    maxClients: settings.clientRecords,
    maxAgeMs: settings.clientDays * 86_400_000,
  });
  const detect = makeDetector({});
  const traffic = openTraffic({
    file: join(settings.dataDir, 'traffic.db'),
    clock,
    log,
    clients,
    worker: String(process.pid),
    state: () => ({
      pool: { size: pool.size, busy: pool.busy, queued: pool.queued },
      suspended: [...pool.suspended()],
    }),
  });
  const channel = openChannelSide(settings, { egress, clock, log, jar: () => gateway.jar });
  const fleet: Fleet = openServerFleet({
    settings,
    once: channel.once,
    publicOrigin,
    egress,
    pool,
    registries,
    profiles,
    sites,
    gateway: () => gateway,
    clock,
    log,
  });
  const isHere = ({ formatter, version }: PlanStep) => registries.local().get(formatter)?.version === version;
  const executor = makeFleetExecutor({ local: pool, gate: fleet.gate, isHere });
  const subdomains =
    settings.subdomains === undefined
      ? undefined
      : openSubdomains({ name: settings.subdomains, publicOrigin, file: join(settings.dataDir, 'subdomains.db') });
  const gateway: ReturnType<typeof openGateway> = openGateway({
    settings,
    frontEnd: channel.frontEnd,
    fleet: fleet.gate,
    sites,
    users,
    publicOrigin,
    demoOrigin,
    upstreamAllow: settings.upstreamAllow,
    views: withDemoView(views, demoOrigin),
    services,
    instanceKey,
    clock,
    log,
    egress,
    executor: makeCountedExecutor(executor, traffic),
    load: () => ({ busy: pool.busy, queued: pool.queued }),
    registry: registries.planning,
    suspended: () => pool.suspended(),
    formatsOff: new Set(settings.formatsOff),
    profiles,
    clients,
    detect,
    readiness: { whyNot: () => state.whyNotReady },
    caches: caches.formatted,
    subdomains,
  });
  return {
    gateway,
    pool,
    plugins,
    profiles,
    clients,
    detect,
    traffic,
    sites,
    views,
    services,
    adminToken,
    clock,
    log,
    listeners,
    demoOrigin,
    state,
    registry: registries.local,
    switches,
    fleet,
    async close() {
      await Promise.all([fleet.close(), channel.close()]);
      await Promise.all([pool.close(), services.close(), egress.close(), ownDemo?.close()]);
      await caches.close();
      traffic.close();
      gateway.close();
      subdomains?.close();
      profiles.close();
      clients.close();
      switches.close();
      sites.close();
      views.close();
      letGoOfFolder();
    },
  };
}

/** The bearer token and sign-in secret of admins. */
export interface AdminToken {
  readonly secret: string;
  /** Where it is kept; `undefined` when it was configured. */
  readonly file: string | undefined;
  readonly isNew: boolean;
}

// Port 0 is known only once it is bound. With a certificate the gateway is known by its https origin.
function publicOriginOf(
  settings: Settings,
  { plain = settings.port, secure = settings.tlsPort }: { plain: number | undefined; secure: number | undefined },
): string {
  if (settings.publicUrl !== undefined) return settings.publicUrl;
  const isWildcard = settings.host === '0.0.0.0' || settings.host === '::';
  const host = isWildcard ? hostname() : settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  return new URL(settings.tlsCert === undefined ? `http://${host}:${plain}` : `https://${host}:${secure}`).origin;
}

// An admin's view of the same name takes its place.
function withDemoView(views: Views, demoOrigin: string | undefined): Pick<Views, 'get'> {
  const markdown = demoOrigin === undefined ? undefined : readDemoView(demoOrigin);
  return {
    get(name) {
      const held = views.get(name);
      if (held !== undefined || name !== DEMO_VIEW || markdown === undefined) return held;
      return { name, markdown, etag: editionTag(markdown), changed: 0 };
    },
  };
}

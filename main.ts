/** Puts the parts together. The only file that knows everything. */
import cluster from 'node:cluster';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { adminSettings } from './admin/config.ts';
import { type AdminListener, openAdmin } from './admin/open-admin.ts';
import { type Clock, systemClock } from './core/clock.ts';
import { parseSettings, readEnvironment, SettingsError, type Values } from './core/config.ts';
import { Fields } from './core/fields.ts';
import { readOrMakeSecret } from './core/instance-key.ts';
import type { Log } from './core/log.ts';
import { egressSettings } from './egress/config.ts';
import { type Egress, type EgressParts, openEgress } from './egress/fetch-upstream.ts';
import { readBody } from './egress/read-body.ts';
import { parseTargetUrl } from './egress/target-url.ts';
import { fleetSettings } from './fleet/config.ts';
import { readBuiltIns } from './formatters/built-ins.ts';
import { formatterSettings } from './formatters/config.ts';
import { type Plugins, readPlugins } from './formatters/plugins.ts';
import type { FetchForComponent } from './formatters/pool/component-fetches.ts';
import { openPool, type Pool } from './formatters/pool/pool.ts';
import { type FormatterRegistry, makeRegistry } from './formatters/registry.ts';
import { gatewaySettings } from './gateway/config.ts';
import { makeTunnels } from './gateway/modes/tunnel.ts';
import { openGateway } from './gateway/open-gateway.ts';
import { serve } from './gateway/serve.ts';
import { makeShell, type Shell } from './gateway/shell.ts';
import { readSites } from './gateway/sites.ts';
import { readUsers } from './gateway/users.ts';
import { runWorkers } from './gateway/workers.ts';
import { makeDetector } from './profiles/detection.ts';
import { openClients } from './profiles/sqlite-clients.ts';
import { openProfiles } from './profiles/sqlite-profiles.ts';

/** Every setting there is. */
export const settingTable = {
  ...gatewaySettings,
  ...adminSettings,
  ...egressSettings,
  ...formatterSettings,
  ...fleetSettings,
};

export type Settings = Values<typeof settingTable>;

/** The formatters that ship with us. */
export const builtInFormatters: readonly URL[] = ['html-article', 'html-full', 'html-lite', 'links', 'links-text'].map(
  (name) => new URL(`./formatters/${name}/index.ts`, import.meta.url),
);

/** What a caller may put in place of the machine's own. */
export interface StartOptions {
  readonly clock?: Clock;
  readonly log?: Log;
  readonly resolve?: EgressParts['resolve'];
  readonly authorities?: EgressParts['authorities'];
  /** False leaves the admin listener to another process. Default true. */
  readonly withAdmin?: boolean;
}

export interface RunningServer {
  /** Where clients connect. */
  readonly origin: string;
  /** Where admins connect; `undefined` without the admin listener. */
  readonly adminOrigin: string | undefined;
  readonly adminToken: { readonly secret: string; readonly file: string | undefined; readonly isNew: boolean };
  /** Finishes what is under way, then ends everything. */
  close(drainMs?: number): Promise<void>;
}

/**
 * Starts one server in this process.
 *
 * @throws SettingsError, RangeError for settings and files that are wrong.
 */
export async function startServer(
  environment: Readonly<Record<string, string | undefined>>,
  options: StartOptions = {},
): Promise<RunningServer> {
  const settings = parseSettings(settingTable, environment);
  const clock = options.clock ?? systemClock;
  const log = options.log ?? makeLog(settings.logLevel);
  const parts = await openParts(settings, { ...options, clock, log });
  const shell = makeShell({
    serve: (received) => serve(received, parts.gateway),
    tunnel: makeTunnels({
      modes: settings.modes,
      access: parts.gateway.access,
      egress: parts.gateway.egress,
      trustedProxies: settings.trustedProxies,
      pseudonym: parts.gateway.pseudonym,
    }),
    trustedProxies: settings.trustedProxies,
    pseudonym: parts.gateway.pseudonym,
    clock,
    log,
    maxConnections: settings.maxConnections,
    logRequests: settings.logRequests,
  });
  try {
    const bound = await listen(shell, settings.host, settings.port);
    parts.listeners.push(bound);
    const admin = options.withAdmin === false ? undefined : await openAdminListener(settings, parts);
    if (admin !== undefined) parts.listeners.push(admin.bound);
    log.info('listening', { address: bound.address, port: bound.port });
    return runningServer({ settings, shell, admin, parts, bound });
  } catch (error) {
    await parts.close();
    throw error;
  }
}

/** A server's parts, before it listens. */
export interface Parts {
  readonly gateway: ReturnType<typeof openGateway>;
  readonly pool: Pool;
  readonly registry: () => FormatterRegistry;
  readonly useRegistry: (registry: FormatterRegistry) => void;
  readonly plugins: Plugins;
  readonly profiles: ReturnType<typeof openProfiles>;
  readonly clients: ReturnType<typeof openClients>;
  readonly detect: ReturnType<typeof makeDetector>;
  readonly adminToken: RunningServer['adminToken'];
  readonly clock: Clock;
  readonly log: Log;
  /** Own listeners, which are never targets (threat 4). */
  readonly listeners: { address: string; port: number }[];
  readonly state: { whyNotReady: string | undefined };
  close(): Promise<void>;
}

/** Opens everything but the listeners: enough to serve a request made in this process. */
export async function openParts(
  settings: Settings,
  options: StartOptions & { clock: Clock; log: Log },
): Promise<Parts> {
  const { clock, log } = options;
  refuseUnsupported(settings);
  const sites = readSites(settings.sitesFile);
  const users = readUsers(settings.usersFile);
  const instanceKey = readOrMakeSecret(settings.dataDir, 'instance.key').secret;
  const adminToken =
    settings.adminToken === undefined
      ? readOrMakeSecret(settings.dataDir, 'admin.token')
      : { secret: settings.adminToken, file: undefined, isNew: false };
  const { registry: initial, plugins } = await openRegistry(settings, log);
  let registry = initial;
  const listeners: { address: string; port: number }[] = [];
  const egress = openEgress(settings, {
    clock,
    ownListeners: () => listeners,
    ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
    ...(options.authorities === undefined ? {} : { authorities: options.authorities }),
  });
  const pool = openPool({
    registry,
    pool: settings.pool,
    limits: settings,
    fetchForComponent: componentFetch(egress),
    clock,
    log,
  });
  const profiles = openProfiles({ file: join(settings.dataDir, 'profiles.db'), clock });
  const clients = openClients({ file: join(settings.dataDir, 'clients.db'), clock, key: instanceKey });
  const detect = makeDetector({});
  const state: Parts['state'] = { whyNotReady: undefined };
  const gateway = openGateway({
    settings,
    sites,
    users,
    publicOrigin: publicOriginOf(settings),
    instanceKey,
    clock,
    log,
    egress,
    executor: pool,
    registry: () => registry,
    suspended: () => pool.suspended(),
    formatsOff: new Set(settings.formatsOff),
    profiles,
    clients,
    detect,
    readiness: { whyNot: () => state.whyNotReady },
  });
  return {
    gateway,
    pool,
    plugins,
    profiles,
    clients,
    detect,
    adminToken,
    clock,
    log,
    listeners,
    state,
    registry: () => registry,
    useRegistry(next) {
      registry = next;
      pool.use(next);
    },
    async close() {
      await Promise.all([pool.close(), egress.close()]);
      gateway.close();
      profiles.close();
      clients.close();
    },
  };
}

async function openRegistry(settings: Settings, log: Log): Promise<{ registry: FormatterRegistry; plugins: Plugins }> {
  const builder = makeRegistry(await readBuiltIns(builtInFormatters));
  const plugins: Plugins =
    settings.pluginsDir === undefined
      ? { formatters: [], others: [], faults: [] }
      : await readPlugins(settings.pluginsDir, { log });
  const faults = [...plugins.faults];
  for (const plugin of plugins.formatters) {
    try {
      builder.register(plugin);
    } catch (error) {
      faults.push({ path: plugin.source.root, code: 'duplicate-name', message: (error as Error).message });
    }
  }
  for (const fault of faults) log.error('a plugin cannot be used', { ...fault });
  return { registry: builder.freeze(), plugins: { ...plugins, faults } };
}

// A component's fetches leave by the same guarded egress, follow redirects by hand, and carry nothing of the client.
function componentFetch(egress: Egress): FetchForComponent {
  return async (url, signal) => {
    const response = await egress.fetchUpstream({
      method: 'GET',
      url: parseTargetUrl(url),
      fields: new Fields(),
      signal,
      followRedirects: 'any',
    });
    const body = await readBody(response, { maxBytes: 16_000_000, maxDecodedBytes: 32_000_000, signal });
    return {
      status: response.status,
      fields: Object.fromEntries(response.fields.entries()),
      body,
      url: response.url.href,
    };
  };
}

async function listen(shell: Shell, host: string, port: number): Promise<{ address: string; port: number }> {
  shell.server.listen({ host, port });
  await Promise.race([
    once(shell.server, 'listening'),
    once(shell.server, 'error').then(([error]) => Promise.reject(error)),
  ]);
  const { address, port: bound } = shell.server.address() as AddressInfo;
  return { address, port: bound };
}

async function openAdminListener(settings: Settings, parts: Parts): Promise<AdminListener> {
  return await openAdmin({
    settings,
    token: parts.adminToken.secret,
    clock: parts.clock,
    log: parts.log,
    profiles: parts.profiles,
    clients: parts.clients,
    detect: parts.detect,
    registry: parts.registry,
    useRegistry: parts.useRegistry,
    pool: parts.pool,
    readiness: { whyNot: () => parts.state.whyNotReady },
  });
}

interface Running {
  readonly settings: Settings;
  readonly shell: Shell;
  readonly admin: AdminListener | undefined;
  readonly parts: Parts;
  readonly bound: { address: string; port: number };
}

function runningServer({ settings, shell, admin, parts, bound }: Running): RunningServer {
  return {
    origin: `http://${bound.address.includes(':') ? `[${bound.address}]` : bound.address}:${bound.port}`,
    adminOrigin: admin?.origin,
    adminToken: parts.adminToken,
    async close(drainMs = settings.drainMs) {
      parts.state.whyNotReady = 'this server is stopping';
      await shell.drain(drainMs);
      await admin?.close();
      await parts.close();
    },
  };
}

function publicOriginOf(settings: Settings): string {
  if (settings.publicUrl !== undefined) return settings.publicUrl;
  const isWildcard = settings.host === '0.0.0.0' || settings.host === '::';
  const host = isWildcard ? hostname() : settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  return new URL(`http://${host}:${settings.port}`).origin;
}

// What is promised but not there yet must not be mistaken for working.
function refuseUnsupported(settings: Settings): void {
  const wanted = [
    ['NATS_URL', settings.natsUrl],
    ['BACK_END', settings.backEnd],
    ['TLS_CERT', settings.tlsCert],
    ['SUBDOMAINS', settings.subdomains],
  ].filter(([, value]) => value !== undefined);
  if (wanted.length > 0)
    throw new SettingsError(
      wanted.map(([variable]) => ({ variable: String(variable), message: 'is not supported by this version yet' })),
    );
}

function makeLog(level: string): Log {
  const logger = pino({ level, base: null }, pino.destination({ dest: 2, sync: false }));
  const say =
    (name: 'debug' | 'info' | 'warn' | 'error') => (message: string, fields?: Readonly<Record<string, unknown>>) => {
      const { error, ...rest } = fields ?? {};
      logger[name](error === undefined ? rest : { ...rest, err: error }, message);
    };
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}

/** The `serve` verb: one process, or as many workers as WORKERS says, until a signal ends them. */
export async function runServer(environment = readEnvironment()): Promise<void> {
  const settings = parseSettings(settingTable, environment);
  if (cluster.isPrimary && settings.workers > 1)
    return await runWorkers({
      workers: settings.workers,
      drainMs: settings.drainMs,
      announce: (origins) => announce(origins, settings),
    });
  const share = cluster.isWorker ? { POOL: String(Math.max(1, Math.floor(settings.pool / settings.workers))) } : {};
  const isFirst = cluster.isPrimary || environment['FORMAT_GATEWAY_WORKER'] === '1';
  const server = await startServer({ ...environment, ...share }, { withAdmin: isFirst });
  if (cluster.isWorker) process.send?.({ origin: server.origin, adminOrigin: server.adminOrigin });
  else announce(server, settings);
  const stop = once(process, 'SIGTERM').then(() => undefined);
  await Promise.race([stop, once(process, 'SIGINT'), once(process, 'disconnect')]);
  await server.close();
  process.exit(0);
}

function announce(
  { origin, adminOrigin }: { origin: string; adminOrigin: string | undefined },
  settings: Settings,
): void {
  const token = settings.adminToken === undefined ? `, token in ${join(settings.dataDir, 'admin.token')}` : '';
  console.log(`Format gateway: ${origin}/   (try ${origin}/https://example.org/)`);
  if (adminOrigin !== undefined) console.log(`Admin API:      ${adminOrigin}/api/${token}`);
}

if (import.meta.main) {
  try {
    await runServer();
  } catch (error) {
    console.error(
      error instanceof SettingsError || error instanceof RangeError
        ? `The settings are wrong:\n${error.message}`
        : error,
    );
    process.exit(error instanceof SettingsError || error instanceof RangeError ? 2 : 1);
  }
}

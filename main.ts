import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { type AdminListener, openAdmin } from './admin/open-admin.ts';
import { systemClock } from './core/clock.ts';
import type { FleetControl } from './fleet/control.ts';
import { makeTunnels } from './gateway/modes/tunnel.ts';
import { makeUpgrades } from './gateway/modes/upgrade.ts';
import { makeLog } from './gateway/pino-log.ts';
import { serve } from './gateway/serve.ts';
import { type Bound, listen, makeShell, originOf, type Shell } from './gateway/shell.ts';
import { tlsFilesOf } from './gateway/tls-files.ts';
import { type AdminToken, openParts, type Parts, type StartOptions } from './server/parts.ts';
import { readSettings } from './server/read-settings.ts';
import type { Settings } from './settings.ts';

// Bodies are external memory: counted in the global limit they do not make V8 collect at every picture (25 to 10 ms of a
// picture miss in this process, measured by bench/picture-miss).
setFlagsFromString('--external-memory-accounted-in-global-limit');
// V8 begins a full collection when less than its nursery is left to a limit a little over what lives: eight megabytes of
// bodies were enough, and each collection costs as much as a picture. Double what lives is the limit instead.
setFlagsFromString('--heap-growing-percent=100');

export interface RunningServer {
  /** Where clients connect. */
  readonly origin: string;
  /** Where clients connect by https; `undefined` without a certificate. */
  readonly secureOrigin: string | undefined;
  /** Where the demo site is; `undefined` when sites are configured. */
  readonly demoOrigin: string | undefined;
  /** Where admins connect; `undefined` without the admin listener. */
  readonly adminOrigin: string | undefined;
  readonly adminToken: AdminToken;
  /** A link that signs a person in to the admin UI once, within fifteen minutes; `undefined` without the admin listener. */
  makeSignInLink(): string | undefined;
  /** Finishes what is under way, then ends everything. */
  close(drainMs?: number): Promise<void>;
}

/**
 * Starts one server in this process.
 *
 * @throws SettingsError for settings, and files they name, that are wrong.
 */
export async function startServer(
  environment: Readonly<Record<string, string | undefined>>,
  options: StartOptions = {},
): Promise<RunningServer> {
  const settings = readSettings(environment);
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
      detect: parts.gateway.identity.detect,
      note: parts.traffic.note,
      clock,
    }),
    upgrade: makeUpgrades({
      gateway: parts.gateway,
      trustedProxies: settings.trustedProxies,
      perClient: settings.socketsPerClient,
      idleMs: settings.passIdleTimeoutMs,
      headersMs: settings.headersTimeoutMs,
      note: parts.traffic.note,
    }),
    trustedProxies: settings.trustedProxies,
    pseudonym: parts.gateway.pseudonym,
    clock,
    log,
    maxConnections: settings.maxConnections,
    logRequests: settings.logRequests,
    note: parts.traffic.note,
    // A fleet of one has nobody to talk to.
    peers: (settings.natsUrl ?? settings.channelSecret) ? parts.fleet.peers : undefined,
    tls: tlsFilesOf(settings.tlsCert, settings.tlsKey, ['TLS_CERT', 'TLS_KEY']),
  });
  try {
    const bound = await listen(shell.server, settings.host, settings.port);
    parts.listeners.push(bound);
    if (shell.secure !== undefined) {
      parts.state.secure = await listen(shell.secure.server, settings.host, settings.tlsPort);
      parts.listeners.push(parts.state.secure);
    }
    // The admin listener may be another process's: it is nobody's target all the same (threat 4).
    if (settings.adminPort !== 0) parts.listeners.push({ address: settings.adminHost, port: settings.adminPort });
    const control = options.withUpdaters === false ? undefined : await parts.fleet.join();
    const admin = options.withAdmin === false ? undefined : await openAdminListener(settings, parts, control);
    if (admin !== undefined) parts.listeners.push(admin.bound);
    if (options.withUpdaters !== false) parts.services.startUpdaters();
    log.info('listening', { address: bound.address, port: bound.port });
    return runningServer({ settings, shell, admin, parts, bound });
  } catch (error) {
    await parts.close();
    throw error;
  }
}

async function openAdminListener(
  settings: Settings,
  parts: Parts,
  control: FleetControl | undefined,
): Promise<AdminListener> {
  return await openAdmin(settings, {
    ...parts,
    control,
    profileAuthority: parts.fleet.profiles,
    token: parts.adminToken.secret,
    auditFile: join(settings.dataDir, 'audit.db'),
    readiness: { whyNot: () => parts.state.whyNotReady },
  });
}

interface Running {
  readonly settings: Settings;
  readonly shell: Shell;
  readonly admin: AdminListener | undefined;
  readonly parts: Parts;
  readonly bound: Bound;
}

function runningServer({ settings, shell, admin, parts, bound }: Running): RunningServer {
  return {
    origin: originOf('http', bound),
    secureOrigin: parts.state.secure === undefined ? undefined : originOf('https', parts.state.secure),
    adminOrigin: admin?.origin,
    demoOrigin: parts.demoOrigin,
    adminToken: parts.adminToken,
    makeSignInLink: () => (admin === undefined ? undefined : `${admin.origin}${admin.makeSignInPath()}`),
    async close(drainMs = settings.drainMs) {
      parts.state.whyNotReady = 'this server is stopping';
      await parts.fleet.leave();
      await shell.drain(drainMs);
      await admin?.close();
      await parts.close();
    },
  };
}

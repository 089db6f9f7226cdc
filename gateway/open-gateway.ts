/** Opens what the gateway keeps: jar, sessions, caches, pages; and ties it to the parts it is given. */
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import type { DiskCache } from '../core/cache/disk-cache.ts';
import type { Clock } from '../core/clock.ts';
import type { Values } from '../core/config.ts';
import type { Executor } from '../core/executor.ts';
import type { FleetGate } from '../core/fleet.ts';
import type { Log } from '../core/log.ts';
import type { AllowedUpstream } from '../egress/allowed-upstream.ts';
import type { Egress } from '../egress/fetch-upstream.ts';
import type { FormatterRegistry } from '../formatters/registry.ts';
import type { Clients } from '../profiles/clients.ts';
import type { Detection } from '../profiles/detection.ts';
import type { Profiles } from '../profiles/profiles.ts';
import { makeAccess } from './access.ts';
import { hostNameOf } from './address.ts';
import { makeImprover, type PoolLoad } from './cache/improver.ts';
import { makeOriginalIndex } from './cache/original-index.ts';
import { makeRememberedHosts } from './cache/remembered-hosts.ts';
import { makeReplyMemo } from './cache/reply-memo.ts';
import { makeSingleFlight } from './cache/single-flight.ts';
import { makeVariantCache } from './cache/variant-cache.ts';
import type { FrontEnd } from './channel/front-end.ts';
import { makeWaitingPage } from './channel/waiting-page.ts';
import type { gatewaySettings } from './config.ts';
import { makeCookieJar } from './cookie-jar.ts';
import { openDocuments } from './documents.ts';
import { makeFormTokens } from './form-token.ts';
import { makePasses } from './modes/subdomain-pass.ts';
import type { Subdomains } from './modes/subdomains.ts';
import { makeEnterPage } from './pages/enter.ts';
import { goPage } from './pages/go.ts';
import { healthPage, makeReadyPage, type Readiness } from './pages/health.ts';
import { makeHomePage } from './pages/home.ts';
import { makePageForms } from './pages/page-forms.ts';
import { makePages, type Pages, robotsPage } from './pages/pages.ts';
import { makePacPage } from './pages/proxy-pac.ts';
import { makeServicesPage } from './pages/services.ts';
import { makeSettingsPage } from './pages/settings.ts';
import { makeSetupPage } from './pages/setup.ts';
import { makeShowcase } from './pages/showcase.ts';
import { makeSignInPages } from './pages/sign-in.ts';
import type { Gateway } from './serve.ts';
import type { Services } from './services/services.ts';
import { openSessionStore, type SessionStore } from './session-store.ts';
import type { Sites } from './sites-store.ts';
import type { Users } from './users.ts';
import type { Views } from './views-store.ts';

export type GatewaySettings = Values<typeof gatewaySettings>;

export interface GatewayParts {
  readonly settings: GatewaySettings;
  readonly sites: Sites;
  readonly users: Users;
  readonly services: Services;
  readonly fleet: FleetGate;
  /** Where a back-end is asked. */
  readonly frontEnd?: FrontEnd | undefined;
  readonly views: Pick<Views, 'get'>;
  /** Origin under which clients know the gateway. */
  readonly publicOrigin: () => string;
  /** What may be fetched although it is private; its hosts' pictures are served by link. */
  readonly upstreamAllow: readonly AllowedUpstream[];
  /** Origin of the demo site, a target although it is on loopback; `undefined` without one. */
  readonly demoOrigin: string | undefined;
  /** Secret of this installation, shared by its processes. */
  readonly instanceKey: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly egress: Egress;
  readonly executor: Executor;
  /** How busy the formatter processes are. */
  readonly load: () => PoolLoad;
  readonly registry: () => FormatterRegistry;
  readonly formatsOff: ReadonlySet<string>;
  readonly suspended: () => ReadonlySet<string>;
  readonly profiles: Profiles;
  readonly clients: Clients;
  readonly detect: (read: (fieldName: string) => string | undefined) => Detection;
  readonly readiness: Readiness;
  /** Origins of sites' own in prefix mode, by SUBDOMAINS. */
  readonly subdomains: Subdomains | undefined;
  /** What is known of originals and what was made of them, on disk; without it both are in this process's memory. */
  readonly caches?: { readonly originals: DiskCache; readonly variants: DiskCache } | undefined;
}

export interface OpenGateway extends Gateway {
  close(): void;
}

/** Our name in Via: tells installations apart, reveals nothing, and is the same in all processes of one. */
export function pseudonymOf(instanceKey: string): string {
  return `gw-${createHmac('sha256', instanceKey).update('via').digest('hex').slice(0, 10)}`;
}

export function openGateway(parts: GatewayParts): OpenGateway {
  const { settings, clock } = parts;
  const sessions = openSessionStore({
    file: join(settings.dataDir, 'sessions.db'),
    clock,
    maxCookies: settings.jarCookies,
    maxIdleMs: settings.jarDays * 86_400_000,
  });
  const jar = makeCookieJar(sessions, clock);
  const { users, profiles, clients, detect, egress, executor, log } = parts;
  const passLifeMs = settings.signInHours * 3_600_000;
  const passes = makePasses(parts.instanceKey, clock, passLifeMs);
  const improver = makeImprover({ load: parts.load, clock, log });
  const gateway: OpenGateway = {
    passes,
    clock,
    log,
    egress,
    executor,
    profiles,
    jar,
    rules: {
      modes: settings.modes,
      get sites() {
        return parts.sites.all();
      },
      demoOrigin: parts.demoOrigin,
      fleet: parts.fleet,
      images: {
        hosts: settings.imageHosts,
        upstreamAllow: parts.upstreamAllow,
        keys: settings.linkKeys,
        clock,
      },
      get publicOrigin() {
        return parts.publicOrigin();
      },
      publicHost: hostNameOf(new URL(parts.publicOrigin()).host),
      ownHosts: settings.ownHosts,
      subdomains: parts.subdomains,
    },
    access: makeAccess({
      clientsAllow: settings.clientsAllow,
      requestsPerMinute: settings.requestsPerMinute,
      users,
      sessions,
    }),
    identity: { profiles, clients, detect },
    registry: parts.registry,
    formatsOff: parts.formatsOff,
    suspended: parts.suspended,
    originals: makeOriginalIndex(clock, parts.caches?.originals),
    insisting: makeRememberedHosts('insists on https', clock, parts.caches?.originals),
    rejecting: makeRememberedHosts('rejects altered fields', clock, parts.caches?.originals),
    variants: makeVariantCache({
      maxBytes: settings.variantCacheBytes,
      disk: parts.caches?.variants,
      lifeMs: settings.variantDays * 86_400_000,
      clock,
    }),
    memo: makeReplyMemo(clock),
    flights: makeSingleFlight(),
    improver,
    fetches: makeSingleFlight(),
    documents: openDocuments(),
    services: parts.services,
    fleet: parts.fleet,
    frontEnd: parts.frontEnd,
    views: parts.views,
    pages: makeOwnPages(parts, { sessions, jar, passes, passLifeMs, gateway: () => gateway }),
    pseudonym: pseudonymOf(parts.instanceKey),
    limits: {
      maxPageBytes: settings.maxPageBytes,
      maxImageBytes: settings.maxImageBytes,
      maxUploadBytes: settings.maxUploadBytes,
    },
    close: () => {
      improver.close();
      sessions.close();
    },
  };
  return gateway;
}

interface PageParts {
  readonly sessions: SessionStore;
  readonly jar: Gateway['jar'];
  readonly passes: Gateway['passes'];
  readonly passLifeMs: number;
  /** The gateway that is being opened. */
  readonly gateway: () => Gateway;
}

function makeOwnPages(parts: GatewayParts, { sessions, jar, passes, passLifeMs, gateway }: PageParts): Pages {
  const { users, profiles, clients, detect, clock, settings } = parts;
  const key = createHmac('sha256', parts.instanceKey).update('forms').digest();
  const tokens = makeFormTokens(key, clock);
  const { signIn, signOut } = makeSignInPages({ users, sessions, tokens, signInHours: settings.signInHours });
  const { demoOrigin } = parts;
  const showcase = makeShowcase(demoOrigin, gateway, clock);
  const entries = {
    home: makeHomePage({ profiles, clients, users, sessions, detect, demoOrigin, showcase }),
    setup: makeSetupPage(settings.modes),
    'proxy.pac': makePacPage(settings.modes),
    robots: robotsPage,
    healthz: healthPage,
    readyz: makeReadyPage(parts.readiness),
    go: goPage,
    enter: makeEnterPage(passes, passLifeMs),
    'sign-in': signIn,
    'sign-out': signOut,
    services: makeServicesPage(parts.services, () => gateway().access, settings.maxServiceBytes),
    settings: makeSettingsPage({ clients, profiles, users, sessions, jar, tokens, detect }),
    ...(parts.frontEnd && { waiting: makeWaitingPage(parts.frontEnd.outbox) }),
  };
  return makePages(entries, makePageForms(parts));
}

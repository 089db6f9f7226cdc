/** What the admin listener does, as functions: its API and its UI call the same ones. */
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { FleetControl } from '../fleet/control.ts';
import type { ProfileAuthority } from '../fleet/profile-authority.ts';
import type { Pool } from '../formatters/pool/pool.ts';
import type { FormatterRegistry } from '../formatters/registry.ts';
import type { FormatterSwitches } from '../formatters/switches.ts';
import type { Explained } from '../gateway/explain.ts';
import type { Readiness } from '../gateway/pages/health.ts';
import type { Gateway } from '../gateway/serve.ts';
import type { Services } from '../gateway/services/services.ts';
import type { Sites } from '../gateway/sites-store.ts';
import type { Traffic } from '../gateway/traffic/traffic.ts';
import type { Views } from '../gateway/views-store.ts';
import type { Clients } from '../profiles/clients.ts';
import type { Detection } from '../profiles/detection.ts';
import type { Profiles } from '../profiles/profiles.ts';
import { type ClientActions, makeClientActions } from './actions/client-actions.ts';
import { findImpact, type Impact } from './actions/find-impact.ts';
import { type FleetActions, makeFleetActions } from './actions/fleet-actions.ts';
import { type FormatterActions, makeFormatterActions } from './actions/formatter-actions.ts';
import { type MatchSubject, matchProfile, type ProfileMatch } from './actions/match-profile.ts';
import { makeProfileActions, type ProfileActions } from './actions/profile-actions.ts';
import { makeSiteActions, type SiteActions } from './actions/site-actions.ts';
import { makeViewActions, type ViewActions } from './actions/view-actions.ts';
import { type Audit, openAudit } from './audit/audit.ts';
import { makePreviewFrames, type PreviewFrames } from './preview/frames.ts';
import { type PreviewRequest, preview } from './preview/preview.ts';
import { makeTokenDoor, type TokenDoor } from './token-door.ts';
import { type LiveTraffic, makeLiveTraffic } from './watch/live-traffic.ts';
import { type Metrics, makeMetrics } from './watch/metrics.ts';
import { makeStats, type Stats } from './watch/stats.ts';

/** What this server is in a fleet. */
export interface NodeDescription {
  readonly name: string;
  readonly zone: string;
  /** Of this program. */
  readonly version: string;
  /** Whether it joins others; without it, it is a fleet of one. */
  readonly hasEngine: boolean;
}

/** The parts of the server that are administered. */
export interface AdminParts {
  /** Bearer token. */
  readonly token: string;
  /** True when callers from loopback are on this machine: nothing in front passes requests on. */
  readonly trustsLoopback: boolean;
  /** What this server is in a fleet. */
  readonly node: NodeDescription;
  /** Database file of the audit log, or `:memory:`. */
  readonly auditFile: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly gateway: Gateway;
  readonly profiles: Profiles;
  readonly clients: Clients;
  readonly sites: Sites;
  readonly views: Views;
  readonly services: Pick<Services, 'status'>;
  readonly traffic: Traffic;
  readonly detect: (read: (fieldName: string) => string | undefined) => Detection;
  readonly registry: () => FormatterRegistry;
  readonly switches: FormatterSwitches;
  readonly pool: Pool;
  readonly readiness: Readiness;
  /** What operators ask of the fleet. */
  readonly control: FleetControl | undefined;
  /** Who owns the writes of profiles. */
  readonly profileAuthority: Pick<ProfileAuthority, 'put' | 'remove'>;
}

export interface Admin
  extends Pick<
    AdminParts,
    | 'token'
    | 'trustsLoopback'
    | 'node'
    | 'clock'
    | 'log'
    | 'profiles'
    | 'clients'
    | 'sites'
    | 'views'
    | 'services'
    | 'traffic'
    | 'registry'
    | 'readiness'
  > {
  readonly door: TokenDoor;
  readonly audit: Audit;
  readonly profileActions: ProfileActions;
  readonly clientActions: ClientActions;
  readonly formatterActions: FormatterActions;
  readonly siteActions: SiteActions;
  readonly viewActions: ViewActions;
  readonly fleetActions: FleetActions;
  /** Which profile a request would get. */
  match(subject: MatchSubject): ProfileMatch;
  /** What a profile would change for whom. */
  impact(candidate: unknown, url?: string): Impact;
  /** What a client would get, and what it is made from. */
  preview(request: PreviewRequest, signal: AbortSignal): Promise<Explained>;
  readonly frames: PreviewFrames;
  stats(minutesOf: 'hour' | 'day'): Stats;
  readonly live: LiveTraffic;
  readonly metrics: Metrics;
  close(): void;
}

export function makeAdmin(parts: AdminParts): Admin {
  const { clock, profiles, clients, sites, views, traffic } = parts;
  const { store } = traffic;
  const audit = openAudit(parts.auditFile, clock);
  const profileActions = makeProfileActions({
    profiles,
    authority: parts.profileAuthority,
    audit,
    registry: parts.registry,
  });
  const live = makeLiveTraffic(store, clock);
  const startedAt = clock.monotonic();
  return {
    token: parts.token,
    trustsLoopback: parts.trustsLoopback,
    door: makeTokenDoor(parts.token),
    node: parts.node,
    registry: parts.registry,
    clock,
    log: parts.log,
    profiles,
    clients,
    sites,
    views,
    services: parts.services,
    traffic,
    readiness: parts.readiness,
    audit,
    profileActions,
    clientActions: makeClientActions({ clients, profiles, audit, profileActions }),
    formatterActions: makeFormatterActions({ ...parts, audit }),
    siteActions: makeSiteActions({ sites, profiles, audit }),
    viewActions: makeViewActions({ views, audit }),
    fleetActions: makeFleetActions({ control: parts.control, audit }),
    match: (subject) => matchProfile(subject, parts),
    impact: (candidate, url) => findImpact(candidate, url, parts),
    preview: (request, signal) => preview(request, parts, signal),
    frames: makePreviewFrames(clock),
    stats: (minutesOf) => makeStats({ store, clock, startedAt }, minutesOf),
    live,
    metrics: makeMetrics(store, clock),
    close() {
      live.close();
      audit.close();
    },
  };
}

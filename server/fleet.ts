/** The fleet side of a server, tied to the parts it needs. */
import type { Clock } from '../core/clock.ts';
import type { FormatJob } from '../core/executor.ts';
import type { PlacedComponent, PlacedSet, SetHost } from '../core/fleet.ts';
import type { Log } from '../core/log.ts';
import type { Egress } from '../egress/fetch-upstream.ts';
import { portOf } from '../egress/target-port.ts';
import { tryFormatter, tryService } from '../fleet/bundle/try-bundle.ts';
import { type ChannelDoor, makeChannelDoor } from '../fleet/channel.ts';
import { type Fleet, openFleet } from '../fleet/open-fleet.ts';
import { openPool, type Pool } from '../formatters/pool/pool.ts';
import { makeRegistry } from '../formatters/registry.ts';
import { packVariant, unpackVariant } from '../gateway/cache/variant-parcel.ts';
import { makeRenderHandler } from '../gateway/channel/back-end.ts';
import type { OnceLedger } from '../gateway/channel/once-ledger.ts';
import { makeServiceFetch } from '../gateway/component-fetch.ts';
import type { OpenGateway } from '../gateway/open-gateway.ts';
import { isOwnName } from '../gateway/own-hosts.ts';
import { PlacedSets } from '../gateway/services/placed-sets.ts';
import type { Sites } from '../gateway/sites-store.ts';
import type { openProfiles } from '../profiles/sqlite-profiles.ts';
import type { Settings } from '../settings.ts';
import { describePlaced, type Registries } from './registries.ts';

export interface ServerFleetParts {
  readonly settings: Settings;
  readonly publicOrigin: () => string;
  readonly egress: Egress;
  readonly pool: Pool;
  readonly registries: Registries;
  readonly profiles: ReturnType<typeof openProfiles>;
  readonly sites: Pick<Sites, 'all'>;
  /** The gateway, once it is open. */
  readonly gateway: () => OpenGateway;
  /** Forms of front-ends that were sent; `undefined` where the channel has no secret. */
  readonly once: OnceLedger | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export function openServerFleet(parts: ServerFleetParts): Fleet {
  const { settings, publicOrigin, egress, pool, registries, profiles, sites, gateway, clock, log } = parts;
  const fleet = openFleet({
    settings,
    publicOrigin,
    egress,
    profiles,
    executor: pool,
    makeHost: (data, dataFolder) =>
      new PlacedSets({ settings, fetch: makeServiceFetch(egress), publicOrigin, data, dataFolder, clock, log }),
    formatters: () =>
      registries
        .local()
        .list()
        .filter(({ name }) => registries.local().isEnabled(name))
        .map(({ name, version }) => `${name}@${version}`),
    tryOut: (host, set, fresh) => tryOut({ host, set, fresh }, parts),
    variants: {
      async find(key) {
        const variant = await gateway().variants.find(key);
        return variant === undefined ? undefined : packVariant(variant);
      },
      keep(key, bytes) {
        const variant = unpackVariant(key, bytes);
        if (variant !== undefined) gateway().variants.put(variant, true);
      },
    },
    grantOf: (url) =>
      sites.all().some(({ upstream }) => upstream.origin === url.origin)
        ? { host: url.hostname, port: portOf(url) }
        : undefined,
    door: channelDoor(parts),
    isOwn: (authority) => isOwnName(authority, gateway().rules),
    load: () => pool.busy + pool.queued,
    clock,
    log,
  });
  const takeFleet = () => registries.useFleet(fleet.placed(), fleet.gate.remoteFormatters());
  fleet.onChange(takeFleet);
  takeFleet();
  return fleet;
}

/** Where front-ends ask; `undefined` where the channel has no secret. */
function channelDoor({ settings, gateway, clock, once }: ServerFleetParts): ChannelDoor | undefined {
  if (settings.channelSecret === undefined || once === undefined) return undefined;
  return makeChannelDoor(settings.channelSecret, makeRenderHandler({ gateway, once, clock }));
}

interface Trial {
  readonly host: SetHost;
  readonly set: PlacedSet;
  readonly fresh: readonly PlacedComponent[];
}

async function tryOut({ host, set, fresh }: Trial, parts: ServerFleetParts): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const component of fresh) {
    if (component.kind === 'formatter') faults.push(...(await tryInPool(component, parts)));
    if (component.kind === 'service')
      faults.push(...(await tryService(component, (request) => host.try(set, request))));
  }
  return faults;
}

/** A pool of its own: what is only tried must not hold up what is in use. */
async function tryInPool(component: PlacedComponent, { settings, clock, log }: ServerFleetParts) {
  const descriptors = describePlaced(component, log);
  if (descriptors.length === 0) return ['its description cannot be used'];
  const pool = openPool({
    registry: makeRegistry(descriptors).freeze(),
    pool: 1,
    limits: settings,
    fetchForComponent: () => Promise.reject(new Error('nothing is fetched while it is tried')),
    clock,
    log,
  });
  try {
    return await tryFormatter(component, (job: FormatJob) => pool.run(job, new AbortController().signal));
  } finally {
    await pool.close();
  }
}

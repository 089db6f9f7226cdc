/** What a profile would change for whom, before it is stored. */
import { parseTargetUrl } from '../../egress/target-url.ts';
import type { ClientRecord, Clients } from '../../profiles/clients.ts';
import type { MergedValue } from '../../profiles/merge.ts';
import type { Profiles } from '../../profiles/profiles.ts';
import { resolvePreferences } from '../../profiles/resolve.ts';
import { type ReadableProfiles, withCandidate } from '../../profiles/with-candidate.ts';

/** Known clients that are looked at, the newest, and those that are listed. */
const MAX_CLIENTS = 1_000;
const MAX_LISTED = 100;

/** One client for whom something would change. */
export interface ClientImpact {
  readonly id: string;
  readonly class: string;
  readonly userAgent: string;
  /** Profiles that apply, before and after; `null` where only the preset does. */
  readonly profile: { readonly before: string | null; readonly after: string | null };
  /** By dotted path; `null` where a value is not there. */
  readonly changes: Readonly<
    Record<string, { readonly before: MergedValue | null; readonly after: MergedValue | null }>
  >;
}

export interface Impact {
  /** Clients that were looked at. */
  readonly examined: number;
  /** Clients for whom something would change; the first hundred of them are listed. */
  readonly affected: number;
  readonly clients: readonly ClientImpact[];
  /** True where the candidate has rules for addresses, which cannot be judged: addresses of clients are not kept. */
  readonly hasAddressRules: boolean;
}

/**
 * Compares what the known clients would get.
 *
 * @param candidate A profile as it would be stored.
 * @param url What they would ask for, where exceptions for its site matter.
 * @throws GatewayError as storing it would; BAD_TARGET.
 */
export function findImpact(
  candidate: unknown,
  url: string | undefined,
  { profiles, clients }: { readonly profiles: Profiles; readonly clients: Clients },
): Impact {
  const changed = withCandidate(profiles, candidate);
  const host = url === undefined ? '' : parseTargetUrl(url).hostname;
  const known = clients.list({ limit: MAX_CLIENTS, offset: 0 });
  const affected = known.flatMap((record) => compare(record, host, profiles, changed));
  const rules = (candidate as { match?: { address?: readonly string[] } }).match;
  return {
    examined: known.length,
    affected: affected.length,
    clients: affected.slice(0, MAX_LISTED),
    hasAddressRules: (rules?.address?.length ?? 0) > 0,
  };
}

function compare(record: ClientRecord, host: string, now: ReadableProfiles, then: ReadableProfiles): ClientImpact[] {
  const before = resolveFor(record, host, now);
  const after = resolveFor(record, host, then);
  const paths = new Set([...Object.keys(before.values), ...Object.keys(after.values)]);
  const changes: Record<string, { before: MergedValue | null; after: MergedValue | null }> = Object.create(null);
  for (const path of paths) {
    const [old, fresh] = [before.values[path] ?? null, after.values[path] ?? null];
    if (JSON.stringify(old?.value) !== JSON.stringify(fresh?.value)) changes[path] = { before: old, after: fresh };
  }
  if (Object.keys(changes).length === 0) return [];
  const { id, class: clientClass, userAgent } = record;
  const profile = { before: before.stored ?? null, after: after.stored ?? null };
  return [{ id, class: clientClass, userAgent, profile, changes }];
}

function resolveFor(record: ClientRecord, host: string, profiles: ReadableProfiles) {
  const { userAgent, class: clientClass, settings, sites } = record;
  const isAssigned = record.profile !== undefined && profiles.get(record.profile) !== undefined;
  const stored = isAssigned ? record.profile : profiles.match({ userAgent, address: '', class: clientClass })?.name;
  const { values } = resolvePreferences({
    profiles,
    detection: record,
    stored,
    settings,
    siteSettings: sites[host],
    host,
    network: undefined,
  });
  return { stored, values };
}

/** Whose preferences count, and in which order (design part 4). */
import { getDomain } from 'tldts';
import type { Detection } from './detection.ts';
import { type Layer, type MergedPreferences, mergePreferences, type NetworkSignals } from './merge.ts';
import type { PartialPreferences } from './preferences.ts';
import type { Profile } from './profile.ts';
import type { Profiles } from './profiles.ts';

/** All that is known of a request's preferences. */
export interface PreferenceSources {
  readonly profiles: Profiles;
  readonly detection: Detection;
  /** Name of the stored profile that applies. */
  readonly stored: string | undefined;
  /** What the person has chosen, everywhere and for this site. */
  readonly settings: PartialPreferences | undefined;
  readonly siteSettings: PartialPreferences | undefined;
  /** Host of the resource, for per-site exceptions. */
  readonly host: string;
  readonly network: NetworkSignals | undefined;
  /** What this request itself asks for, as `/-/image` does. */
  readonly request?: PartialPreferences | undefined;
}

/** Merges: default ← detected device ← stored profile and what it extends ← its exceptions for the site ← the person ← the request ← the network. */
export function resolvePreferences(sources: PreferenceSources): MergedPreferences {
  const { profiles, detection, stored, settings, siteSettings, host, network, request } = sources;
  const layers: Layer[] = [];
  const base = profiles.get('default')?.profile;
  if (base !== undefined) layers.push(...layersOf(base, 'default', host));
  if (detection.preset !== 'default')
    for (const profile of profiles.chain(detection.preset))
      layers.push(...layersOf(profile, `preset:${profile.name}`, host));
  if (stored !== undefined)
    for (const profile of profiles.chain(stored)) layers.push(...layersOf(profile, `profile:${profile.name}`, host));
  if (settings !== undefined) layers.push({ name: 'settings', prefers: settings });
  if (siteSettings !== undefined) layers.push({ name: `settings:${host}`, prefers: siteSettings });
  if (request !== undefined) layers.push({ name: 'request', prefers: request });
  return mergePreferences(layers, network);
}

function layersOf(profile: Profile, name: string, host: string): Layer[] {
  const layers: Layer[] = profile.prefers === undefined ? [] : [{ name, prefers: profile.prefers }];
  const site = findSiteException(profile, host);
  if (site !== undefined) layers.push({ name: `site:${site.host}`, prefers: site.prefers });
  return layers;
}

// The host itself, then each parent down to its registrable domain: the nearest exception holds.
function findSiteException(profile: Profile, host: string): { host: string; prefers: PartialPreferences } | undefined {
  const top = getDomain(host) ?? host;
  for (let name = host.toLowerCase(); ; name = name.slice(name.indexOf('.') + 1)) {
    if (profile.sites !== undefined && Object.hasOwn(profile.sites, name))
      return { host: name, prefers: profile.sites[name]! };
    if (name === top || !name.includes('.')) return undefined;
  }
}

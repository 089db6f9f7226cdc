/** Whose preferences count, and in which order (design part 4). */
import { getDomain } from 'tldts';
import type { Detection } from './detection.ts';
import { type Layer, type MergedPreferences, mergePreferences, type NetworkSignals } from './merge.ts';
import type { PartialPreferences } from './preferences.ts';
import type { Profile } from './profile.ts';
import type { Profiles } from './profiles.ts';

/** All that is known of a request's preferences. */
export interface PreferenceSources {
  readonly profiles: Pick<Profiles, 'get' | 'chain'>;
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

/**
 * Merges: default ← detected device ← stored profile and what it extends ← the person ← the request ← the network.
 * A profile's exception for the site comes after it and all it extends.
 */
export function resolvePreferences(sources: PreferenceSources): MergedPreferences {
  const { profiles, detection, stored, settings, siteSettings, host, network, request } = sources;
  const layers: Layer[] = [];
  const base = profiles.get('default')?.profile;
  if (base !== undefined) layers.push(...layersOf([base], '', host));
  if (detection.preset !== 'default') layers.push(...layersOf(profiles.chain(detection.preset), 'preset:', host));
  if (stored !== undefined) layers.push(...layersOf(profiles.chain(stored), 'profile:', host));
  if (settings !== undefined) layers.push({ name: 'settings', prefers: settings });
  if (siteSettings !== undefined) layers.push({ name: `settings:${host}`, prefers: siteSettings });
  if (request !== undefined) layers.push({ name: 'request', prefers: request });
  return mergePreferences(layers, network);
}

/** True for the layers that an admin or the person has set, as against what was detected or is a default. */
export function isStoredLayer(name: string | undefined): boolean {
  return /^(?:profile|site|settings)/.test(name ?? '');
}

function layersOf(chain: readonly Profile[], prefix: string, host: string): Layer[] {
  const layers: Layer[] = [];
  for (const { name, prefers } of chain) if (prefers !== undefined) layers.push({ name: prefix + name, prefers });
  for (const profile of chain) {
    const exception = findSiteException(profile, host.toLowerCase());
    if (exception !== undefined) layers.push(exception);
  }
  return layers;
}

// The host itself, then each parent down to its registrable domain: the nearest exception holds.
function findSiteException({ sites }: Profile, host: string): Layer | undefined {
  if (sites === undefined) return undefined;
  const top = getDomain(host) ?? host;
  for (let name = host; ; name = name.slice(name.indexOf('.') + 1)) {
    const key = Object.keys(sites).find((each) => each.toLowerCase() === name);
    if (key !== undefined) return { name: `site:${name}`, prefers: sites[key]! };
    if (name === top || !name.includes('.')) return undefined;
  }
}

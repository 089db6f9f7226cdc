/** The port of the profile store, as the gateway and the admin API use it. */
import type { IfMatch } from '../core/if-match.ts';
import type { ClientClass } from './client-class.ts';
import type { Profile } from './profile.ts';

/** What a stored profile's rules look at. */
export interface RuleSubject {
  readonly userAgent: string;
  readonly address: string;
  readonly class: ClientClass;
}

/** A profile and the version it has in the store. */
export interface StoredProfile {
  readonly profile: Profile;
  /** Strong entity tag of this edition, quoted. */
  readonly etag: string;
  /** True for presets nobody has changed. */
  readonly preset: boolean;
}

/** A store that takes over what another server has written. */
export interface ProfileReplica {
  /**
   * Writes all of it or nothing, without asking whether one fits another: that was asked where they were written.
   *
   * @param changes profiles by name; `undefined` removes
   * @throws GatewayError STORE_FULL.
   */
  replicate(changes: ReadonlyMap<string, Profile | undefined>): void;
}

/** Presets and stored profiles together. Reads are cheap: called once a request or more. */
export interface Profiles {
  get(name: string): StoredProfile | undefined;
  /** Presets and stored profiles, by name. */
  list(): readonly StoredProfile[];
  /**
   * Creates or replaces a profile, durably.
   *
   * @param ifMatch Entity tags that allow it; `undefined` allows any, `'*'` any that exists, `[]` only a new one.
   * @throws GatewayError STALE, BAD_INPUT (a cycle, an unknown base), STORE_FULL.
   */
  put(profile: Profile, ifMatch?: IfMatch): StoredProfile;
  /** @throws GatewayError CONFLICT when it is the base of another or a preset, STALE, NOT_FOUND. */
  remove(name: string, ifMatch?: IfMatch): void;
  /** A profile after all it extends, base first; the `default` profile is not in it. Empty for an unknown name. */
  chain(name: string): readonly Profile[];
  /** The stored profile whose rules fit best: priority, then name. Presets' own rules do not take part. */
  match(subject: RuleSubject): Profile | undefined;
  /** True when some stored rule looks at addresses: replies are then private. */
  readonly hasAddressRules: boolean;
  close(): void;
}

/** The profiles as they would be with one more, or one changed: to see what it would do before it is stored. */
import { makeRules } from './match-rules.ts';
import { parseProfile } from './profile.ts';
import { chainOf, checkBase } from './profile-chain.ts';
import type { Profiles, StoredProfile } from './profiles.ts';

/** What preferences are resolved by. */
export type ReadableProfiles = Pick<Profiles, 'get' | 'chain' | 'match'>;

/** @throws GatewayError BAD_INPUT, BAD_REQUEST as a change would meet. */
export function withCandidate(profiles: Pick<Profiles, 'list'>, raw: unknown): ReadableProfiles {
  const profile = parseProfile(raw);
  const byName = new Map<string, StoredProfile>(profiles.list().map((each) => [each.profile.name, each]));
  checkBase(byName, profile);
  byName.set(profile.name, { profile, preset: false, etag: '' });
  const rules = makeRules([...byName.values()].filter((each) => !each.preset).map((each) => each.profile));
  return {
    get: (name) => byName.get(name),
    chain: (name) => chainOf(byName, name),
    match: (subject) => rules.match(subject),
  };
}

/** What admins do to profiles; the API and the UI call the same functions. */
import { GatewayError } from '../../core/errors.ts';
import type { IfMatch } from '../../core/if-match.ts';
import type { ProfileAuthority } from '../../fleet/profile-authority.ts';
import type { FormatterRegistry } from '../../formatters/registry.ts';
import { type Profile, parseProfile } from '../../profiles/profile.ts';
import type { Profiles, StoredProfile } from '../../profiles/profiles.ts';
import type { Audit } from '../audit/audit.ts';
import type { Actor } from './actor.ts';
import { checkFormatterOptions } from './check-options.ts';

export interface ProfileActions {
  /** @throws GatewayError CONFLICT where there is one of this name; as `parseProfile`; STALE, STORE_FULL. */
  create(raw: unknown, actor: Actor): Promise<StoredProfile>;
  /** `name` may be left out of the data, and must be the same where it is there. @throws GatewayError as `create`. */
  replace(
    name: string,
    raw: unknown,
    how: { actor: Actor; ifMatch?: IfMatch },
  ): Promise<{ stored: StoredProfile; isNew: boolean }>;
  /** @throws GatewayError CONFLICT, NOT_FOUND, STALE. */
  remove(name: string, how: { actor: Actor; ifMatch?: IfMatch }): Promise<void>;
  /**
   * Puts back the edition before the last change, also that of a removed profile; undoing twice is as before.
   *
   * @returns The profile as it is now; `undefined` where there was none before.
   * @throws GatewayError NOT_FOUND where no change is known; CONFLICT, STALE.
   */
  undo(name: string, how: { actor: Actor; ifMatch?: IfMatch }): Promise<StoredProfile | undefined>;
}

export interface ProfileActionParts {
  readonly profiles: Profiles;
  /** Writes them here, or where a fleet has its authority. */
  readonly authority: Pick<ProfileAuthority, 'put' | 'remove'>;
  readonly audit: Audit;
  readonly registry: () => FormatterRegistry;
}

export function makeProfileActions({ profiles, authority, audit, registry }: ProfileActionParts): ProfileActions {
  // What nobody has changed is no edition: putting it back means taking the change away.
  const edition = (name: string): Profile | null => {
    const held = profiles.get(name);
    return held === undefined || held.preset ? null : held.profile;
  };
  const put = async (profile: Profile, ifMatch: IfMatch) => {
    const value = await authority.put(profile, ifMatch);
    return { value, after: value.profile };
  };
  return {
    async create(raw, actor) {
      const profile = parseProfile(raw);
      checkFormatterOptions(profile, registry());
      if (profiles.get(profile.name) !== undefined)
        throw new GatewayError('CONFLICT', { why: `there is a profile \`${profile.name}\` already` });
      const change = { actor, action: 'create', kind: 'profile', name: profile.name, before: null } as const;
      return await audit.recordLater(change, () => put(profile, []));
    },
    async replace(name, raw, { actor, ifMatch }) {
      const profile = parseNamed(name, raw);
      checkFormatterOptions(profile, registry());
      const isNew = profiles.get(name) === undefined;
      const action = isNew ? 'create' : 'replace';
      const change = { actor, action, kind: 'profile', name, before: edition(name) } as const;
      return { stored: await audit.recordLater(change, () => put(profile, ifMatch)), isNew };
    },
    async remove(name, { actor, ifMatch }) {
      if (profiles.get(name) === undefined) throw new GatewayError('NOT_FOUND', { path: `/api/profiles/${name}` });
      const change = { actor, action: 'remove', kind: 'profile', name, before: edition(name) } as const;
      await audit.recordLater(change, async () => {
        await authority.remove(name, ifMatch);
        return { value: undefined, after: null };
      });
    },
    async undo(name, { actor, ifMatch }) {
      const last = audit.last('profile', name);
      if (last === undefined) throw new GatewayError('NOT_FOUND', { path: `/api/profiles/${name}/undo` });
      const before = edition(name);
      if (last.before === null && before === null)
        throw new GatewayError('CONFLICT', { why: `\`${name}\` is as it was before the last change` });
      return await audit.recordLater({ actor, action: 'undo', kind: 'profile', name, before }, async () => {
        if (last.before !== null) return await put(parseProfile(last.before), ifMatch);
        await authority.remove(name, ifMatch);
        return { value: profiles.get(name), after: null };
      });
    },
  };
}

/** A profile whose name the address gives. @throws GatewayError BAD_INPUT where the data name another. */
export function parseNamed(name: string, raw: unknown): Profile {
  const isUnnamed = typeof raw === 'object' && raw !== null && !Array.isArray(raw) && !('name' in raw);
  const profile = parseProfile(isUnnamed ? { ...raw, name } : raw);
  if (profile.name === name) return profile;
  throw new GatewayError('BAD_INPUT', { why: `\`name\` must be \`${name}\`, as in the address` });
}

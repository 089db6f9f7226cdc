/** What a profile stands on, and whether it may. */
import { GatewayError } from '../core/errors.ts';
import type { Profile } from './profile.ts';
import type { StoredProfile } from './profiles.ts';

const MAX_CHAIN = 16;

/** A profile after all it extends, base first; `default`, on which everybody stands, is not in it. */
export function chainOf(byName: ReadonlyMap<string, StoredProfile>, name: string): Profile[] {
  const chain: Profile[] = [];
  for (
    let next = byName.get(name)?.profile;
    next !== undefined && chain.length < MAX_CHAIN;
    next = next.extends === undefined ? undefined : byName.get(next.extends)?.profile
  )
    if (next.name !== 'default') chain.unshift(next);
  return chain;
}

/** @throws GatewayError BAD_INPUT for a base that is not there, a cycle, a chain that is too long. */
export function checkBase(byName: ReadonlyMap<string, StoredProfile>, profile: Profile): void {
  if (profile.name === 'default' && profile.extends !== undefined)
    throw new GatewayError('BAD_INPUT', { why: '`default` is the base of all and extends none' });
  const seen = [profile.name];
  for (let base = profile.extends; base !== undefined; base = byName.get(base)?.profile.extends) {
    if (seen.includes(base))
      throw new GatewayError('BAD_INPUT', { why: `\`extends\` makes a cycle: ${[...seen, base].join(' → ')}` });
    if (!byName.has(base))
      throw new GatewayError('BAD_INPUT', { why: `\`extends\` names no profile, got \`${base}\`` });
    seen.push(base);
    if (seen.length > MAX_CHAIN)
      throw new GatewayError('BAD_INPUT', { why: `\`extends\` makes a chain of more than ${MAX_CHAIN}` });
  }
}

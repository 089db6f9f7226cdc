/** Step `identify`: who asks, and what is known of how they like to be answered. Never fails but for a bad Format-Profile. */
import { GatewayError } from '../../core/errors.ts';
import type { VaryRecorder } from '../../core/vary.ts';
import type { ClientKey, ClientRecord, Clients } from '../../profiles/clients.ts';
import type { Detection } from '../../profiles/detection.ts';
import type { Profiles } from '../../profiles/profiles.ts';
import { cookieOf } from '../own-cookies.ts';
import type { Received } from '../received.ts';
import type { SessionStore } from '../session-store.ts';
import type { Target } from '../target.ts';
import type { User, Users } from '../users.ts';

/** Why a stored profile applies. */
export type ProfileReason = 'user' | 'field' | 'assigned' | 'rule' | 'site';

export interface Client {
  readonly user: User | undefined;
  readonly detection: Detection;
  /** The stored profile that applies, with why. */
  readonly profile: { readonly name: string; readonly reason: ProfileReason } | undefined;
  readonly record: ClientRecord | undefined;
  /** True when the answer may differ for another person with the same fields: the reply is `private` (N-9). */
  readonly personal: boolean;
}

export interface IdentifyParts {
  readonly profiles: Profiles;
  readonly clients: Pick<Clients, 'see'>;
  readonly detect: (read: (fieldName: string) => string | undefined) => Detection;
}

/**
 * Identifies the client of a request.
 *
 * @throws GatewayError UNKNOWN_PROFILE when `Format-Profile` names none that may be chosen.
 */
export function identify(
  received: Received,
  target: Target,
  read: VaryRecorder,
  parts: IdentifyParts & { readonly user: User | undefined },
): Client {
  const detection = parts.detect((name) => read.get(name));
  const isPersonal = target.site?.personal !== false && target.picture === undefined;
  const user = isPersonal ? parts.user : undefined;
  const record = isPersonal ? seeClient(received, user, detection, parts) : undefined;
  return {
    user,
    detection,
    profile: findProfile(received, target, read, { ...parts, user, record, detection }),
    record,
    personal: isPersonal || parts.profiles.hasAddressRules,
  };
}

/** The signed-in user of a request, by session cookie. */
export function findUser(
  received: Pick<Received, 'fields'>,
  parts: { readonly sessions: SessionStore; readonly users: Users },
): User | undefined {
  if (parts.users.isEmpty) return undefined;
  const secret = cookieOf(received, 'format-session');
  const name = secret === undefined ? undefined : parts.sessions.userOf(secret);
  return name === undefined ? undefined : parts.users.find(name);
}

/** Under what a client is known. */
export function clientKeyOf(received: Received, user: User | undefined): ClientKey {
  if (user !== undefined) return { kind: 'user', name: user.name };
  const secret = cookieOf(received, 'format-client');
  if (secret !== undefined) return { kind: 'cookie', secret };
  return { kind: 'address', address: received.peer.address, userAgent: received.fields.get('user-agent') ?? '' };
}

function seeClient(
  received: Received,
  user: User | undefined,
  detection: Detection,
  parts: IdentifyParts,
): ClientRecord {
  return parts.clients.see(clientKeyOf(received, user), {
    ...detection,
    userAgent: received.fields.get('user-agent') ?? '',
  });
}

interface ProfileClues extends IdentifyParts {
  readonly user: User | undefined;
  readonly record: ClientRecord | undefined;
  readonly detection: Detection;
}

// Design part 3, "Who is the client": the first that applies.
function findProfile(received: Received, target: Target, read: VaryRecorder, clues: ProfileClues): Client['profile'] {
  const { profiles, user, record } = clues;
  const named = read.get('format-profile')?.trim();
  if (user?.profile !== undefined && profiles.get(user.profile) !== undefined)
    return { name: user.profile, reason: 'user' };
  if (named !== undefined && named !== '') return { name: checkSelectable(named, profiles), reason: 'field' };
  if (record?.profile !== undefined && profiles.get(record.profile) !== undefined)
    return { name: record.profile, reason: 'assigned' };
  const ruled = profiles.match({
    userAgent: received.fields.get('user-agent') ?? '',
    address: received.peer.address,
    class: clues.detection.class,
  });
  if (ruled !== undefined) return { name: ruled.name, reason: 'rule' };
  const ofSite = target.site?.profile;
  return ofSite !== undefined && profiles.get(ofSite) !== undefined ? { name: ofSite, reason: 'site' } : undefined;
}

/** The name, where a client may choose that profile. @throws GatewayError UNKNOWN_PROFILE naming those that it may. */
export function checkSelectable(name: string, profiles: Profiles): string {
  if (profiles.get(name)?.profile.selectable === true) return name;
  const known = profiles.list().filter((each) => each.profile.selectable);
  throw new GatewayError('UNKNOWN_PROFILE', { name, known: known.map((each) => each.profile.name).join(', ') });
}

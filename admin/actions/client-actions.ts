/** What admins do to client records; the API and the UI call the same functions. */
import { GatewayError } from '../../core/errors.ts';
import type { ClientRecord, Clients } from '../../profiles/clients.ts';
import type { Profiles, StoredProfile } from '../../profiles/profiles.ts';
import type { Audit } from '../audit/audit.ts';
import type { Actor } from './actor.ts';
import type { ProfileActions } from './profile-actions.ts';

export interface ClientActions {
  /**
   * Assigns a profile; `null` takes it away.
   *
   * @throws GatewayError BAD_INPUT for a profile that is not there, NOT_FOUND.
   */
  assign(id: string, profile: string | null, actor: Actor): ClientRecord;
  /**
   * Makes a stored profile of a detected client: it extends the client's preset and matches its kind by a word of its
   * User-Agent and its class.
   *
   * @param wanted Name and title; made from the User-Agent where they are missing, the name unlike any there is.
   * @throws GatewayError NOT_FOUND; CONFLICT for a name that is taken; BAD_INPUT.
   */
  makeProfile(
    id: string,
    wanted: { readonly name?: string | undefined; readonly title?: string | undefined },
    actor: Actor,
  ): Promise<StoredProfile>;
  /** Forgets a client wholly: what was detected, assigned and chosen. @throws GatewayError NOT_FOUND. */
  forget(id: string, actor: Actor): void;
}

export interface ClientParts {
  readonly clients: Clients;
  readonly profiles: Profiles;
  readonly audit: Audit;
  readonly profileActions: ProfileActions;
}

export function makeClientActions({ clients, profiles, audit, profileActions }: ClientParts): ClientActions {
  return {
    assign(id, profile, actor) {
      if (profile !== null && profiles.get(profile) === undefined)
        throw new GatewayError('BAD_INPUT', { why: `\`profile\` names no profile, got \`${profile}\`` });
      const held = clients.get(id);
      if (held === undefined) throw new GatewayError('NOT_FOUND', { path: `/api/clients/${id}` });
      const before = { profile: held.profile ?? null };
      return audit.record({ actor, action: 'assign', kind: 'client', name: id, before }, () => ({
        value: clients.assign(id, profile ?? undefined),
        after: { profile },
      }));
    },
    async makeProfile(id, { name, title }, actor) {
      const record = clients.get(id);
      if (record === undefined) throw new GatewayError('NOT_FOUND', { path: `/api/clients/${id}` });
      const word = tellingWord(record.userAgent);
      const profile = {
        name: name ?? freeName(word ?? record.class, profiles),
        title: title ?? `${word ?? 'Client'} (${record.class})`,
        ...(record.preset === 'default' ? {} : { extends: record.preset }),
        match: { ...(word === undefined ? {} : { userAgent: [word] }), class: [record.class] },
      };
      return await profileActions.create(profile, actor);
    },
    forget(id, actor) {
      const held = clients.get(id);
      if (held === undefined) throw new GatewayError('NOT_FOUND', { path: `/api/clients/${id}` });
      // What a person chose is theirs and goes wholly: the log keeps only what an admin had set.
      const before = { class: held.class, profile: held.profile ?? null };
      audit.record({ actor, action: 'remove', kind: 'client', name: id, before }, () => {
        clients.forget(id);
        return { value: undefined, after: null };
      });
    },
  };
}

/** Products that nearly every browser names: they tell nothing. */
const EVERYBODYS = new Set(['mozilla', 'applewebkit', 'khtml', 'gecko', 'safari', 'version', 'mobile']);
/** Products that many browsers name beside their own: taken where nothing else is there. */
const COMMON = new Set(['chrome', 'firefox', 'chromium']);

/** The product of a User-Agent that tells its client from others, without its version. */
function tellingWord(userAgent: string): string | undefined {
  // RFC 9110 10.1.5: products, and comments in parentheses.
  const products = [...userAgent.replace(/\([^()]*\)/g, ' ').matchAll(/[^\s/;(),]+(?=\/|\s|$)/g)]
    .map(([word]) => word)
    .filter((word) => /^[a-z][\w.-]{1,63}$/i.test(word) && !EVERYBODYS.has(word.toLowerCase()));
  return products.find((word) => !COMMON.has(word.toLowerCase())) ?? products[0];
}

function freeName(word: string, profiles: Profiles): string {
  const base =
    word
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 56) || 'client';
  if (profiles.get(base) === undefined) return base;
  for (let number = 2; ; number++) if (profiles.get(`${base}-${number}`) === undefined) return `${base}-${number}`;
}

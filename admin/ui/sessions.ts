/** Sign-ins of the admin UI: in memory, so that a restart ends them; only digests are kept (threat 58). */
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { type FormTokens, makeFormTokens } from '../../gateway/form-token.ts';

/** A session that is not used for an hour ends; twelve hours after sign-in it ends in any case. */
const IDLE_MS = 3_600_000;
export const SESSION_MS = 12 * 3_600_000;
/** Sessions at a time; the one that was used longest ago makes room. */
const MAX_SESSIONS = 100;
const LINK_MS = 900_000;

export interface Session {
  /** A few digits of a digest: who did what, for the audit log. */
  readonly id: string;
  /** Tokens for the forms of this session's pages (threat 57). */
  readonly tokens: FormTokens;
  /** Fires when the session ends: what still runs for it ends too. */
  readonly ended: AbortSignal;
}

export interface Sessions {
  /** Starts a session under a new secret, which nobody can have fixed beforehand. */
  start(): string;
  /** The session of a secret; `undefined` where there is none or it has ended. Counts as use. */
  find(secret: string | undefined): Session | undefined;
  end(secret: string | undefined): void;
  /** A secret that signs in once, within fifteen minutes; a new one takes the place of the one before. */
  makeLink(): string;
  /** Uses such a secret up; false where it was none. */
  useLink(secret: string): boolean;
}

interface Kept extends Session {
  readonly until: number;
  readonly end: () => void;
  used: number;
}

export function makeSessions(clock: Clock): Sessions {
  // By digest and in order of use: what is found costs no comparison of secrets.
  const kept = new Map<string, Kept>();
  const drop = (digest: string) => {
    kept.get(digest)?.end();
    kept.delete(digest);
  };
  let link: { readonly digest: string; readonly until: number } | undefined;
  return {
    start() {
      const secret = randomBytes(24).toString('base64url');
      const digest = digestOf(secret);
      const now = clock.now();
      const ending = new AbortController();
      kept.set(digest, {
        id: digest.slice(0, 8),
        // The secret is the key: a token is worth nothing to who has no cookie.
        tokens: makeFormTokens(Buffer.from(`forms ${secret}`), clock),
        ended: ending.signal,
        end: () => ending.abort(),
        until: now + SESSION_MS,
        used: now,
      });
      if (kept.size > MAX_SESSIONS) drop(kept.keys().next().value!);
      return secret;
    },
    find(secret) {
      const digest = digestOf(secret ?? '');
      const session = kept.get(digest);
      if (session === undefined) return undefined;
      const now = clock.now();
      if (now >= session.until || now - session.used >= IDLE_MS) {
        drop(digest);
        return undefined;
      }
      kept.delete(digest);
      session.used = now;
      kept.set(digest, session);
      return session;
    },
    end: (secret) => drop(digestOf(secret ?? '')),
    makeLink() {
      const secret = randomBytes(24).toString('base64url');
      link = { digest: digestOf(secret), until: clock.now() + LINK_MS };
      return secret;
    },
    useLink(secret) {
      const isGood = link !== undefined && link.digest === digestOf(secret) && clock.now() < link.until;
      if (isGood) link = undefined;
      return isGood;
    },
  };
}

function digestOf(secret: string): string {
  return createHash('sha256').update(`admin session ${secret}`).digest('hex');
}

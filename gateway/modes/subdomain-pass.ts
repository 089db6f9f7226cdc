/**
 * Passes: who a client is on the gateway's own host, taken along to a subdomain (SUBDOMAINS). Cookies of ours belong to one
 * host each, so a redirect from the own host carries them sealed, and the subdomain keeps the seal as a cookie of its own.
 * A pass opens on the subdomain it was made for and nowhere else.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { withCookie } from '../host-cookies.ts';
import { cookieOf, type OwnCookie } from '../own-cookies.ts';
import { tokenClientOf } from '../pages/sign-in.ts';
import type { Received } from '../received.ts';

export interface Passes {
  /** Where a redirect to an address on a subdomain leads: through the pass, for who has something to take along. */
  entranceTo(address: string, received: Received): string;
  /** The cookie made of a pass that came in an address; `undefined` when it is none for this client and host. */
  admit(ticket: string, received: Received): string | undefined;
  /** A request to a subdomain with the cookies of the own host that its pass holds. */
  open(received: Received): Received;
}

/** Cookies that a pass holds. */
const CARRIED: readonly OwnCookie[] = ['format-session', 'format-client', 'format-jar'];
/** What is in an address is in histories: it must be used at once. */
const TICKET_MS = 30_000;
const MAX_CHARACTERS = 1_024;

interface Content {
  readonly kind: 'ticket' | 'pass';
  /** Host and port that it is for. */
  readonly authority: string;
  /** Whose it is, in a ticket. */
  readonly client: string;
  /** Milliseconds since 1970. */
  readonly ends: number;
  readonly cookies: readonly (readonly [OwnCookie, string])[];
}

/** @param key secret of this installation @param lifeMs for which a subdomain knows a client */
export function makePasses(key: string, clock: Clock, lifeMs: number): Passes {
  const sealed = new Uint8Array(hkdfSync('sha256', key, '', 'subdomain pass', 32));
  const read = (text: string, kind: Content['kind'], { authority }: Received): Content | undefined => {
    const content = unseal(text, sealed);
    return content?.kind === kind && content.authority === authority && content.ends > clock.now()
      ? content
      : undefined;
  };
  return {
    entranceTo(address, received) {
      const cookies = CARRIED.flatMap((name) => {
        const value = cookieOf(received, name);
        return value === undefined ? [] : [[name, value] as const];
      });
      if (cookies.length === 0) return address;
      const { origin, host, href } = new URL(address);
      const ticket = seal(
        { kind: 'ticket', authority: host, client: tokenClientOf(received), ends: clock.now() + TICKET_MS, cookies },
        sealed,
      );
      return `${origin}/-/enter?pass=${ticket}&to=${encodeURIComponent(href.slice(origin.length))}`;
    },
    admit(ticket, received) {
      const content = read(ticket, 'ticket', received);
      if (content === undefined || content.client !== tokenClientOf(received)) return undefined;
      return seal({ ...content, kind: 'pass', client: '', ends: clock.now() + lifeMs }, sealed);
    },
    open(received) {
      const pass = cookieOf(received, 'format-pass');
      const content = pass === undefined ? undefined : read(pass, 'pass', received);
      return (content?.cookies ?? []).reduce(
        // A jar that the subdomain began by itself stays the one there.
        (each, [name, value]) => withCookie(each, name === 'format-jar' ? 'format-own-jar' : name, value),
        received,
      );
    },
  };
}

function seal(content: Content, key: Uint8Array): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const text = Buffer.concat([cipher.update(JSON.stringify(content), 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url');
}

function unseal(text: string, key: Uint8Array): Content | undefined {
  const bytes = Buffer.from(text.slice(0, MAX_CHARACTERS), 'base64url');
  if (bytes.length < 29) return undefined;
  try {
    const cipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAuthTag(bytes.subarray(12, 28));
    return JSON.parse(Buffer.concat([cipher.update(bytes.subarray(28)), cipher.final()]).toString('utf8'));
  } catch {
    // Not sealed by us, or not any more: the same as none.
    return undefined;
  }
}

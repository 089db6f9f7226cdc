/** What a front-end says of the parts it holds, in few bytes: which are fresh, and of the others what they are. */
import { createHash } from 'node:crypto';

/** A part of pages of one host that one client holds. */
export interface HeldPart {
  /** As the client asks for it on its host. */
  readonly address: string;
  readonly digest: string;
  readonly isFresh: boolean;
}

/** As it travels: names of fresh parts, then name and tag of each of the others, of eight characters each. */
export type PackedParts = readonly [fresh: string, stale: string];

export interface KnownParts {
  /** Fresh: left out. */
  isFresh(address: string): boolean;
  /** True where what is held has this digest: it is the same still. */
  isSame(address: string, digest: string): boolean;
  /** First characters of the digest of what is held and no longer fresh. */
  tagOf(address: string): string | undefined;
}

/** 48 bits: enough to tell the parts of one client's pages of one host apart. */
const CHARACTERS = 8;

export function packHeldParts(parts: readonly HeldPart[]): PackedParts {
  const fresh = parts.filter(({ isFresh }) => isFresh).map(({ address }) => nameOf(address));
  const stale = parts.filter(({ isFresh }) => !isFresh).map(({ address, digest }) => nameOf(address) + tagOf(digest));
  return [fresh.join(''), stale.join('')];
}

export function readHeldParts([fresh, stale]: PackedParts): KnownParts {
  const freshNames = new Set(split(fresh, CHARACTERS));
  const tags = new Map(split(stale, 2 * CHARACTERS).map((each) => [each.slice(0, CHARACTERS), each.slice(CHARACTERS)]));
  return {
    isFresh: (address) => freshNames.has(nameOf(address)),
    isSame: (address, digest) => tags.get(nameOf(address)) === tagOf(digest),
    tagOf: (address) => tags.get(nameOf(address)),
  };
}

function split(text: string, length: number): readonly string[] {
  return Array.from({ length: Math.floor(text.length / length) }, (_, i) => text.slice(i * length, (i + 1) * length));
}

function nameOf(address: string): string {
  return createHash('sha256').update(address).digest('base64url').slice(0, CHARACTERS);
}

function tagOf(digest: string): string {
  return digest.slice(0, CHARACTERS);
}

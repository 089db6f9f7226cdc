/** Which of several servers a request goes to: rendezvous hashing with bounded load. */
import { hashText, rendezvousScore } from './rendezvous.ts';

export interface Candidate {
  readonly name: string;
  /** Requests under way there. */
  readonly load: number;
  readonly isHealthy: boolean;
}

/** No server takes more than this times the mean of the healthy ones, rounded up. */
const LOAD_FACTOR = 1.25;

/** Names are few and asked for at every request. */
const nameHashes = new Map<string, number>();
const MAX_NAMES = 10_000;

/**
 * Names in order of preference: those the key prefers among the healthy that have room, then the healthy that have none,
 * then the others. The same for the same candidates in any order; when one leaves, only its keys move.
 */
export function pickServers({
  key,
  candidates,
}: {
  readonly key: string;
  readonly candidates: readonly Candidate[];
}): string[] {
  const hash = hashText(key);
  const cap = capOf(candidates.filter(({ isHealthy }) => isHealthy));
  return candidates
    .map(({ name, load, isHealthy }) => ({
      name,
      rank: isHealthy ? (load < cap ? 0 : 1) : 2,
      score: rendezvousScore(hash, hashOfName(name)),
    }))
    .sort((a, b) => a.rank - b.rank || b.score - a.score || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
}

// With this request counted in, one always has room.
function capOf(healthy: readonly Candidate[]): number {
  const total = healthy.reduce((sum, { load }) => sum + load, 1);
  return Math.ceil((LOAD_FACTOR * total) / Math.max(1, healthy.length));
}

function hashOfName(name: string): number {
  const known = nameHashes.get(name);
  if (known !== undefined) return known;
  if (nameHashes.size >= MAX_NAMES) nameHashes.clear();
  const hash = hashText(name);
  nameHashes.set(name, hash);
  return hash;
}

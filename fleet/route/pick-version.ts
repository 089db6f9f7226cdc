/** Which version of a set a client is served while several are ready, so that a page and its parts fit together. */
import { hashText, rendezvousScore } from './rendezvous.ts';

/** What one ready server holds. */
export interface HeldVersion {
  readonly version: string;
  /** Serial of the plan by which it holds it. */
  readonly serial: number;
}

/**
 * A client is served the newest version when its place in [0, 1) is below the share of ready servers that hold it: as the
 * share rises it moves once, forward, and never back. Among older versions it keeps to one for as long as that is ready.
 *
 * @param held one entry for each ready server, in any order
 * @param newest the version that the plan names; default that of the highest serial
 * @returns empty where nothing is held
 */
export function pickVersion({
  client,
  held,
  newest = newestOf(held),
}: {
  readonly client: string;
  readonly held: readonly HeldVersion[];
  readonly newest?: string;
}): string {
  const versions = new Set(held.map(({ version }) => version));
  const share = held.filter(({ version }) => version === newest).length / held.length;
  if (share === 1) return newest;
  const place = hashText(client);
  if (place < share * 2 ** 32) return newest;
  versions.delete(newest);
  const score = (version: string) => rendezvousScore(place, hashText(version));
  const [first = ''] = [...versions].sort((a, b) => score(b) - score(a) || (a < b ? -1 : 1));
  return first;
}

function newestOf(held: readonly HeldVersion[]): string {
  const [first] = [...held].sort((a, b) => b.serial - a.serial || (a.version < b.version ? 1 : -1));
  return first?.version ?? '';
}

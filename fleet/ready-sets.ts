/** Who is ready for which set, judged alike by every server. */
import { createHash } from 'node:crypto';
import type { FleetView, Member } from './fleet-view.ts';

/** Whether a server holds the newest edition of each data set that any of these holds. */
export function isUpToDate(member: Member, all: readonly Member[], set: string): boolean {
  const editions = member.sets[set]?.editions ?? {};
  return all.every(({ sets }) =>
    Object.entries(sets[set]?.editions ?? {}).every(([name, edition]) => (editions[name] ?? 0) >= edition),
  );
}

/** Names of the servers that answer for a set in a version, with the newest data. */
export function readyFor(set: string, version: string, members: readonly Member[]): string[] {
  const holders = members.filter(({ sets }) => sets[set] !== undefined);
  return holders
    .filter((member) => member.sets[set]!.version === version && isUpToDate(member, holders, set))
    .map(({ name }) => name);
}

/** Digest of all that a server routes by: equal on servers that have seen the same. */
export function digestOfRoutes({ serial, members }: Pick<FleetView, 'serial' | 'members'>): string {
  const seen = members.map(({ name, isDraining, sets }) => [name, isDraining, sets]);
  return createHash('sha256')
    .update(JSON.stringify([serial, seen]))
    .digest('hex')
    .slice(0, 16);
}

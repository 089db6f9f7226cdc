/** Processor time of a tree of processes, from /proc: what a wall clock cannot tell on a shared machine. */
import { readdirSync, readFileSync } from 'node:fs';

/** The kernel counts in hundredths of a second (USER_HZ). */
const TICK_MS = 10;

/**
 * Milliseconds of user and system time of this process, its living descendants and those it has waited for.
 *
 * @param uncounted processes to leave out, with their descendants
 */
export function treeProcessorMs(uncounted: readonly number[] = []): number {
  const own = process.cpuUsage();
  return (own.user + own.system) / 1000 + descendantsMs(process.pid, uncounted);
}

/** Milliseconds of user and system time of another process, its living descendants and those it has waited for. */
export function processorMsOf(pid: number): number {
  return (readStat(pid)?.ms ?? 0) + descendantsMs(pid, []);
}

function descendantsMs(root: number, uncounted: readonly number[]): number {
  const children = new Map<number, { pid: number; ms: number }[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readStat(Number(name));
    if (stat === undefined) continue;
    children.set(stat.parent, [...(children.get(stat.parent) ?? []), stat]);
  }
  const below = (pid: number): number =>
    (children.get(pid) ?? [])
      .filter((child) => !uncounted.includes(child.pid))
      .reduce((sum, child) => sum + child.ms + below(child.pid), 0);
  return below(root);
}

/** Fields 4 and 14 to 17 of proc(5): parent, user, system, and those of children waited for. */
function readStat(pid: number): { pid: number; parent: number; ms: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { pid, parent: Number(fields[1]), ms: ticks * TICK_MS };
  } catch {
    // It ended between the listing and the reading.
    return undefined;
  }
}

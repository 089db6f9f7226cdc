/** What a process and those it has started have used so far, from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

export interface TreeUse {
  /** User and system time. */
  readonly processorMs: number;
  readonly residentBytes: number;
}

/** The kernel counts in hundredths of a second (USER_HZ), and memory in pages. */
const TICK_MS = 10;
const PAGE_BYTES = 4_096;

export function treeOf(pid: number): TreeUse {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)) ?? []);
  const below = (of: number): readonly Stat[] =>
    all.filter((each) => each.parent === of).flatMap((each) => [each, ...below(each.pid)]);
  const tree = [...all.filter((each) => each.pid === pid), ...below(pid)];
  return {
    processorMs: tree.reduce((sum, { ticks }) => sum + ticks * TICK_MS, 0),
    residentBytes: tree.reduce((sum, { pages }) => sum + pages * PAGE_BYTES, 0),
  };
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
  readonly pages: number;
}

/** Fields 4, 14, 15 and 24 of proc(5). */
function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return {
      pid,
      parent: Number(fields[1]),
      ticks: Number(fields[11]) + Number(fields[12]),
      pages: Number(fields[21]),
    };
  } catch {
    // It ended between the listing and the reading.
    return undefined;
  }
}

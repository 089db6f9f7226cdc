/** Memory of another process. */
import { readFileSync } from 'node:fs';

/** Resident bytes of a process; `undefined` where /proc has none of it: the heap limit and the deadline remain. */
export function readResidentBytes(pid: number): number | undefined {
  try {
    const line = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return line === null ? undefined : Number(line[1]) * 1024;
  } catch {
    // No such process any more, or no /proc: either way there is nothing to watch.
    return undefined;
  }
}

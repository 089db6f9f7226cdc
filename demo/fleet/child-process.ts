/** Processes that the demo starts: none of them outlives it. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Sees to it that a process ends with this one. */
export function endWithUs(child: ChildProcess): void {
  running.add(child);
  child.once('exit', () => running.delete(child));
}

/** Waits for a line that says that it is ready, then reads on for nobody. @throws Error with what it said, where it ended first. */
export async function untilSays<T>(stream: Readable, find: (line: string) => T | undefined): Promise<T> {
  const said: string[] = [];
  const lines = createInterface({ input: stream });
  return await new Promise((resolve, reject) => {
    let isFound = false;
    lines.on('line', (line) => {
      if (isFound) return;
      said.push(line);
      const found = find(line);
      if (found === undefined) return;
      isFound = true;
      resolve(found);
    });
    lines.on('close', () => reject(new Error(`it ended before it was ready: ${said.slice(-10).join('\n')}`)));
  });
}

/** Ends a process that may have ended already. */
export async function endProcess(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

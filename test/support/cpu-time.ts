/** Processor time, which what else the machine does leaves about as it is. */

/** Milliseconds that this thread has had of a processor so far. */
export function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

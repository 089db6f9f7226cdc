/** Engines of a fleet for tests: those of the demo, their stores in a temporary folder. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Engines as DemoEngines, makeEngines as makeDemoEngines } from '../../demo/fleet/engines.ts';

export interface Engines extends DemoEngines {
  /** Removes all they stored; none may run. */
  wipe(): Promise<void>;
}

/** Makes the engines of one fleet; none runs before `start`. */
export async function makeEngines(count: 1 | 3): Promise<Engines> {
  const folder = await mkdtemp(join(tmpdir(), 'engines-'));
  const engines = await makeDemoEngines({ folder, count });
  return {
    ...engines,
    async wipe() {
      for (const name of engines.names) await rm(join(folder, name), { recursive: true, force: true });
    },
  };
}

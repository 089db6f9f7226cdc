/** Lets a component's folder find the modules of the host that its bundle declares. */
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** Does nothing where it was done before. */
export function linkPeers(folder: string): void {
  try {
    symlinkSync(MODULES, join(folder, 'node_modules'), 'dir');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

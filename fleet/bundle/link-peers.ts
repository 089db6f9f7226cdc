/** Lets a component's folder find the modules of the host that its bundle declares. */
import { readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** Does nothing where it was done before; a link into another installation, or what else is in its place, is replaced. */
export function linkPeers(folder: string): void {
  const link = join(folder, 'node_modules');
  if (targetOf(link) === MODULES) return;
  rmSync(link, { recursive: true, force: true });
  symlinkSync(MODULES, link, 'dir');
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    // Not there, or no link: made in either case.
    return undefined;
  }
}

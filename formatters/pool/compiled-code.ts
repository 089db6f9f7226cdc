/**
 * Compiled code that processes leave to the next of their kind: starting one then takes a quarter of the processor time
 * (measured: 160 ms, then 40 ms). What caged processes share is filled before third-party code is loaded, which can
 * neither read nor write there.
 */
import { mkdirSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

const FOLDERS = {
  shared: folderOf('node_modules/.cache/compile'),
  // Not below a folder that caged processes may read for ever.
  caged: folderOf('.cache/compile-caged'),
};
const VARIABLE = 'NODE_COMPILE_CACHE';

function folderOf(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** How a process is given its folder. */
export interface CompiledCode {
  readonly environment: Readonly<Record<string, string>>;
  /** For a caged process: what `leaveCompiledCode` takes back. */
  readonly flags: readonly string[];
}

const NONE: CompiledCode = { environment: {}, flags: [] };

/** For a process that is started now; nothing where the folder cannot be made, or could not be taken back. */
export function compiledCodeFor(kind: keyof typeof FOLDERS): CompiledCode {
  const folder = FOLDERS[kind];
  if (kind === 'caged' && !dropsPermissions()) return NONE;
  try {
    mkdirSync(folder, { recursive: true });
  } catch {
    return NONE;
  }
  const flags = kind === 'caged' ? [`--allow-fs-read=${folder}`, `--allow-fs-write=${folder}`] : [];
  return { environment: { [VARIABLE]: folder }, flags };
}

/** Writes down what was compiled so far: a process that is killed has no other moment for it. */
export function keepCompiledCode(): void {
  flushCompileCache();
}

/** In a caged process, before third-party code is loaded. Ends the process if the folder stays open to it. */
export function leaveCompiledCode(): void {
  const folder = process.env[VARIABLE];
  delete process.env[VARIABLE];
  if (folder === undefined) return;
  keepCompiledCode();
  const { permission } = process as unknown as { permission: Permission };
  permission.drop?.('fs.write');
  permission.drop?.('fs.read', folder);
  if (permission.has('fs.write', folder) || permission.has('fs.read', folder)) process.abort();
}

interface Permission {
  has(scope: string, reference?: string): boolean;
  drop?(scope: string, reference?: string): void;
}

// Present in 26.10, which is the pinned version; it cannot be asked for outside a caged process.
function dropsPermissions(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 26 || (major === 26 && minor >= 10);
}

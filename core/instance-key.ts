/** Secrets a server makes for itself at its first start, kept in its data folder for its owner's eyes only. */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Text of a secret file, made when it is not there. Of several processes that start at once one makes it and all read
 * the same: a finished file is linked to its name, which fails for all but the first.
 */
export function readOrMakeSecret(
  dataDir: string,
  name: string,
): { readonly secret: string; readonly file: string; readonly isNew: boolean } {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, name);
  const fresh = join(dataDir, `.${name}.${randomBytes(6).toString('hex')}`);
  const held = readSecret(file);
  if (held !== undefined) return { secret: held, file, isNew: false };
  writeFileSync(fresh, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flush: true });
  try {
    linkSync(fresh, file);
    return { secret: readSecret(file)!, file, isNew: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return { secret: readSecret(file)!, file, isNew: false };
  } finally {
    unlinkSync(fresh);
  }
}

function readSecret(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

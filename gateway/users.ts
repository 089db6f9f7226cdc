/** Users who may sign in, from the USERS file: `name:scrypt-hash[:profile]`, a line each. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt);

/** OWASP's second recommendation for scrypt: 32 MB, about 60 ms. */
const COST = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1_048_576 };
const KEY_BYTES = 32;

export interface User {
  readonly name: string;
  readonly profile: string | undefined;
}

export interface Users {
  readonly isEmpty: boolean;
  find(name: string): User | undefined;
  /** The user, when the password is right. Takes the same time for a name that does not exist (threat 56). */
  check(name: string, password: string): Promise<User | undefined>;
}

interface Entry extends User {
  readonly hash: string;
}

/** Hash of a password as the USERS file keeps it. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password.normalize('NFKC'), salt, KEY_BYTES, COST);
  return `scrypt$${COST.N}$${COST.r}$${COST.p}$${salt.toString('base64url')}$${key.toString('base64url')}`;
}

/**
 * Reads the USERS file.
 *
 * @throws RangeError where the file cannot be read, and naming each faulty line; the lines themselves are never shown.
 */
export function readUsers(file: string | undefined): Users {
  const entries = new Map<string, Entry>();
  const faults: string[] = [];
  const lines = file === undefined ? [] : readLines(file);
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [name = '', hash = '', profile] = line.split(':');
    if (!/^[\w.@-]{1,64}$/.test(name) || !/^scrypt\$\d+\$\d+\$\d+\$[\w-]+\$[\w-]+$/.test(hash))
      faults.push(`USERS: line ${index + 1} must be name:scrypt-hash[:profile]`);
    else entries.set(name, { name, hash, profile: profile || undefined });
  }
  if (faults.length > 0) throw new RangeError(faults.join('\n'));
  const decoy = `scrypt$${COST.N}$${COST.r}$${COST.p}$${'A'.repeat(22)}$${'A'.repeat(43)}`;
  return {
    isEmpty: entries.size === 0,
    find: (name) => entries.get(name),
    async check(name, password) {
      const entry = entries.get(name);
      const isRight = await matches(password, entry?.hash ?? decoy);
      return isRight ? entry : undefined;
    },
  };
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/);
  } catch (cause) {
    throw new RangeError(`USERS: ${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

async function matches(password: string, hash: string): Promise<boolean> {
  const [, N = '', r = '', p = '', salt = '', key = ''] = hash.split('$');
  const wanted = Buffer.from(key, 'base64url');
  const cost = { N: Number(N), r: Number(r), p: Number(p), maxmem: 256 * 1_048_576 };
  const got = await derive(password.normalize('NFKC'), Buffer.from(salt, 'base64url'), wanted.length, cost);
  return timingSafeEqual(got, wanted);
}

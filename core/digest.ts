/** Content addresses: sha256 of bytes, as plans, bundles and blob stores name them. */
import { createHash } from 'node:crypto';

/** `sha256:` and 64 hexadecimal digits in lower case. */
export type Digest = `sha256:${string}`;

const DIGEST = /^sha256:[0-9a-f]{64}$/;

export function isDigest(value: unknown): value is Digest {
  return typeof value === 'string' && DIGEST.test(value);
}

export function digestOfBytes(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

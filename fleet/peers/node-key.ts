/** The key a server of a fleet is known by: ed25519, made at its first start, kept in its data folder. */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { readOrMakeSecret } from '../../core/instance-key.ts';

const PREFIX = 'ed25519:';
/** RFC 8410 7: what comes before the 32 bytes of a private key in PKCS #8. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
/** Public keys parsed so far; a fleet has a few. */
const MAX_KEPT_KEYS = 1_000;

export interface NodeKey {
  /** `ed25519:` and the 32 bytes of the public key in base64url. */
  readonly publicKey: string;
  /** Signature in base64url. */
  sign(text: string): string;
}

/**
 * Reads the key of `folder`, or makes it: a file `node.key` for its owner's eyes only. Of several processes that start
 * at once all get the same.
 *
 * @throws Error when the file cannot be read or made, or holds something else.
 */
export function readOrMakeNodeKey(folder: string): NodeKey {
  // The 32 random bytes of a secret are what an ed25519 key is made of (RFC 8032 5.1.5).
  const { secret, file } = readOrMakeSecret(folder, 'node.key');
  const seed = Buffer.from(secret, 'base64url');
  if (seed.length !== 32) throw new Error(`${file} must hold 32 bytes in base64url`);
  return nodeKeyOf(seed);
}

/** The key that 32 secret bytes make. */
export function nodeKeyOf(seed: Uint8Array): NodeKey {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return { publicKey: `${PREFIX}${x}`, sign: (text) => sign(null, Buffer.from(text), key).toString('base64url') };
}

const keptKeys = new Map<string, KeyObject | undefined>();

/** True when `signature` (base64url) of `text` was made with this key; false too for a malformed key. */
export function verifyBy(publicKey: string, text: string, signature: string): boolean {
  const key = keyOf(publicKey);
  return key !== undefined && verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
}

function keyOf(text: string): KeyObject | undefined {
  if (keptKeys.has(text)) return keptKeys.get(text);
  if (keptKeys.size >= MAX_KEPT_KEYS) keptKeys.clear();
  const key = readPublicKey(text);
  keptKeys.set(text, key);
  return key;
}

function readPublicKey(text: string): KeyObject | undefined {
  const x = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : '';
  if (!/^[A-Za-z0-9_-]{43}$/.test(x)) return undefined;
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

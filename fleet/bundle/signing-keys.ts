/** Keys that sign bundles and plans: ed25519 (RFC 8032), kept as PEM. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Which key signed, and how. */
export interface Signature {
  /** First 16 hexadecimal digits of the sha256 of the public key's SPKI. */
  readonly key: string;
  /** Base64url. */
  readonly signature: string;
}

const PEM = /-----BEGIN PUBLIC KEY-----[\s\S]+?-----END PUBLIC KEY-----/g;

/**
 * Makes a key pair: `signing.key`, for its owner's eyes only, and `signing.pub`.
 *
 * @throws RangeError where there is one already.
 */
export function makeSigningKeys(folder: string): {
  readonly keyFile: string;
  readonly publicFile: string;
  readonly id: string;
} {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const [keyFile, publicFile] = [join(folder, 'signing.key'), join(folder, 'signing.pub')];
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
    writeFileSync(publicFile, publicKey.export({ type: 'spki', format: 'pem' }), { flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new RangeError(`${folder} holds a signing key already; it is not overwritten`, { cause });
  }
  return { keyFile, publicFile, id: keyIdOf(publicKey) };
}

/** @throws RangeError where the file holds no ed25519 private key. */
export function readSigningKey(file: string): KeyObject {
  try {
    const key = createPrivateKey(readFileSync(file, 'utf8'));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new RangeError(`${file} cannot be read as a signing key: ${(cause as Error).message}`, { cause });
  }
  throw new RangeError(`${file} is no ed25519 key`);
}

/** Public keys of a file: one PEM block or more, with whatever between them. @throws RangeError */
export function readTrustedKeys(file: string): readonly KeyObject[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new RangeError(`FLEET_KEYS: ${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  const blocks = text.match(PEM) ?? [];
  if (blocks.length === 0) throw new RangeError(`FLEET_KEYS: ${file} holds no public key in PEM`);
  return blocks.map((block, index) => {
    try {
      const key = createPublicKey(block);
      if (key.asymmetricKeyType === 'ed25519') return key;
    } catch (cause) {
      throw new RangeError(`FLEET_KEYS: key ${index + 1} of ${file} cannot be read`, { cause });
    }
    throw new RangeError(`FLEET_KEYS: key ${index + 1} of ${file} is no ed25519 key`);
  });
}

export function keyIdOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
}

export function signText(text: string, privateKey: KeyObject): Signature {
  return {
    key: keyIdOf(createPublicKey(privateKey)),
    signature: sign(null, Buffer.from(text), privateKey).toString('base64url'),
  };
}

/** True when one of these keys signed it. */
export function verifyText(text: string, { key, signature }: Signature, trusted: readonly KeyObject[]): boolean {
  const signer = trusted.find((each) => keyIdOf(each) === key);
  return signer !== undefined && verify(null, Buffer.from(text), signer, Buffer.from(signature, 'base64url'));
}

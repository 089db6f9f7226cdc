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
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Which key signed, and how. */
export interface Signature {
  /** First 16 hexadecimal digits of the sha256 of the public key's SPKI. */
  readonly key: string;
  /** Base64url. */
  readonly signature: string;
}

const PEM = /-----BEGIN PUBLIC KEY-----[\s\S]+?-----END PUBLIC KEY-----/g;
const COMMENT = /^[ \t]*#.*$/gm;

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
  const taken = [keyFile, publicFile].find((file) => existsSync(file));
  if (taken !== undefined) throw new RangeError(`${taken} is there already; it is not overwritten`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
  writeFileSync(publicFile, publicKey.export({ type: 'spki', format: 'pem' }), { flag: 'wx' });
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

/**
 * Public keys of a file: one PEM block or more, whatever between them. A line that begins with `#` counts for nothing, so a
 * key is taken out by its comment signs.
 *
 * @param called what messages call the file
 * @throws RangeError where the file cannot be read, holds no key, or holds one that is none of ed25519.
 */
export function readTrustedKeys(file: string, called = 'the trusted keys'): readonly KeyObject[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').replace(COMMENT, '');
  } catch (cause) {
    throw new RangeError(`${called}: ${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  const blocks = text.match(PEM) ?? [];
  if (blocks.length === 0) throw new RangeError(`${called}: ${file} holds no public key in PEM`);
  return blocks.map((block, index) => {
    try {
      const key = createPublicKey(block);
      if (key.asymmetricKeyType === 'ed25519') return key;
    } catch (cause) {
      throw new RangeError(`${called}: key ${index + 1} of ${file} cannot be read`, { cause });
    }
    throw new RangeError(`${called}: key ${index + 1} of ${file} is no ed25519 key`);
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
  const bytes = Buffer.from(signature, 'base64url');
  // Decoding passes over what is no base64url: one signature has one spelling.
  return (
    signer !== undefined && bytes.toString('base64url') === signature && verify(null, Buffer.from(text), signer, bytes)
  );
}

import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';

// Just enough DER (X.690) and X.509 (RFC 5280) to make certificates for tests, good ones and bad ones.

type Der = Buffer;

function der(tag: number, ...parts: (Der | string)[]): Der {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  if (body.length < 128) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.from(body.length.toString(16).padStart(4, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

const sequence = (...parts: Der[]) => der(0x30, ...parts);
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const SHA256_RSA = sequence(oid('2a864886f70d01010b'), der(0x05));
const nameOf = (name: string) => sequence(der(0x31, sequence(oid('550403'), der(0x0c, name))));
const utcTime = (ms: number) =>
  der(0x17, new Date(ms).toISOString().replace(/^..(..)-(..)-(..)T(..):(..):(..).*$/, '$1$2$3$4$5$6Z'));
const extension = (hex: string, critical: boolean, value: Der) =>
  sequence(oid(hex), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value));

export interface Issued {
  readonly key: string;
  readonly cert: string;
}

interface Authority extends Issued {
  readonly name: string;
  readonly privateKey: KeyObject;
}

interface CertificateWish {
  readonly name: string;
  /** Who signs. Default: itself. */
  readonly by?: Authority;
  /** Valid until, milliseconds from now. Default one day. */
  readonly endsIn?: number;
  readonly isAuthority?: boolean;
}

let serial = 1;

/** A key and a certificate for a DNS name, or for an address such as `127.0.0.1`. */
export function issueCertificate({ name, by, endsIn = 86_400_000, isAuthority = false }: CertificateWish): Authority {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const isAddress = /^\d+\.\d+\.\d+\.\d+$/.test(name);
  const altName = isAddress ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, name);
  const constraints = isAuthority ? sequence(der(0x01, Buffer.from([0xff]))) : sequence();
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([serial++])),
    SHA256_RSA,
    nameOf(by?.name ?? name),
    sequence(utcTime(Date.now() - 172_800_000), utcTime(Date.now() + endsIn)),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extension('551d13', true, constraints), extension('551d11', false, sequence(altName)))),
  );
  const signature = createSign('sha256')
    .update(body)
    .sign(by?.privateKey ?? privateKey);
  const whole = sequence(body, SHA256_RSA, der(0x03, Buffer.from([0]), signature));
  const cert = `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replace(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE-----\n`;
  return { name, privateKey, cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** The certificate and key of a listener, read from their files. */
import { accessSync, constants, readFileSync, statSync } from 'node:fs';

/** Where they are. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/**
 * The files of a listener, or `undefined` when it speaks no TLS.
 *
 * @param names Names of the two settings, for the message.
 * @throws RangeError when one is there without the other, or cannot be read.
 */
export function tlsFilesOf(
  cert: string | undefined,
  key: string | undefined,
  names: readonly [cert: string, key: string],
): TlsFiles | undefined {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined)
    throw new RangeError(`${names[0]}: goes together with ${names[1]}, one alone is set`);
  const faults = [cert, key].flatMap((file, index) => {
    try {
      accessSync(file, constants.R_OK);
      return [];
    } catch (cause) {
      return [`${names[index]}: ${file} cannot be read: ${(cause as Error).message}`];
    }
  });
  if (faults.length > 0) throw new RangeError(faults.join('\n'));
  return { cert, key };
}

/** Their content. @throws Error of the file system. */
export function readTlsFiles({ cert, key }: TlsFiles): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(cert), key: readFileSync(key) };
}

/** Changes whenever one of the files does. */
export function editionOfTlsFiles({ cert, key }: TlsFiles): string {
  return [cert, key].map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0).join(' ');
}

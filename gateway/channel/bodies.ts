/** Bodies by digest, as dictionaries of what comes next (RFC 9842 has the idea; here both ends are ours). */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { LRUCache } from 'lru-cache';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const LEVEL = 12;
const MIN_BYTES = 200;
/** What a reply may be unpacked to. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;
const DIGEST_CHARACTERS = 22;
/** What is compressed already does not become less. */
const PACKED =
  /^(?:image\/(?!svg|x-ms-bmp|bmp)|video\/|audio\/|font\/|application\/(?:zip|gzip|zstd|pdf|epub\+zip|octet-stream))/;

/** A body that another may be told by. */
export interface Dictionary {
  readonly digest: string;
  readonly body: Uint8Array;
}

export interface Bodies {
  keep(body: Uint8Array): string;
  /** @param digest whole, or its first characters */
  get(digest: string): Dictionary | undefined;
}

/** Characters of a digest that bodies are found by: 48 bits. */
const FOUND_BY = 8;

export function makeBodies(maxBytes: number): Bodies {
  const held = new LRUCache<string, Dictionary>({
    maxSize: maxBytes,
    sizeCalculation: ({ body }) => body.byteLength + 100,
  });
  return {
    keep(body) {
      const digest = digestOfBody(body);
      held.set(digest.slice(0, FOUND_BY), { digest, body });
      return digest;
    },
    get(digest) {
      const found = held.get(digest.slice(0, FOUND_BY));
      return found?.digest.startsWith(digest) === true ? found : undefined;
    },
  };
}

/** 16 bytes of its sha256: enough to tell bodies of one client apart, short on the link. */
export function digestOfBody(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('base64url').slice(0, DIGEST_CHARACTERS);
}

/** How a body was packed for the link. */
export interface Packing {
  readonly coding: 'identity' | 'zstd';
  /** Digest of the body that it is told by. */
  readonly dictionary?: string | undefined;
}

export async function packBody(
  body: Uint8Array,
  mediaType: string,
  dictionary: Dictionary | undefined,
): Promise<{ readonly packing: Packing; readonly bytes: Uint8Array }> {
  if (body.byteLength < MIN_BYTES || PACKED.test(mediaType)) return { packing: { coding: 'identity' }, bytes: body };
  const params = { [constants.ZSTD_c_compressionLevel]: LEVEL };
  const bytes = await compress(body, { params, ...(dictionary && { dictionary: dictionary.body }) });
  return { packing: { coding: 'zstd', dictionary: dictionary?.digest }, bytes };
}

/**
 * @param find a body of this client by its digest
 * @throws Error where the dictionary is not held, the bytes are damaged, or there are too many.
 */
export async function unpackBody(
  bytes: Uint8Array,
  packing: Packing,
  find: (digest: string) => Uint8Array | undefined,
): Promise<Uint8Array> {
  if (packing.coding === 'identity') return bytes;
  const dictionary = packing.dictionary === undefined ? undefined : find(packing.dictionary);
  if (packing.dictionary !== undefined && dictionary === undefined) throw new Error('the dictionary is not held');
  return await decompress(bytes, { maxOutputLength: MAX_UNPACKED_BYTES, ...(dictionary && { dictionary }) });
}

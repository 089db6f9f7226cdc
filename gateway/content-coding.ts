/** Content codings of replies: chosen by Accept-Encoding, made off the event loop, kept with the variant. */
import { promisify } from 'node:util';
import { brotliCompress, constants, deflate, gzip, zstdCompress } from 'node:zlib';
import { chooseCoding, parseAcceptEncoding } from '../core/accept-encoding.ts';
import { isTextual } from '../core/media-type.ts';
import type { VaryRecorder } from '../core/vary.ts';

/** Codings we make, best first: bytes decide where the work is done once. */
const BY_BYTES = ['br', 'zstd', 'gzip', 'deflate'];
/** Where it is done for each reply, or for very much, time does: zstd gives 8 % more bytes in a fifth of the time. */
const BY_TIME = ['zstd', 'br', 'gzip', 'deflate'];
const MUCH_BYTES = 524_288;
/** Below this a coding costs more than it saves. */
const MIN_BYTES = 256;

const compressors: Readonly<Record<string, (body: Uint8Array) => Promise<Buffer>>> = {
  br: (body) =>
    promisify(brotliCompress)(body, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: body.byteLength },
    }),
  zstd: (body) => promisify(zstdCompress)(body),
  gzip: (body) => promisify(gzip)(body, { level: 6 }),
  deflate: (body) => promisify(deflate)(body, { level: 6 }),
};

/**
 * The coding for a body, `identity` for what is compressed already or too small to gain.
 *
 * @param isKept False where what is made is sent once and forgotten. Default true.
 */
export function codingFor(mediaType: string, bytes: number, read: VaryRecorder, isKept = true): string {
  if (!isTextual(mediaType) && mediaType !== 'image/svg+xml' && mediaType !== 'image/vnd.wap.wbmp') return 'identity';
  if (bytes < MIN_BYTES) return 'identity';
  const codings = isKept && bytes <= MUCH_BYTES ? BY_BYTES : BY_TIME;
  return chooseCoding(parseAcceptEncoding(read.get('accept-encoding')), codings) ?? 'identity';
}

/** The body in a coding of `codingFor`; from `held` when it was made before, and never larger than the body. */
export async function encodeBody(body: Uint8Array, coding: string, held: Map<string, Uint8Array>): Promise<Uint8Array> {
  if (coding === 'identity') return body;
  const before = held.get(coding);
  if (before !== undefined) return before;
  const made = await compressors[coding]!(body);
  held.set(coding, made);
  return made;
}

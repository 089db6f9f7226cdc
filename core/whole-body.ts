/**
 * Bodies put together from chunks and digested, once where two collect the very same chunks: who formats an original and
 * who keeps it. For a large picture copying and digesting are half of what it costs here (bench/picture-miss).
 */
import { createHash } from 'node:crypto';

interface Joined {
  readonly chunks: readonly Uint8Array[];
  readonly whole: Buffer;
}

/** Smaller ones cost less than remembering them. */
const MIN_BYTES = 65_536;

/** On the first chunk: a weak map would keep all of it until the next full collection, which it would then cause. */
const joined = Symbol('joined');

interface Chunk extends Uint8Array {
  [joined]?: Joined;
}

const digests = new WeakMap<Uint8Array, Buffer>();

/**
 * All bytes of the chunks in order. The same chunks give the same buffer, as long as somebody holds them: it must not be
 * written to, nor must they.
 */
export function joinChunks(chunks: readonly Uint8Array[]): Buffer {
  const first: Chunk | undefined = chunks[0];
  const held = first?.[joined];
  if (held !== undefined && isSame(held.chunks, chunks)) return held.whole;
  const whole = Buffer.concat(chunks);
  if (first !== undefined && whole.length >= MIN_BYTES) first[joined] = { chunks: [...chunks], whole };
  return whole;
}

/** The sha256 of a body that nobody writes to any more. */
export function sha256Of(body: Uint8Array): Buffer {
  const held = digests.get(body);
  if (held !== undefined) return held;
  const digest = createHash('sha256').update(body).digest();
  if (body.byteLength >= MIN_BYTES) digests.set(body, digest);
  return digest;
}

function isSame(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((chunk, index) => chunk === b[index]);
}

/** Brings a blob here from whichever server has it, going on where the last try ended (threat 55). */
import type { Readable } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import type { Digest } from '../../core/digest.ts';
import type { Log } from '../../core/log.ts';
import type { BlobStore, PartialBlob } from './blob-store.ts';

/** Where a blob may be had. */
export interface BlobSource {
  readonly name: string;
  /** The bytes from `start` on, and the size of the whole; `undefined` where it is not there. Rejects on faults. */
  open(
    digest: Digest,
    start: number,
    signal: AbortSignal,
  ): Promise<{ readonly stream: Readable; readonly size: number } | undefined>;
}

export interface PullOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
}

/** Faults without a byte gained, of all sources together, after which it is given up. */
const MAX_FAULTS = 5;
const FIRST_PAUSE_MS = 100;
/** Pulls under way, so that one blob is pulled once. */
const pulling = new Map<string, Promise<void>>();

/** Rejects where no source has it. */
export async function pullBlob(
  digest: Digest,
  sources: readonly BlobSource[],
  store: BlobStore,
  options: PullOptions,
): Promise<void> {
  const key = store.path(digest);
  const held = pulling.get(key);
  if (held !== undefined) return await held;
  const pull = pullOnce(digest, sources, store, options).finally(() => pulling.delete(key));
  pulling.set(key, pull);
  await pull;
}

async function pullOnce(
  digest: Digest,
  sources: readonly BlobSource[],
  store: BlobStore,
  { signal, clock, log }: PullOptions,
): Promise<void> {
  const left = new Set(sources);
  let faults = 0;
  let spoils = 0;
  while (left.size > 0) {
    for (const source of left) {
      signal.throwIfAborted();
      const { outcome, gained } = await pullFrom(source, digest, store, signal);
      if (outcome === 'done') return;
      if (gained > 0) faults = 0;
      if (outcome === 'broken') faults += 1;
      // What had come before it may have been wrong: that is nobody's lie, and it begins anew.
      else if (outcome === 'spoiled') spoils += 1;
      // Who does not have it, or lies about it, is not asked again.
      else left.delete(source);
      if (outcome === 'wrong')
        log.error('a server sent other bytes than those asked for', { server: source.name, digest });
    }
    if (faults > MAX_FAULTS || spoils > MAX_FAULTS) break;
    if (left.size > 0) await new Promise<void>((resolve) => clock.after(FIRST_PAUSE_MS * 2 ** faults, resolve));
  }
  throw new Error(`no server could send ${digest}`);
}

type Outcome = 'done' | 'absent' | 'broken' | 'wrong' | 'spoiled';

async function pullFrom(
  source: BlobSource,
  digest: Digest,
  store: BlobStore,
  signal: AbortSignal,
): Promise<{ readonly outcome: Outcome; readonly gained: number }> {
  const partial = await store.receive(digest);
  const start = partial.offset;
  const end = (outcome: Outcome) => ({ outcome, gained: partial.offset - start });
  try {
    const found = await source.open(digest, start, signal);
    if (found === undefined || !(await fill(partial, found))) {
      await partial.pause();
      return end(found === undefined ? 'absent' : 'broken');
    }
  } catch {
    await partial.pause();
    signal.throwIfAborted();
    return end('broken');
  }
  if (await partial.finish()) return end('done');
  return end(start === 0 ? 'wrong' : 'spoiled');
}

/** False where the stream ended early. */
async function fill(partial: PartialBlob, { stream, size }: { stream: Readable; size: number }): Promise<boolean> {
  for await (const part of stream) {
    await partial.write(part as Uint8Array);
    if (partial.offset > size) break;
  }
  return partial.offset >= size;
}

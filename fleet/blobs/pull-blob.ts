/** Brings a blob here from whichever server has it, going on where the last try ended (threat 55). */
import type { Readable } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import type { Digest } from '../../core/digest.ts';
import type { Log } from '../../core/log.ts';
import { type BlobStore, MAX_BLOB_BYTES, type PartialBlob } from './blob-store.ts';

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
  for (let held = pulling.get(key); held !== undefined; held = pulling.get(key)) {
    try {
      return await held;
    } catch (error) {
      // Whoever began it may have gone: then it goes on for those who are left.
      options.signal.throwIfAborted();
      if (!(error instanceof PullEnded)) throw error;
    }
  }
  const pull = pullOnce(digest, sources, store, options)
    .catch((error: unknown) => {
      throw options.signal.aborted ? new PullEnded('the pull was ended', { cause: error }) : error;
    })
    .finally(() => pulling.delete(key));
  pulling.set(key, pull);
  await pull.catch((error: unknown) => {
    options.signal.throwIfAborted();
    throw error;
  });
}

/** Whoever asked for it wants it no more. */
class PullEnded extends Error {}

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
      let { outcome, gained } = await pullFrom(source, digest, store, signal);
      if (outcome === 'spoiled') {
        // What had come before it may have been wrong: that is no lie of this one, which begins anew at once.
        spoils += 1;
        ({ outcome, gained } = await pullFrom(source, digest, store, signal));
      }
      if (outcome === 'done') return;
      if (gained > 0) faults = 0;
      if (outcome === 'broken') faults += 1;
      // Who does not have it, or lies about it, is not asked again.
      else left.delete(source);
      if (outcome === 'wrong')
        log.error('a server sent other bytes than those asked for', { server: source.name, digest });
    }
    if (faults > MAX_FAULTS || spoils > MAX_FAULTS) break;
    if (left.size > 0) await pauseFor(FIRST_PAUSE_MS * 2 ** faults, { signal, clock });
  }
  throw new Error(`no server could send ${digest}`);
}

/** Shorter where it is wanted no more. */
async function pauseFor(ms: number, { signal, clock }: Pick<PullOptions, 'signal' | 'clock'>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => resolve();
  const timer = clock.after(ms, end);
  signal.addEventListener('abort', end, { once: true });
  await promise;
  timer.cancel();
  signal.removeEventListener('abort', end);
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
    if (found !== undefined && !(found.size <= MAX_BLOB_BYTES)) {
      found.stream.destroy();
      await partial.pause();
      return end('wrong');
    }
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

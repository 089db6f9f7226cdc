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

/** Faults in a row, of all sources together, after which it is given up. */
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
  while (left.size > 0) {
    for (const source of left) {
      signal.throwIfAborted();
      const outcome = await pullFrom(source, digest, store, signal);
      if (outcome === 'done') return;
      if (outcome === 'broken') faults += 1;
      // Who does not have it, or lies about it, is not asked again.
      else left.delete(source);
      if (outcome === 'wrong')
        log.error('a server sent other bytes than those asked for', { server: source.name, digest });
    }
    if (faults > MAX_FAULTS) break;
    if (left.size > 0) await new Promise<void>((resolve) => clock.after(FIRST_PAUSE_MS * 2 ** faults, resolve));
  }
  throw new Error(`no server could send ${digest}`);
}

async function pullFrom(
  source: BlobSource,
  digest: Digest,
  store: BlobStore,
  signal: AbortSignal,
): Promise<'done' | 'absent' | 'broken' | 'wrong'> {
  const partial = await store.receive(digest);
  try {
    const found = await source.open(digest, partial.offset, signal);
    if (found === undefined) {
      await partial.pause();
      return 'absent';
    }
    const isWhole = await fill(partial, found);
    if (!isWhole) {
      await partial.pause();
      return 'broken';
    }
  } catch {
    await partial.pause();
    signal.throwIfAborted();
    return 'broken';
  }
  return (await partial.finish()) ? 'done' : 'wrong';
}

/** False where the stream ended early. */
async function fill(partial: PartialBlob, { stream, size }: { stream: Readable; size: number }): Promise<boolean> {
  for await (const part of stream) {
    await partial.write(part as Uint8Array);
    if (partial.offset > size) break;
  }
  return partial.offset >= size;
}

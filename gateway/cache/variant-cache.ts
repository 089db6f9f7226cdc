/**
 * The variant cache: what formatters made, by variant key, bounded by bytes, the longest unused going first. Memory of each
 * process stands before a disk that all share.
 */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { DiskCache } from '../../core/cache/disk-cache.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { Clock } from '../../core/clock.ts';
import type { Note, StepReport } from '../../core/executor.ts';
import type { MadeBy } from '../../core/fleet.ts';
import type { Plan } from '../../core/plan.ts';

/** One made representation. Content codings of it are added as they are asked for. */
export interface Variant {
  readonly key: string;
  readonly mediaType: string;
  readonly charset: string | undefined;
  readonly body: Uint8Array;
  readonly notes: readonly Note[];
  readonly steps: readonly StepReport[];
  readonly plan: Plan;
  /** True when the original is to be sent instead, because the made one is not smaller. */
  readonly isLarger: boolean;
  readonly coded: Map<string, Uint8Array>;
  /** The server of the fleet that made it, where it was another than this. */
  readonly madeBy?: MadeBy | undefined;
}

/** Everything a formatter reads beyond the original's bytes. */
export interface VariantContext {
  /** Hex digest of the original's decoded body. */
  readonly digest: string;
  readonly plan: Plan;
  readonly url: string;
  readonly charset: string | undefined;
  readonly fields: Readonly<Record<string, string>>;
  readonly language: string | undefined;
  /** Charset of the reply. */
  readonly replyCharset: string;
  /** True where the page says that it was fetched by https. */
  readonly upgraded?: true | undefined;
}

/**
 * Key of a variant: equal on every server for equal input (C-10, C-12).
 *
 * Canonical JSON of a structure, never strings joined together: nothing in a URL can imitate another part.
 */
export function variantKeyOf(context: VariantContext): string {
  return createHash('sha256').update(canonicalJson(context)).digest('base64url').slice(0, 27);
}

export interface VariantCache {
  /** A variant held in memory. */
  get(key: string): Variant | undefined;
  /** A variant held in memory or on disk. */
  find(key: string): Promise<Variant | undefined>;
  /** Keeps a variant; on disk only where the original was for everybody. The caller does not wait for the disk. */
  put(variant: Variant, isForAll: boolean): void;
}

export interface VariantCacheOptions {
  /** Memory for bodies; 0 keeps nothing there. */
  readonly maxBytes: number;
  /** What other processes and the next start find too. */
  readonly disk: DiskCache | undefined;
  /** How long a variant stays on disk. */
  readonly lifeMs: number;
  readonly clock: Clock;
}

export function makeVariantCache({ maxBytes, disk, lifeMs, clock }: VariantCacheOptions): VariantCache {
  const held =
    maxBytes === 0 ? undefined : new LRUCache<string, Variant>({ maxSize: maxBytes, sizeCalculation: sizeOf });
  return {
    get: (key) => held?.get(key),
    async find(key) {
      const inMemory = held?.get(key);
      if (inMemory !== undefined || disk === undefined) return inMemory;
      const variant = await readVariant(disk, key);
      if (variant !== undefined) held?.set(key, variant);
      return variant;
    },
    put(variant, isForAll) {
      held?.set(variant.key, variant);
      if (disk === undefined || !isForAll) return;
      const { key, body, coded: _coded, ...description } = variant;
      void disk.put({
        key,
        selector: '',
        meta: JSON.stringify(description),
        // The original is sent in its place: only that this is so need be known.
        body: variant.isLarger ? new Uint8Array() : body,
        ends: clock.now() + lifeMs,
      });
    },
  };
}

async function readVariant(disk: DiskCache, key: string): Promise<Variant | undefined> {
  const entry = disk.find(key)[0];
  const body = entry === undefined ? undefined : await disk.bodyOf(entry);
  if (entry === undefined || body === undefined) return undefined;
  const description = JSON.parse(entry.meta) as Omit<Variant, 'key' | 'body' | 'coded'>;
  // JSON leaves out what is undefined.
  return { ...description, charset: description.charset, key, body, coded: new Map() };
}

// Codings come later, when asked for, and are at most as large as the body: counted beforehand.
function sizeOf(variant: Variant): number {
  return 1_024 + (variant.isLarger ? 0 : 2 * variant.body.byteLength);
}

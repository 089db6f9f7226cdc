/** The variant cache: what formatters made, by variant key, bounded by bytes, the longest unused going first. */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Note, StepReport } from '../../core/executor.ts';
import type { LinkMap } from '../../core/links/address-map.ts';
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
}

/** Everything a formatter reads beyond the original's bytes. */
export interface VariantContext {
  /** Hex digest of the original's decoded body. */
  readonly digest: string;
  readonly plan: Plan;
  readonly url: string;
  readonly charset: string | undefined;
  readonly fields: Readonly<Record<string, string>>;
  readonly links: LinkMap;
  readonly language: string | undefined;
  /** Charset of the reply. */
  readonly replyCharset: string;
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
  get(key: string): Variant | undefined;
  put(variant: Variant): void;
}

/** @param maxBytes Memory for bodies; 0 keeps nothing. */
export function makeVariantCache(maxBytes: number): VariantCache {
  if (maxBytes === 0) return { get: () => undefined, put: () => undefined };
  const held = new LRUCache<string, Variant>({ maxSize: maxBytes, sizeCalculation: sizeOf });
  return {
    get: (key) => held.get(key),
    put: (variant) => void held.set(variant.key, variant),
  };
}

// Codings come later, when asked for, and are at most as large as the body: counted beforehand.
function sizeOf(variant: Variant): number {
  return 1_024 + (variant.isLarger ? 0 : 2 * variant.body.byteLength);
}

/** JSON with the keys of objects in order. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

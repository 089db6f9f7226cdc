/** A variant as it travels to another server of the fleet. */
import { pack, unpack } from '../../core/envelope.ts';
import type { Variant } from './variant-cache.ts';

export function packVariant({ body, coded: _coded, key: _key, madeBy: _madeBy, ...head }: Variant): Uint8Array {
  return pack(head, body);
}

/** `undefined` for what is none. */
export function unpackVariant(key: string, bytes: Uint8Array): Variant | undefined {
  try {
    const { head, body } = unpack(Buffer.from(bytes));
    const { mediaType, charset, plan, steps, notes, isLarger } = head as unknown as Variant;
    if (typeof mediaType !== 'string' || !Array.isArray(steps) || !Array.isArray(notes)) return undefined;
    return { key, mediaType, charset, plan, steps, notes, isLarger, body, coded: new Map() };
  } catch {
    return undefined;
  }
}

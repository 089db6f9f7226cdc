/** ZIP archives, which documents of word processors and books are: bounded before anything is inflated (threats 41, 54). */
import { type UnzipFileInfo, unzipSync } from 'fflate';
import { FormatFailure } from '../../core/executor.ts';

/** Bounds of what is taken out of an archive. */
export interface ArchiveBounds {
  /** How a failure names it, such as `the book`. */
  readonly what: string;
  /** Bytes of all wanted parts together, inflated. */
  readonly maxBytes: number;
  /** Which parts are wanted. Default: all. */
  wants?(name: string, bytes: number): boolean;
}

const MAX_ENTRIES = 5000;
/** Beyond this many bytes a part may not be more than this many times what it is packed in: XML packs to a tenth. */
const RATIO_FROM = 1_000_000;
const MAX_RATIO = 100;

/**
 * The wanted parts by name. What the archive says of a part's size is checked before, and is all that is inflated.
 *
 * @throws FormatFailure cannot where it is no archive, hostile where it is a bomb, too-large
 */
export function readArchive(bytes: Uint8Array, { what, maxBytes, wants }: ArchiveBounds): Map<string, Uint8Array> {
  let entries = 0;
  let total = 0;
  const seen = new Set<string>();
  const filter = ({ name, size, originalSize }: UnzipFileInfo): boolean => {
    entries++;
    if (entries > MAX_ENTRIES) throw new FormatFailure('hostile', 'archive', `${what} has over ${MAX_ENTRIES} parts`);
    if (name.endsWith('/') || seen.has(name) || wants?.(name, originalSize) === false) return false;
    seen.add(name);
    if (originalSize > RATIO_FROM && originalSize > MAX_RATIO * size)
      throw new FormatFailure('hostile', 'archive', `a part of ${what} is over ${MAX_RATIO} times its packed size`);
    total += originalSize;
    if (total > maxBytes) throw new FormatFailure('too-large', 'archive', `${what} unpacks to over ${maxBytes} bytes`);
    return true;
  };
  try {
    return new Map(Object.entries(unzipSync(bytes, { filter })));
  } catch (error) {
    if (error instanceof FormatFailure) throw error;
    throw new FormatFailure('cannot', 'archive', `${what} is no archive that can be read`, { cause: error });
  }
}

/** A part as text: UTF-8, or UTF-16 with its mark. Empty where it is missing. */
export function textOfPart(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return '';
  const [first, second] = bytes;
  const charset =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(charset).decode(bytes);
}

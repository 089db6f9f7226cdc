/** Which picture bytes are, by what they begin with: a label is only a claim (threat 38). */

/** Kinds that are written here. */
export type PictureKind = 'jpeg' | 'png' | 'webp' | 'avif' | 'gif' | 'wbmp';

/** Kinds that are decoded here. An icon file is taken apart before: see `readIcon`. */
export type SourceKind = PictureKind | 'tiff';

/** `foreign`: a picture of a kind that is not decoded here. `none`: no picture at all. */
export type SniffedKind = SourceKind | 'icon' | 'foreign' | 'none';

/** Media types of what is read and never written. */
export const READ_TYPES: Readonly<Record<string, 'tiff' | 'icon'>> = {
  'image/tiff': 'tiff',
  'image/vnd.microsoft.icon': 'icon',
  'image/x-icon': 'icon',
};

/** Media types of the kinds. */
export const MEDIA_TYPES: Readonly<Record<PictureKind, string>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  avif: 'image/avif',
  gif: 'image/gif',
  wbmp: 'image/vnd.wap.wbmp',
};

/** Signatures of pictures that browsers may know and the decoders here do not: large TIFF, BMP, JPEG XL, JPEG 2000. */
const FOREIGN = ['II+\0', 'MM\0+', 'BM', '\xff\x0a', '\0\0\0\x0cJXL ', '\0\0\0\x0cjP  '];
const MAX_BRAND_BYTES = 256;

/** The media type of what was found. */
export function typeOf(kind: SourceKind | 'icon'): string {
  if (kind === 'tiff') return 'image/tiff';
  return kind === 'icon' ? 'image/vnd.microsoft.icon' : MEDIA_TYPES[kind];
}

/** The kind of a media type; `undefined` for others. */
export function kindOf(mediaType: string): PictureKind | undefined {
  const kinds = Object.keys(MEDIA_TYPES) as PictureKind[];
  return kinds.find((kind) => MEDIA_TYPES[kind] === mediaType);
}

/**
 * Kind by magic bytes. WBMP has none: it is believed where it is claimed and nothing else fits.
 *
 * @param claimed kind of the media type the bytes came with
 */
export function sniffKind(bytes: Buffer, claimed: PictureKind | undefined): SniffedKind {
  const starts = (text: string, at = 0) => bytes.toString('latin1', at, at + text.length) === text;
  if (starts('\xff\xd8\xff')) return 'jpeg';
  if (starts('\x89PNG\r\n\x1a\n')) return 'png';
  if (starts('GIF87a') || starts('GIF89a')) return 'gif';
  if (starts('RIFF') && starts('WEBP', 8)) return 'webp';
  if (starts('II*\0') || starts('MM\0*')) return 'tiff';
  if (starts('\0\0\x01\0')) return 'icon';
  if (starts('ftyp', 4)) return hasAvifBrand(bytes) ? 'avif' : 'foreign';
  // Type 0, no extension headers: anything else of WBMP was never used.
  if (claimed === 'wbmp' && starts('\0\0')) return 'wbmp';
  return FOREIGN.some((signature) => starts(signature)) ? 'foreign' : 'none';
}

/** ISO/IEC 14496-12 4.3: major brand, minor version, then compatible brands. */
function hasAvifBrand(bytes: Buffer): boolean {
  const end = Math.min(bytes.readUInt32BE(0), bytes.length, MAX_BRAND_BYTES);
  for (let at = 8; at + 4 <= end; at += at === 8 ? 8 : 4) {
    const brand = bytes.toString('latin1', at, at + 4);
    if (brand === 'avif' || brand === 'avis') return true;
  }
  return false;
}

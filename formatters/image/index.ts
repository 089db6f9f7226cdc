import type { FormatEnv, FormatInput, FormatResult, Formatter, PlainRecord, Want } from '../../core/component.ts';
import { loadSharp } from '../pictures/sharp-library.ts';
import { type Drawing, draw, type Source } from './drawing.ts';
import { canEncode, encodablePixels, encodePicture } from './encode-picture.ts';
import { terminalKindOf, writeForTerminal } from './for-terminal.ts';
import { readIcon } from './icon-file.ts';
import { pictureEdges } from './picture-edges.ts';
import { checkPixels, mayLayFrames, type PictureHeader, readHeader } from './picture-header.ts';
import { kindOf, type PictureKind, READ_TYPES, type SourceKind, sniffKind, typeOf } from './picture-kind.ts';
import { hostile } from './refusals.ts';
import { stripMetadata } from './strip-metadata.ts';
import { frameBudget, thinDrawing } from './thin-drawing.ts';
import { type PictureWants, parseWants } from './wants.ts';
import { withinBytes } from './within-bytes.ts';

/**
 * Pictures in the format, size, colours and weight that fit a client.
 *
 * Meets the demands `clean` (upright, no metadata), `quality` (1 to 100, one scale for all formats), `maxWidth` and
 * `maxHeight` with `fit` (never enlarged; `cover` keeps what draws the eye), `maxBytes` (by lower quality, then fewer
 * pixels, in at most five encodings), `color` (greys, photographs dithered to a number of levels), `still`, `light` and
 * `background`, `hasty` (AVIF with the least effort); for terminals, as half blocks in 24-bit colours or as sixels, the width of `wrap`. What is transparent
 * goes onto the background, white by default, where the format has no transparency; animations stay in WebP and GIF,
 * with fewer frames where it is `light` or bytes are few; drawings are coded without loss where that is smaller. A
 * picture that would not become smaller is kept, without its metadata.
 *
 * The kind is told by the bytes, not the label; what is no picture, or a broken one, is refused, and so is what would
 * need too much memory, by its header alone.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'image',
  version: '1.11.0',
  title: 'Pictures',
  reads: 'bytes',
  edges: pictureEdges(),
  async open() {
    await loadSharp();
  },
  format: formatPicture,
} satisfies Formatter;

/** Where nobody says how good it must be. */
const DEFAULT_QUALITY = 80;
/** What `light` makes of a quality. */
const LIGHT_SHARE = 0.9;
/** Qualities tried when a picture that cannot be kept comes out larger than it was. */
const LOWER_SHARES = [0.75, 0.5, 0.3];

async function formatPicture(input: FormatInput, want: Want, env: FormatEnv): Promise<FormatResult> {
  const wants = readWants(want.demands, env);
  const terminal = terminalKindOf(want.mediaType);
  if (terminal !== undefined) {
    const source = await admit(input, { wants: { ...wants, still: true }, target: 'png', env });
    return {
      mediaType: want.mediaType,
      body: await writeForTerminal(terminal, source, { wants, demands: want.demands }),
    };
  }
  const target = kindOf(want.mediaType)!;
  const source = await admit(input, { wants, target, env });
  const clean = cleanOriginal(source, wants, target);
  if (clean !== undefined && isAnimatedPng(source.header) && !wants.still) return keep(clean, want, env);
  const whole = await draw(source, wants);
  const drawing = await thinned(whole, { target, wants, env });
  const kept = drawing.isUpright ? clean : undefined;
  if (!canEncode(target, drawing)) {
    if (kept !== undefined && !drawing.isScaled) return keep(kept, want, env);
    return env.cannot(`${drawing.width}×${drawing.height} is too large to be encoded as ${want.mediaType}`);
  }
  // Nothing but `clean` is wanted: no pixel is touched.
  const isLight = kept !== undefined && kept.length <= (wants.maxBytes ?? kept.length);
  if (isLight && !drawing.isScaled && wants.quality === undefined && !wants.light) return keep(kept, want, env);
  const smaller = await encodeSmaller(source, { drawing, target, wants, kept, env });
  const settled = { ...wants, quality: qualityOf(wants) };
  const body = await withinBytes(source, smaller, { drawing, target, wants: settled, env });
  return body === kept ? keep(kept, want, env) : { mediaType: want.mediaType, body };
}

/** An animation with as many frames as it may have here. */
async function thinned(
  drawing: Drawing,
  { target, wants, env }: { target: PictureKind; wants: PictureWants; env: FormatEnv },
): Promise<Drawing> {
  const budget = frameBudget(drawing, { target, wants, maxPixels: encodablePixels(target) });
  if (drawing.motion === undefined || budget < 2 || budget >= drawing.frames) return drawing;
  const fewer = await thinDrawing(drawing, budget);
  env.note('animation-thinned', { frames: drawing.frames, kept: fewer.frames });
  return fewer;
}

function readWants(demands: Readonly<PlainRecord>, env: FormatEnv): PictureWants {
  try {
    return parseWants(demands);
  } catch (error) {
    return env.cannot((error as Error).message);
  }
}

/** Decides by the header alone whether the picture may be decoded, and how much of it. */
async function admit(
  input: FormatInput,
  { wants, target, env }: { wants: PictureWants; target: PictureKind; env: FormatEnv },
): Promise<Source> {
  const { bytes, kind, digest } = await identify(input, wants, env);
  const header = readHeader(bytes, kind);
  const isAnimation = header.frames > 1 && !wants.still;
  const animated = isAnimation && (target === 'gif' || target === 'webp');
  const { maxPixels } = env.limits;
  const isPng = kind === 'png';
  // A PNG that moves can be kept: it is not refused for what will not be decoded.
  checkPixels(header, animated && !isPng ? header.frames : 1, maxPixels);
  const isLost = animated ? isPng && !mayLayFrames(header, maxPixels) : isAnimation && !(isPng && target === 'png');
  if (isLost && !wants.format) return env.cannot('the animation would be lost');
  if (isLost) env.note('animation-lost', { frames: header.frames });
  // Whatever decodes these knows profiles; where bytes matter most one is too much.
  const keepsGamut = (target === 'avif' || target === 'webp') && wants.color === undefined && !wants.light;
  return { bytes, digest, header, animated: animated && !isLost, maxPixels, keepsGamut };
}

/** What the bytes are, whatever they are called. */
async function identify(
  { body, digest, mediaType }: FormatInput,
  { maxWidth }: PictureWants,
  env: FormatEnv,
): Promise<{ bytes: Buffer; kind: SourceKind; digest: string | undefined }> {
  const given = body as Uint8Array;
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  const claimed = kindOf(mediaType);
  const kind = sniffKind(bytes, claimed);
  // Threat 38: text or markup that is labelled as a picture is never shown.
  if (kind === 'none') throw hostile(`labelled ${mediaType}, but its bytes are no picture`);
  if (kind === 'foreign') return env.cannot('a picture of a kind that is not decoded here');
  if (kind !== (claimed ?? READ_TYPES[mediaType]))
    env.note('type-corrected', { claimed: mediaType, found: typeOf(kind) });
  if (kind === 'icon') return { bytes: await readIcon(bytes, maxWidth), kind: 'png', digest: undefined };
  return { bytes, kind, digest };
}

/** The original without metadata, where it could stand for the result. */
function cleanOriginal({ bytes, header }: Source, wants: PictureWants, target: PictureKind): Buffer | undefined {
  const isOther = header.kind !== target || wants.color !== undefined || (wants.still && header.frames > 1);
  return isOther ? undefined : stripMetadata(bytes, header.kind);
}

/** The library shows only the first frame of these: they can be kept, not made anew. */
function isAnimatedPng({ kind, frames }: PictureHeader): boolean {
  return kind === 'png' && frames > 1;
}

function keep(body: Buffer, want: Want, env: FormatEnv): FormatResult {
  env.note('kept-original', { bytes: body.length });
  return { mediaType: want.mediaType, body };
}

/**
 * Encodes, and sees to the law that a reply is never larger than the original: by `kept`, which can stand for the
 * result, or by a lower quality. A picture of another type that is clean as it is may come out larger; the gateway then
 * sends the original.
 */
async function encodeSmaller(
  source: Source,
  parts: {
    drawing: Drawing;
    target: PictureKind;
    wants: PictureWants;
    kept: Buffer | undefined;
    env: FormatEnv;
  },
): Promise<Buffer> {
  const { drawing, target, wants, kept, env } = parts;
  const quality = qualityOf(wants);
  const bound = kept ?? source.bytes;
  let body = await encodePicture(target, drawing, { ...wants, quality });
  if (body.length < bound.length || wants.color !== undefined) return body;
  // At its own size nothing made anew is better than the picture itself; in another size it is worth a try.
  const isHopeless = kept === undefined ? isCleanAndUpright(source, drawing, target) : !drawing.isScaled;
  for (const share of isHopeless ? [] : LOWER_SHARES) {
    env.signal.throwIfAborted();
    const lowered = Math.max(1, Math.round(quality * share));
    body = await encodePicture(target, drawing, { ...wants, quality: lowered });
    if (body.length >= bound.length) continue;
    env.note('quality-lowered', { quality: lowered });
    return body;
  }
  return kept ?? body;
}

function qualityOf({ quality = DEFAULT_QUALITY, light }: PictureWants): number {
  return Math.max(1, Math.round(quality * (light ? LIGHT_SHARE : 1)));
}

function isCleanAndUpright({ bytes, header }: Source, { isUpright }: Drawing, target: PictureKind): boolean {
  return header.kind !== target && isUpright && stripMetadata(bytes, header.kind)?.length === bytes.length;
}

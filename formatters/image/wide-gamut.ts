/** Photographs in Display P3, which most telephones take, and whether they have colours that sRGB does not. */
import type { RawPicture } from './analyse-pixels.ts';
import { fromSrgb, P3_TO_SRGB } from './to-srgb.ts';

/** What a profile may weigh in every picture; those of cameras weigh half a kilobyte. */
const MAX_PROFILE_BYTES = 1_000;
/** Red, green and blue as profiles tell them, adapted to D50 (ICC.1 9.2.44). */
const P3_COLORANTS: Readonly<Record<string, readonly number[]>> = {
  rXYZ: [0.5151, 0.2412, -0.0011],
  gXYZ: [0.292, 0.6922, 0.0419],
  bXYZ: [0.1571, 0.0666, 0.7841],
};
const TOLERANCE = 0.005;
const FIXED_POINT = 65_536;
/** What a colour may miss sRGB by, as light, unseen; and the share of pixels that may miss it by more. */
const UNSEEN = 0.03;
const UNSEEN_SHARE = 0.003;

/** True for a small profile of a matrix that tells the primaries of Display P3. */
export function isDisplayP3(profile: Buffer | undefined): boolean {
  if (profile === undefined || profile.length > MAX_PROFILE_BYTES || profile.length < 132) return false;
  const tags = readTags(profile);
  return Object.entries(P3_COLORANTS).every(([name, colorant]) => {
    const at = tags.get(name);
    if (at === undefined || at + 20 > profile.length) return false;
    return colorant.every(
      (value, axis) => Math.abs(profile.readInt32BE(at + 8 + axis * 4) / FIXED_POINT - value) < TOLERANCE,
    );
  });
}

/** ICC.1 7.3: a count, then a signature, an offset and a size for each. */
function readTags(profile: Buffer): Map<string, number> {
  const tags = new Map<string, number>();
  const count = Math.min(profile.readUInt32BE(128), 100);
  for (let at = 132; at + 12 <= profile.length && tags.size < count; at += 12)
    tags.set(profile.toString('latin1', at, at + 4), profile.readUInt32BE(at + 4));
  return tags;
}

/** True where pixels, in Display P3, would be seen to lose colour in sRGB. */
export function isBeyondSrgb({ data, channels }: RawPicture): boolean {
  const light = Float32Array.from({ length: 256 }, (_, value) => fromSrgb(value / 255));
  let count = 0;
  for (let at = 0; at + 2 < data.length; at += channels) {
    const [red, green, blue] = [light[data[at]!]!, light[data[at + 1]!]!, light[data[at + 2]!]!];
    const isBeyond = P3_TO_SRGB.some((row) => {
      const value = row[0]! * red + row[1]! * green + row[2]! * blue;
      return value < -UNSEEN || value > 1 + UNSEEN;
    });
    if (isBeyond) count += 1;
  }
  return count * channels > data.length * UNSEEN_SHARE;
}

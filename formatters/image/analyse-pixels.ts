/** What kind of picture pixels are: few colours, flat areas, transparency. It decides how they are best coded. */

/** Eight bits a channel, interleaved: grey, grey and alpha, RGB or RGBA. */
export interface RawPicture {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
}

/** Exact colours of a picture that has at most 256. */
export interface FewColours {
  /** Index into `palette` of every pixel. */
  readonly indexes: Uint8Array;
  /** RGBA in order of first appearance. */
  readonly palette: readonly (readonly [number, number, number, number])[];
}

export interface PixelFacts {
  /** Some pixel is not opaque. */
  readonly hasAlpha: boolean;
  /** Drawn rather than photographed: text, icons, charts, screens. */
  readonly isGraphic: boolean;
  readonly fewColours: FewColours | undefined;
}

const MAX_COLOURS = 256;
/** So few colours are a drawing whatever their arrangement. */
const MAX_DRAWN_COLOURS = 16;
/** Share of pixels equal to the one before: photographs have under a tenth, drawings over a half. */
const FLAT_SHARE = 0.3;

/** Looks at every pixel once. */
export function analysePixels(raw: RawPicture): PixelFacts {
  const count = raw.width * raw.height;
  const indexes = new Uint8Array(count);
  const seen = new Map<number, number>();
  let [flat, previous, isOpaque, isFew] = [0, -1, true, true];
  for (let pixel = 0; pixel < count; pixel++) {
    const colour = colourAt(raw, pixel);
    isOpaque &&= colour >>> 24 === 255;
    if (colour === previous) {
      flat += 1;
      if (isFew) indexes[pixel] = indexes[pixel - 1]!;
      continue;
    }
    previous = colour;
    if (!isFew) continue;
    const known = seen.get(colour) ?? seen.size;
    isFew = known < MAX_COLOURS;
    seen.set(colour, known);
    indexes[pixel] = known;
  }
  return {
    hasAlpha: !isOpaque,
    isGraphic: (isFew && seen.size <= MAX_DRAWN_COLOURS) || flat / count >= FLAT_SHARE,
    fewColours: isFew ? { indexes, palette: [...seen.keys()].map(channelsOf) } : undefined,
  };
}

/** Alpha, blue, green, red from the top. What cannot be seen is one colour. */
function colourAt({ data, channels }: RawPicture, pixel: number): number {
  const at = pixel * channels;
  const alpha = channels === 4 ? data[at + 3]! : channels === 2 ? data[at + 1]! : 255;
  if (alpha === 0) return 0;
  const red = data[at]!;
  if (channels < 3) return ((alpha << 24) | (red << 16) | (red << 8) | red) >>> 0;
  return ((alpha << 24) | (data[at + 2]! << 16) | (data[at + 1]! << 8) | red) >>> 0;
}

function channelsOf(colour: number): readonly [number, number, number, number] {
  return [colour & 255, (colour >>> 8) & 255, (colour >>> 16) & 255, colour >>> 24];
}

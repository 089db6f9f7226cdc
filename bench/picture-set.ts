/** Pictures to measure with: those of a folder, else the demo's. */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

/** A picture as it would be seen, without loss. */
export interface Sample {
  readonly name: string;
  readonly width: number;
  readonly png: Buffer;
}

const DEMO = fileURLToPath(new URL('../demo/site/pictures/', import.meta.url));
const MAX_PIXELS = 100_000_000;

/** Every JPEG and PNG of a folder, upright, opaque, in each of the widths it can be had in. */
export async function readSamples(folder: string | undefined, widths: readonly number[]): Promise<Sample[]> {
  const files = (await readdir(folder ?? DEMO)).filter((name) => /\.(?:jpe?g|png)$/i.test(name)).sort();
  const samples: Sample[] = [];
  for (const file of files)
    for (const width of widths) {
      const { data, info } = await sharp(join(folder ?? DEMO, file), { limitInputPixels: MAX_PIXELS })
        .autoOrient()
        .resize({ width, withoutEnlargement: true })
        .flatten({ background: '#ffffff' })
        .png({ compressionLevel: 1 })
        .toBuffer({ resolveWithObject: true });
      if (info.width === width) samples.push({ name: basename(file), width, png: data });
    }
  return samples;
}

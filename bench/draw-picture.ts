/** A large photograph, drawn: for benchmarks on machines that have none. */
import sharp from 'sharp';

/** 12 megapixels of soft noise with some grain: coded to about what a camera makes of a landscape. */
export async function drawPicture(): Promise<Buffer> {
  let state = 12;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  };
  const noise = (width: number, height: number) =>
    sharp(Uint8Array.from({ length: width * height * 3 }, random), { raw: { width, height, channels: 3 } })
      .resize(4000, 3000, { kernel: 'cubic' })
      .png({ compressionLevel: 1 })
      .toBuffer();
  const [coarse, middle, fine] = await Promise.all([noise(8, 6), noise(80, 60), noise(1000, 750)]);
  return await sharp(coarse)
    .composite([
      { input: middle, blend: 'soft-light' },
      { input: fine, blend: 'soft-light' },
    ])
    .jpeg({ quality: 90 })
    .toBuffer();
}

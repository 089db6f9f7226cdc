/**
 * A picture that nobody has asked for before, through the whole gateway, against the image library alone: 12 megapixels
 * to 640 pixels or another width, same settings, as WebP and as what most browsers get, AVIF. The gateway's side includes
 * fetching from a loopback origin, both caches and the client.
 */
import sharp, { type Sharp } from 'sharp';
import { encoderQuality } from '../formatters/image/encoder-quality.ts';
import { openPictureGateway } from './picture-gateway.ts';
import type { Course, Scenario } from './scenario.ts';

const USUAL_WIDTH = 640;
const QUALITY = 70;

/** A format as a client gets it, and the library asked for the same. */
interface Format {
  readonly name: 'webp' | 'avif';
  readonly accept: string;
  readonly encode: (picture: Sharp) => Sharp;
}

/** The scenarios; arguments are the path of a JPEG to use instead of a drawn one, and the width in pixels. */
export const pictureMiss: Scenario = {
  name: 'picture-miss',
  aim: 1.15,
  times: { long: 20, short: 2 },
  open: (args) =>
    open(args, {
      name: 'webp',
      accept: 'image/webp,image/*,*/*;q=0.8',
      encode: (picture) => picture.webp({ quality: QUALITY }),
    }),
};

export const pictureMissAvif: Scenario = {
  name: 'picture-miss-avif',
  aim: 1.15,
  times: { long: 10, short: 2 },
  open: (args) =>
    open(args, {
      name: 'avif',
      accept: 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
      encode: (picture) =>
        picture.avif({
          quality: encoderQuality('avif', QUALITY),
          effort: 3,
          chromaSubsampling: '4:2:0',
          tune: 'iq',
        }),
    }),
};

async function open(args: readonly string[], { name, accept, encode }: Format): Promise<Course> {
  const wanted = Number(args.find((each) => /^\d+$/.test(each)) ?? USUAL_WIDTH);
  const path = args.find((each) => !/^\d+$/.test(each));
  const gateway = await openPictureGateway(path, accept);
  const { picture } = gateway;
  let count = 0;
  const ask = () => gateway.ask(++count, wanted);
  // As a formatter process has it: nothing remembered, one thread.
  sharp.cache(false);
  sharp.concurrency(1);
  const direct = () => encode(sharp(picture).autoOrient().resize({ width: wanted })).toBuffer();
  const [made, plain] = [await ask(), await direct()];
  const { format, compression, width } = await sharp(made).metadata();
  const given = format === 'heif' && compression === 'av1' ? 'avif' : format;
  if (given !== name || width !== wanted) throw new Error(`the gateway gave ${given} of ${width} pixels`);
  return {
    subjects: [
      { name: 'sharp alone', run: (times) => repeat(times, direct) },
      { name: 'gateway', run: (times) => repeat(times, ask) },
    ],
    uncounted: [gateway.originPid],
    about: {
      picture: gateway.about,
      to: `${name} of ${wanted} pixels, quality ${QUALITY}`,
      directBytes: plain.length,
      gatewayBytes: made.length,
    },
    close: () => gateway.close(),
  };
}

async function repeat(times: number, work: () => Promise<unknown>): Promise<void> {
  for (let count = 0; count < times; count++) await work();
}

/**
 * A picture that nobody has asked for before, through the whole gateway, against the image library alone: 12 megapixels
 * to WebP of 640 pixels, same settings. The gateway's side includes fetching from a loopback origin, both caches and
 * the client.
 */
import sharp from 'sharp';
import { openPictureGateway } from './picture-gateway.ts';
import type { Course, Scenario } from './scenario.ts';

const WIDTH = 640;
const QUALITY = 70;

/** The scenario; its only argument is the path of a JPEG to use instead of a drawn one. */
export const pictureMiss: Scenario = {
  name: 'picture-miss',
  aim: 1.15,
  times: { long: 20, short: 2 },
  open,
};

async function open([path]: readonly string[]): Promise<Course> {
  const gateway = await openPictureGateway(path);
  const { picture } = gateway;
  let count = 0;
  const ask = () => gateway.ask(++count, WIDTH);
  // As a formatter process has it: nothing remembered, one thread.
  sharp.cache(false);
  sharp.concurrency(1);
  const direct = () => sharp(picture).autoOrient().resize({ width: WIDTH }).webp({ quality: QUALITY }).toBuffer();
  const [made, plain] = [await ask(), await direct()];
  const { format, width } = await sharp(made).metadata();
  if (format !== 'webp' || width !== WIDTH) throw new Error(`the gateway gave ${format} of ${width} pixels`);
  return {
    subjects: [
      { name: 'sharp alone', run: (times) => repeat(times, direct) },
      { name: 'gateway', run: (times) => repeat(times, ask) },
    ],
    uncounted: [gateway.originPid],
    about: {
      picture: gateway.about,
      to: `WebP ${WIDTH} pixels, quality ${QUALITY}`,
      directBytes: plain.length,
      gatewayBytes: made.length,
    },
    close: () => gateway.close(),
  };
}

async function repeat(times: number, work: () => Promise<unknown>): Promise<void> {
  for (let count = 0; count < times; count++) await work();
}

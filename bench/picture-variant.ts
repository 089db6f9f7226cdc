/**
 * A second size of a picture that has just been asked for in a first, through the whole gateway, against the first:
 * fetched before, decoded before.
 */
import { openPictureGateway } from './picture-gateway.ts';
import type { Course, Scenario } from './scenario.ts';

const FIRST = 640;
const SECOND = 480;
const TIMES = 6;

/** The scenario; its only argument is the path of a JPEG to use instead of a drawn one. */
export const pictureVariant: Scenario = {
  name: 'picture-variant',
  aim: 0.55,
  times: { long: TIMES, short: 2 },
  open,
};

async function open([path]: readonly string[]): Promise<Course> {
  const gateway = await openPictureGateway(path);
  /** Pictures that have been asked for once: the newest are still kept decoded. */
  const asked: number[] = [];
  let count = 0;
  const first = async () => {
    await gateway.ask(++count, FIRST);
    asked.push(count);
  };
  const second = async () => {
    const picture = asked.pop();
    if (picture === undefined) throw new Error('every picture has been asked for twice');
    await gateway.ask(picture, SECOND);
  };
  // In every other round the second size comes first.
  await repeat(TIMES, first);
  return {
    subjects: [
      { name: 'first size', run: (times) => repeat(times, first) },
      { name: 'second size', run: (times) => repeat(times, second) },
    ],
    uncounted: [gateway.originPid],
    about: { picture: gateway.about, to: `WebP of ${FIRST} pixels, then of ${SECOND}` },
    close: () => gateway.close(),
  };
}

async function repeat(times: number, work: () => Promise<unknown>): Promise<void> {
  for (let count = 0; count < times; count++) await work();
}

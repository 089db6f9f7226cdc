/**
 * A picture that nobody has asked for before, through the whole gateway, against other programs from the same origin: 12
 * megapixels to 640 pixels in the same quality. Those of the npm registry are installed into a folder of their own, which
 * is removed; those of Debian are used where they are installed. What is not there is told in the report.
 */
import { Agent } from 'node:http';
import sharp from 'sharp';
import { ipx } from './peers/ipx.ts';
import { nextImage } from './peers/next-image.ts';
import { nginx } from './peers/nginx.ts';
import type { Peer, PeerRecipe, PeerWish } from './peers/peer.ts';
import { ziproxy } from './peers/ziproxy.ts';
import { openPictureGateway } from './picture-gateway.ts';
import type { Course, Scenario, Subject } from './scenario.ts';

const RECIPES: readonly PeerRecipe[] = [ipx, nextImage, nginx, ziproxy];
const WIDTH = 640;
const QUALITY = 70;

/** The scenario; its only argument is the path of a JPEG to use instead of a drawn one. The gateway is compared with ipx. */
export const picturePeers: Scenario = { name: 'picture-peers', aim: 1, times: { long: 10, short: 1 }, open };

async function open([path]: readonly string[]): Promise<Course> {
  const gateway = await openPictureGateway(path);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { peers, absent } = await startAll({ origin: gateway.origin, width: WIDTH, quality: QUALITY, agent });
  let count = 0;
  const askGateway = () => gateway.ask(++count, WIDTH);
  const made: Record<string, string> = { gateway: await describe(await askGateway(), 'originals and variants kept') };
  for (const peer of peers) made[peer.name] = await describe(await peer.ask(++count), peer.makes);
  const [first, ...others] = peers.map((peer): Subject => {
    return { name: peer.name, run: (times) => repeat(times, () => peer.ask(++count)) };
  });
  const ours: Subject = { name: 'gateway', run: (times) => repeat(times, askGateway) };
  return {
    subjects: first === undefined ? [ours] : [first, ours, ...others],
    uncounted: [gateway.originPid],
    about: { picture: gateway.about, to: `${WIDTH} pixels, quality ${QUALITY}`, ...made, ...absent },
    async close() {
      agent.destroy();
      for (const peer of peers) await peer.close();
      await gateway.close();
    },
  };
}

/** Starts what is there; of what is not, tells why. */
async function startAll(wish: PeerWish): Promise<{ peers: readonly Peer[]; absent: Readonly<Record<string, string>> }> {
  const peers: Peer[] = [];
  const absent: Record<string, string> = {};
  for (const recipe of RECIPES)
    try {
      peers.push(await recipe.start(wish));
    } catch (error) {
      absent[recipe.name] = `not measured: ${(error as Error).message}`;
    }
  return { peers, absent };
}

async function describe(body: Buffer, makes: string): Promise<string> {
  const { format, width, height } = await sharp(body).metadata();
  return `${body.length} bytes, ${format} ${width}×${height} (${makes})`;
}

async function repeat(times: number, work: () => Promise<unknown>): Promise<void> {
  for (let count = 0; count < times; count++) await work();
}

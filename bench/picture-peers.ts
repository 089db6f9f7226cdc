/**
 * A picture that nobody has asked for before, through the whole gateway, against ipx of the npm registry: 12 megapixels to
 * WebP of 640 pixels in the same quality, from the same origin. ipx is installed into a folder of its own, which is removed.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { openPictureGateway } from './picture-gateway.ts';
import type { Course, Scenario } from './scenario.ts';

const IPX = 'ipx@3.1.1';
const WIDTH = 640;
const QUALITY = 70;
const PROGRAM = `
import { createServer } from 'node:http';
import { createIPX, createIPXNodeServer, ipxHttpStorage } from 'ipx';
const ipx = createIPX({ storage: ipxHttpStorage({ allowAllDomains: true }), httpStorage: ipxHttpStorage({ allowAllDomains: true }) });
const server = createServer(createIPXNodeServer(ipx));
server.listen(0, '127.0.0.1', () => process.stdout.write('http://127.0.0.1:' + server.address().port + '\\n'));
process.stdin.resume().on('end', () => process.exit(0));
`;

/** The scenario; its only argument is the path of a JPEG to use instead of a drawn one. It needs the registry. */
export const picturePeers: Scenario = { name: 'picture-peers', aim: 1, times: { long: 15, short: 1 }, open };

async function open([path]: readonly string[]): Promise<Course> {
  const gateway = await openPictureGateway(path);
  const ipx = await startIpx();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let count = 0;
  const askGateway = () => gateway.ask(++count, WIDTH);
  const askIpx = () =>
    fetchFrom(`${ipx.origin}/f_webp,w_${WIDTH},q_${QUALITY}/${gateway.origin}/${++count}.jpg`, agent);
  const [ours, theirs] = [await askGateway(), await askIpx()];
  const { format, width } = await sharp(theirs).metadata();
  if (format !== 'webp' || width !== WIDTH) throw new Error(`ipx gave ${format} of ${width} pixels`);
  return {
    subjects: [
      { name: IPX, run: (times) => repeat(times, askIpx) },
      { name: 'gateway', run: (times) => repeat(times, askGateway) },
    ],
    uncounted: [gateway.originPid],
    about: {
      picture: gateway.about,
      to: `WebP ${WIDTH} pixels, quality ${QUALITY}`,
      ipxBytes: theirs.length,
      gatewayBytes: ours.length,
    },
    async close() {
      agent.destroy();
      await ipx.close();
      await gateway.close();
    },
  };
}

interface Peer {
  readonly origin: string;
  close(): Promise<void>;
}

async function startIpx(): Promise<Peer> {
  const folder = await mkdtemp(join(tmpdir(), 'peer-'));
  await writeFile(join(folder, 'package.json'), '{"type":"module","private":true}');
  await writeFile(join(folder, 'serve.js'), PROGRAM);
  const installed = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', IPX], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (installed.status !== 0) {
    await rm(folder, { recursive: true, force: true });
    throw new Error(`${IPX} cannot be installed: ${installed.stderr.slice(-500)}`);
  }
  const child = spawn(process.execPath, ['serve.js'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { origin: String(line).trim(), close: () => end(child, folder) };
}

async function end(child: ChildProcess, folder: string): Promise<void> {
  const gone = once(child, 'exit');
  child.kill();
  await gone;
  await rm(folder, { recursive: true, force: true });
}

function fetchFrom(url: string, agent: Agent): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(parts);
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`${response.statusCode} ${body.subarray(0, 200)}`));
      });
    }).on('error', reject);
  });
}

async function repeat(times: number, work: () => Promise<unknown>): Promise<void> {
  for (let count = 0; count < times; count++) await work();
}

/** The optimiser of next/image, in an application of one empty page that is built before. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readEnvironment } from '../../core/config.ts';
import { fetchBody } from '../fetch-body.ts';
import {
  findFreePort,
  installInto,
  makeFolder,
  onceItAnswers,
  type Peer,
  type PeerRecipe,
  type PeerWish,
} from './peer.ts';

const NAME = 'next@15.5.29';
const PACKAGES = [NAME, 'react@19', 'react-dom@19'];

export const nextImage: PeerRecipe = {
  name: NAME,
  async start(wish) {
    const folder = await makeFolder();
    try {
      await build(folder, wish);
      return await serve(folder, wish);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  },
};

const COMMAND = join('node_modules', 'next', 'dist', 'bin', 'next');

function environment(): NodeJS.ProcessEnv {
  return { PATH: readEnvironment()['PATH'] ?? '', NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' };
}

async function build(folder: string, { width, quality }: PeerWish): Promise<void> {
  const images = {
    remotePatterns: [{ protocol: 'http', hostname: '127.0.0.1' }],
    deviceSizes: [width],
    qualities: [quality],
    formats: ['image/webp'],
  };
  await mkdir(join(folder, 'pages'));
  await writeFile(join(folder, 'package.json'), '{"type":"module","private":true}');
  await writeFile(join(folder, 'next.config.js'), `export default ${JSON.stringify({ images })};\n`);
  await writeFile(join(folder, 'pages', 'index.js'), 'export default function Page() { return null; }\n');
  installInto(folder, PACKAGES);
  const built = spawnSync(process.execPath, [COMMAND, 'build'], { cwd: folder, encoding: 'utf8', env: environment() });
  if (built.status !== 0) throw new Error(`${NAME} cannot be built: ${built.stderr.slice(-300)}`);
}

async function serve(folder: string, { origin, width, quality, agent }: PeerWish): Promise<Peer> {
  const port = await findFreePort();
  const child = spawn(process.execPath, [COMMAND, 'start', '--hostname', '127.0.0.1', '--port', String(port)], {
    cwd: folder,
    env: environment(),
    stdio: 'ignore',
  });
  const ask = (count: number | string) => {
    const query = new URLSearchParams({ url: `${origin}/${count}.jpg`, w: String(width), q: String(quality) });
    return fetchBody(`http://127.0.0.1:${port}/_next/image?${query}`, { agent, headers: { accept: 'image/webp' } });
  };
  const makes = `WebP of ${width} pixels, quality ${quality}; kept on disk`;
  return await onceItAnswers({ name: NAME, makes, ask }, child, folder);
}

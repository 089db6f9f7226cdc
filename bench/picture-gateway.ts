/** A gateway and an origin with one large picture, for benchmarks of pictures. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { startServer } from '../main.ts';
import { drawPicture } from './draw-picture.ts';

const ORIGIN = fileURLToPath(new URL('./origin.ts', import.meta.url));

export interface PictureGateway {
  /** The picture of the origin, but for a number in it. */
  readonly picture: Buffer;
  /** What the picture is, for the report. */
  readonly about: string;
  /** Address of the origin, which gives a picture nobody has seen at every path. */
  readonly origin: string;
  /** Process of the origin: its time is nobody's. */
  readonly originPid: number;
  /**
   * Asks for the picture.
   *
   * @param count each number is a picture of its own
   * @throws Error where the answer is no 200, or comes from the cache of variants
   */
  ask(count: number, width: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** What a browser takes that has no AVIF. */
const WEBP = 'image/webp,image/*,*/*;q=0.8';

/**
 * @param path a JPEG to use instead of a drawn one
 * @param accept what the client takes
 */
export async function openPictureGateway(path: string | undefined, accept: string = WEBP): Promise<PictureGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const picture = path === undefined ? await drawPicture() : await readFile(path);
  const file = join(folder, 'picture.jpg');
  await writeFile(file, picture);
  const origin = spawn(process.execPath, [ORIGIN, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(origin.stdout, 'data')) as [Buffer];
  const server = await startServer({
    PORT: '0',
    ADMIN_PORT: '0',
    WORKERS: '1',
    POOL: '1',
    // Nobody waits here: a machine that is busy with other things makes it slower, not another thing.
    FORMAT_TIMEOUT_MS: '60000',
    DATA_DIR: join(folder, 'data'),
    UPSTREAM_ALLOW: '127.0.0.1',
    LOG_LEVEL: 'silent',
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { width, height } = await sharp(picture).metadata();
  return {
    picture,
    about: `${width}×${height}, ${picture.length} bytes`,
    origin: String(line).trim(),
    originPid: origin.pid!,
    ask: (count, wanted) =>
      askFor(`${server.origin}/${String(line).trim()}/picture.jpg?${count}`, agent, {
        accept,
        'sec-ch-width': String(wanted),
      }),
    async close() {
      agent.destroy();
      await server.close(0);
      origin.stdin.end();
      await once(origin, 'exit');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A browser that says how wide its picture will be. */
function askFor(url: string, agent: Agent, fields: Readonly<Record<string, string>>): Promise<Buffer> {
  const headers = {
    'user-agent':
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    'sec-fetch-dest': 'image',
    ...fields,
  };
  return new Promise((resolve, reject) => {
    get(url, { agent, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(parts);
        if (response.statusCode === 200 && !/gw-variant; hit/.test(String(response.headers['cache-status'])))
          resolve(body);
        else
          reject(
            new Error(`no miss: ${response.statusCode} ${response.headers['cache-status']} ${body.subarray(0, 200)}`),
          );
      });
    }).on('error', reject);
  });
}

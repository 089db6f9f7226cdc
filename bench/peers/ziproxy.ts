/** ziproxy, as a forward proxy. It codes a JPEG anew at its own size. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchBody } from '../fetch-body.ts';
import { findFreePort, makeFolder, onceItAnswers, type PeerRecipe } from './peer.ts';

const NAME = 'ziproxy';
const COMMAND = '/usr/bin/ziproxy';

export const ziproxy: PeerRecipe = {
  name: NAME,
  async start({ origin, quality, agent }) {
    if (!existsSync(COMMAND)) throw new Error('not installed (Debian: ziproxy)');
    const folder = await makeFolder();
    const port = await findFreePort();
    const file = join(folder, 'ziproxy.conf');
    const qualities = Array.from({ length: 4 }, () => quality).join(',');
    await writeFile(
      file,
      `Port = ${port}\nAddress = "127.0.0.1"\nPIDFile = "${folder}/pid"\nMaxSize = 0\nImageQuality = {${qualities}}\n`,
    );
    // It goes into the background by itself. In a process namespace it stays below us, is counted, and ends with its shell.
    const shell = `${COMMAND} -d -c ${file} -p ${folder}/pid && exec cat`;
    const child = spawn('unshare', ['--pid', '--fork', '--kill-child', 'sh', '-c', shell], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.on('error', () => {});
    const ask = (count: number | string) =>
      fetchBody(`http://127.0.0.1:${port}`, {
        agent,
        path: `${origin}/${count}.jpg`,
        headers: { host: new URL(origin).host },
      });
    const makes = `JPEG at its own size, quality ${quality}; nothing is kept`;
    return await onceItAnswers({ name: NAME, makes, ask }, child, folder);
  },
};

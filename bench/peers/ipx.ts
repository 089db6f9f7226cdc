/** ipx of the npm registry, over its HTTP storage. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchBody } from '../fetch-body.ts';
import { endPeer, installInto, makeFolder, type PeerRecipe } from './peer.ts';

const NAME = 'ipx@3.1.1';
const PROGRAM = `
import { createServer } from 'node:http';
import { createIPX, createIPXNodeServer, ipxHttpStorage } from 'ipx';
const ipx = createIPX({ storage: ipxHttpStorage({ allowAllDomains: true }), httpStorage: ipxHttpStorage({ allowAllDomains: true }) });
const server = createServer(createIPXNodeServer(ipx));
server.listen(0, '127.0.0.1', () => process.stdout.write('http://127.0.0.1:' + server.address().port + '\\n'));
process.stdin.resume().on('end', () => process.exit(0));
`;

export const ipx: PeerRecipe = {
  name: NAME,
  async start({ origin, width, quality, agent }) {
    const folder = await makeFolder();
    try {
      await writeFile(join(folder, 'package.json'), '{"type":"module","private":true}');
      await writeFile(join(folder, 'serve.js'), PROGRAM);
      installInto(folder, [NAME]);
      const child = spawn(process.execPath, ['serve.js'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      const own = String(line).trim();
      return {
        name: NAME,
        makes: `WebP of ${width} pixels, quality ${quality}; nothing is kept`,
        ask: (count) => fetchBody(`${own}/f_webp,w_${width},q_${quality}/${origin}/${count}.jpg`, { agent }),
        close: () => endPeer(child, folder),
      };
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  },
};

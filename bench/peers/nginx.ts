/** nginx with image_filter, as a proxy of the origin. It writes the format it reads: a JPEG. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchBody } from '../fetch-body.ts';
import { findFreePort, makeFolder, onceItAnswers, type PeerRecipe, type PeerWish } from './peer.ts';

const NAME = 'nginx image_filter';
const COMMAND = '/usr/sbin/nginx';
const MODULE = '/usr/lib/nginx/modules/ngx_http_image_filter_module.so';

export const nginx: PeerRecipe = {
  name: NAME,
  async start(wish) {
    if (!existsSync(COMMAND) || !existsSync(MODULE))
      throw new Error('not installed (Debian: nginx, libnginx-mod-http-image-filter)');
    const folder = await makeFolder();
    const port = await findFreePort();
    await writeFile(join(folder, 'nginx.conf'), configuration(folder, port, wish));
    const child = spawn(COMMAND, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], { stdio: 'ignore' });
    const ask = (count: number | string) => fetchBody(`http://127.0.0.1:${port}/${count}.jpg`, { agent: wish.agent });
    const makes = `JPEG of ${wish.width} pixels, quality ${wish.quality}; nothing is kept`;
    return await onceItAnswers({ name: NAME, makes, ask }, child, folder);
  },
};

function configuration(folder: string, port: number, { origin, width, quality }: PeerWish): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
load_module ${MODULE};
daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr crit;
events {}
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${origin};
      proxy_buffers 16 64k;
      image_filter resize ${width} -;
      image_filter_jpeg_quality ${quality};
      image_filter_buffer 32M;
    }
  }
}
`;
}

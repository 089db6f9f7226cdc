/**
 * The program of an origin with real pages: the folders of two Debian packages, `/NAME/…` each, with entity tags and gzip,
 * as a file server sends them. A number on its input is the edition of its pages from then on. Prints its address, then each
 * edition; ends with its input.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { createInterface } from 'node:readline';
import { gzipSync } from 'node:zlib';
import { SITES } from './pages.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.gif': 'image/gif',
};
const [host = '127.0.0.1', lifetime = ''] = process.argv.slice(2);
let edition = 1;

interface File {
  readonly type: string;
  readonly etag: string;
  readonly body: Buffer;
  readonly gzip: Buffer | undefined;
}
const files = new Map<string, File | undefined>();

function fileOf(path: string): File | undefined {
  const key = `${edition} ${path}`;
  if (!files.has(key)) files.set(key, readOne(path));
  return files.get(key);
}

function readOne(path: string): File | undefined {
  const [, site = '', ...rest] = path.split('/');
  const folder = SITES[site];
  const name = normalize(decodeURIComponent(rest.join('/')));
  const type = TYPES[extname(name)];
  if (folder === undefined || type === undefined || name.startsWith('..')) return undefined;
  let body: Buffer;
  try {
    body = readFileSync(join(folder, name));
  } catch {
    // A page may name what its package does not bring.
    return undefined;
  }
  if (type.startsWith('text/html')) body = editionOf(body);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 12)}"`;
  return { type, etag, body, gzip: /^text|svg/.test(type) ? gzipSync(body) : undefined };
}

/** A new paragraph after the first, as an editor would add one. */
function editionOf(body: Buffer): Buffer {
  if (edition === 1) return body;
  const said = `<p>Edition ${edition}: corrected on the ${edition}th, with thanks to those who wrote to us about it.</p>`;
  return Buffer.from(body.toString('utf8').replace('</p>', `</p>${said}`));
}

function send(response: ServerResponse, file: File, asked: { etag: string | undefined; gzip: boolean }): void {
  const fields = { etag: file.etag, 'cache-control': lifetime || 'no-cache', vary: 'Accept-Encoding' };
  if (asked.etag === file.etag) {
    response.writeHead(304, fields).end();
    return;
  }
  const body = asked.gzip && file.gzip !== undefined ? file.gzip : file.body;
  const coding = body === file.gzip ? { 'content-encoding': 'gzip' } : {};
  response.writeHead(200, { ...fields, ...coding, 'content-type': file.type, 'content-length': body.length });
  response.end(body);
}

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://origin');
  const file = fileOf(pathname);
  if (file === undefined) response.writeHead(404, { 'content-type': 'text/plain' }).end('not found');
  else {
    const gzip = String(request.headers['accept-encoding']).includes('gzip');
    send(response, file, { etag: request.headers['if-none-match'], gzip });
  }
});
server.keepAliveTimeout = 600_000;
server.listen(0, host, () => {
  process.stdout.write(`http://${host}:${(server.address() as AddressInfo).port}\n`);
});
for await (const line of createInterface({ input: process.stdin })) {
  edition = Number(line);
  process.stdout.write(`${edition}\n`);
}
process.exit(0);

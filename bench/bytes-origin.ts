/**
 * The program of an origin that makes its bytes as they are asked for: `/body` is 20 kB, `/stream/N` are N bytes, each of them
 * the number of its block of 64 KiB, `/sent` tells how many of those have been taken. Prints its address, ends with its parent.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const BLOCK = 65_536;
const BODY = Buffer.alloc(20_480, 'The quick brown fox jumps over the lazy dog. ');
let sent = 0;

function stream(response: ServerResponse, bytes: number): void {
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': bytes,
    'cache-control': 'max-age=600',
    etag: '"stream"',
  });
  let at = 0;
  const write = () => {
    while (at < bytes) {
      const size = Math.min(BLOCK, bytes - at);
      const isTaken = response.write(Buffer.alloc(size, Math.floor(at / BLOCK) & 255));
      at += size;
      sent = at;
      if (!isTaken) return;
    }
    response.end();
  };
  response.on('drain', write);
  write();
}

const server = createServer((request, response) => {
  const bytes = /^\/stream\/(\d+)$/.exec(request.url ?? '')?.[1];
  if (bytes !== undefined) stream(response, Number(bytes));
  else if (request.url === '/sent') response.writeHead(200, { 'cache-control': 'no-store' }).end(String(sent));
  else {
    const fields = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };
    response.writeHead(200, { ...fields, 'content-length': BODY.byteLength }).end(BODY);
  }
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
process.stdin.resume().on('end', () => process.exit(0));

/**
 * The program of an origin in a process of its own: `/d.csv`, a hundred thousand rows that differ a little each time, and
 * `/page`, which stays. Prints its address, ends with its parent.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { drawRows } from './data-rows.ts';

const rows = drawRows();
let count = 0;

const page = `<!DOCTYPE html><title>Beside</title><h1>Beside</h1>${'<p>Words of a page.</p>'.repeat(300)}`;

const server = createServer((request, response) => {
  const isData = request.url?.startsWith('/d.csv') === true;
  count += 1;
  // The last row tells which time it is: no cache can know it.
  const body = Buffer.from(isData ? `${rows}2026-01-28T23:00,S0,${count}\n` : page);
  response.writeHead(200, {
    'content-type': isData ? 'text/csv' : 'text/html',
    'content-length': body.length,
    'cache-control': isData ? 'no-cache' : 'max-age=600',
  });
  response.end(body);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
process.stdin.resume().on('end', () => process.exit(0));

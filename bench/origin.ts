/**
 * The program of an origin in a process of its own: serves one picture from memory, a little different each time, so
 * that no cache can know it. Prints its address, ends with its parent.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const picture = readFileSync(process.argv[2]!);
let count = 0;

/** A JPEG comment with a number, after the first marker. */
function numbered(): Buffer {
  count += 1;
  const text = Buffer.from(String(count).padStart(12, '0'));
  return Buffer.concat([
    picture.subarray(0, 2),
    Buffer.from([0xff, 0xfe, 0, text.length + 2]),
    text,
    picture.subarray(2),
  ]);
}

const server = createServer((_request, response) => {
  const body = numbered();
  response.writeHead(200, {
    'content-type': 'image/jpeg',
    'content-length': body.length,
    'cache-control': 'max-age=60',
  });
  response.end(body);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
process.stdin.resume().on('end', () => process.exit(0));

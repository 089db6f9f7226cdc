/** Pulls a blob from a file into a store, and is killed when so many bytes have arrived: `ROOT FILE BYTES`. */
import { createReadStream, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { systemClock } from '../../core/clock.ts';
import { digestOfBytes } from '../../core/digest.ts';
import { silentLog } from '../../core/log.ts';
import { openBlobStore } from '../../fleet/blobs/blob-store.ts';
import { pullBlob } from '../../fleet/blobs/pull-blob.ts';

const [root, file, bytes] = process.argv.slice(2) as [string, string, string];
const whole = readFileSync(file);

async function* untilDeath(start: number): AsyncGenerator<Uint8Array> {
  let arrived = 0;
  for await (const part of createReadStream(file, { start, highWaterMark: 16_384 })) {
    // Nobody can catch this: it is what a power switch or the kernel does.
    if (arrived >= Number(bytes)) process.kill(process.pid, 'SIGKILL');
    yield part as Uint8Array;
    arrived += (part as Uint8Array).byteLength;
  }
}

const source = {
  name: 'file',
  // Nothing is read ahead: what was handed out has been written when more is asked for.
  open: async (_: string, start: number) => ({
    size: whole.byteLength,
    stream: Readable.from(untilDeath(start), { highWaterMark: 0 }),
  }),
};
const options = { signal: new AbortController().signal, clock: systemClock, log: silentLog };
await pullBlob(digestOfBytes(whole), [source], openBlobStore(root), options);

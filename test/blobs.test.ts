/** Blobs by their sha256: there whole and right or not at all; pulled from whoever has them, going on where it was cut. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import test from 'ava';
import { systemClock } from '../core/clock.ts';
import { type Digest, digestOfBytes } from '../core/digest.ts';
import { GatewayError } from '../core/errors.ts';
import { silentLog } from '../core/log.ts';
import { type BlobStore, MAX_BLOB_BYTES, openBlobStore } from '../fleet/blobs/blob-store.ts';
import { type BlobSource, pullBlob } from '../fleet/blobs/pull-blob.ts';
import { openHoldings } from '../fleet/holdings.ts';
import { FakeClock } from './support/fake-clock.ts';
import { ROOT } from './support/program.ts';

const home = mkdtempSync(join(tmpdir(), 'blobs-'));
test.after.always(() => rmSync(home, { recursive: true, force: true }));

const CUT = 64 * 1024;

function folder(): string {
  return mkdtempSync(join(home, 'f-'));
}

/** All names that lie in a store, whole or not. */
function filesOf(root: string): string[] {
  return readdirSync(join(root, 'sha256'));
}

async function bytesOf(store: BlobStore, digest: Digest, start = 0): Promise<Buffer> {
  return Buffer.concat(await store.read(digest, start).toArray());
}

interface Spy extends BlobSource {
  /** Where each ask began. */
  readonly starts: number[];
}

/** A source that sends `content(start)`, its stream cut with a fault after `cutAfter` bytes. */
function sourceOf(
  name: string,
  whole: Buffer,
  { cutAfter = Number.POSITIVE_INFINITY, lie = (b: Buffer) => b } = {},
): Spy {
  const starts: number[] = [];
  return {
    name,
    starts,
    async open(_digest, start) {
      starts.push(start);
      const rest = lie(whole.subarray(start));
      return { size: whole.byteLength, stream: Readable.from(sendUntil(rest, cutAfter)) };
    },
  };
}

async function* sendUntil(bytes: Buffer, cutAfter: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.byteLength; at += 16_384) {
    if (at >= cutAfter) throw new Error('the connection was reset');
    yield bytes.subarray(at, Math.min(at + 16_384, cutAfter));
  }
}

const absent: BlobSource = { name: 'absent', open: async () => undefined };

function options(signal = new AbortController().signal) {
  // Pauses are another test's matter.
  const after = (_ms: number, work: () => void) => {
    const soon = setImmediate(work);
    return { cancel: () => clearImmediate(soon) };
  };
  const clock = { ...systemClock, after };
  return { signal, clock, log: silentLog };
}

test('what is put is there by its digest, is read from any start, and is listed', async (t) => {
  const store = openBlobStore(folder());
  const bytes = randomBytes(200_000);
  const digest = await store.put(bytes);
  t.is(digest, digestOfBytes(bytes));
  t.is(await store.put(Readable.from([bytes.subarray(0, 5), bytes.subarray(5)])), digest, 'streamed it is the same');
  t.true(await store.has(digest));
  t.is(await store.size(digest), 200_000);
  t.deepEqual(await bytesOf(store, digest), bytes);
  t.deepEqual(await bytesOf(store, digest, 199_990), bytes.subarray(199_990));
  t.deepEqual(await store.list(), [digest]);
  const empty = await store.put(Buffer.alloc(0));
  t.is(await store.size(empty), 0);
  await store.remove(digest);
  t.false(await store.has(digest));
  t.is(await store.size(digest), undefined);
  t.false(await store.verify(digest));
});

test('bytes other than those expected are refused, and nothing of them stays', async (t) => {
  const root = folder();
  const store = openBlobStore(root);
  const other = digestOfBytes('other');
  await t.throwsAsync(store.put(Buffer.from('these'), other), { instanceOf: RangeError });
  await t.throwsAsync(store.put(Readable.from(['these']), other), { instanceOf: RangeError });
  t.deepEqual(filesOf(root), []);
});

test('a stream that breaks leaves nothing behind', async (t) => {
  const root = folder();
  const store = openBlobStore(root);
  await t.throwsAsync(store.put(Readable.from(sendUntil(randomBytes(100_000), 50_000))), { message: /reset/ });
  t.deepEqual(filesOf(root), []);
  t.deepEqual(await store.list(), []);
});

test('a blob whose bytes were changed on the disk is removed when it is verified (threat 66)', async (t) => {
  const store = openBlobStore(folder());
  const digest = await store.put(randomBytes(1_000));
  t.true(await store.verify(digest));
  const bytes = readFileSync(store.path(digest));
  bytes[500] = bytes[500]! ^ 0x10;
  writeFileSync(store.path(digest), bytes);
  t.false(await store.verify(digest));
  t.false(await store.has(digest));
});

test('a pull that is cut every 64 kB goes on where it was: each byte travels once (threat 55)', async (t) => {
  const bytes = randomBytes(4 * CUT + 1_000);
  const store = openBlobStore(folder());
  const source = sourceOf('a', bytes, { cutAfter: CUT });
  await pullBlob(digestOfBytes(bytes), [source], store, options());
  t.deepEqual(source.starts, [0, CUT, 2 * CUT, 3 * CUT, 4 * CUT]);
  t.deepEqual(await bytesOf(store, digestOfBytes(bytes)), bytes);
});

test('as long as something arrives a pull is not given up, however often it is cut (threat 55)', async (t) => {
  const bytes = randomBytes(20 * CUT);
  const store = openBlobStore(folder());
  const source = sourceOf('a', bytes, { cutAfter: CUT });
  await pullBlob(digestOfBytes(bytes), [source], store, options());
  t.is(source.starts.length, 20);
  t.true(await store.verify(digestOfBytes(bytes)));
});

test('what has arrived stays over a kill: another store of the same folder goes on with it (threat 64)', async (t) => {
  const bytes = randomBytes(3 * CUT);
  const digest = digestOfBytes(bytes);
  const root = folder();
  const abort = new AbortController();
  const dying: BlobSource = {
    name: 'dying',
    async open() {
      return {
        size: bytes.byteLength,
        stream: Readable.from(
          (async function* () {
            yield bytes.subarray(0, CUT);
            abort.abort(new Error('killed'));
            throw new Error('killed');
          })(),
        ),
      };
    },
  };
  await t.throwsAsync(pullBlob(digest, [dying], openBlobStore(root), options(abort.signal)), { message: 'killed' });
  const again = openBlobStore(root);
  t.false(await again.has(digest), 'in part is not there');
  t.deepEqual(await again.list(), []);
  const source = sourceOf('a', bytes);
  await pullBlob(digest, [source], again, options());
  t.deepEqual(source.starts, [CUT]);
  t.deepEqual(await bytesOf(again, digest), bytes);
});

test('a pull that was cut at one server goes on at another', async (t) => {
  const bytes = randomBytes(2 * CUT);
  const [first, second] = [sourceOf('a', bytes, { cutAfter: CUT }), sourceOf('b', bytes)];
  const store = openBlobStore(folder());
  await pullBlob(digestOfBytes(bytes), [absent, first, second], store, options());
  t.deepEqual([first.starts, second.starts], [[0], [CUT]]);
});

test('a server that sends other bytes is not asked again; what it sent does not spoil what others send (threat 66)', async (t) => {
  const bytes = randomBytes(CUT);
  const liar = sourceOf('liar', bytes, { lie: (part) => Buffer.from(part).fill(1, 0, 1) });
  const honest = sourceOf('honest', bytes);
  const store = openBlobStore(folder());
  await pullBlob(digestOfBytes(bytes), [liar, honest], store, options());
  t.deepEqual([liar.starts, honest.starts], [[0], [0]]);
  t.deepEqual(await bytesOf(store, digestOfBytes(bytes)), bytes);
  const alone = sourceOf('liar', bytes, { lie: (part) => Buffer.from(part).fill(1, 0, 1) });
  const root = folder();
  await t.throwsAsync(pullBlob(digestOfBytes(bytes), [alone], openBlobStore(root), options()), {
    message: /no server/,
  });
  t.is(alone.starts.length, 1);
  t.deepEqual(filesOf(root), []);
});

test('a server that sends on and on is cut off at the size it told (threat 55)', async (t) => {
  const bytes = randomBytes(CUT);
  let sent = 0;
  const endless: BlobSource = {
    name: 'endless',
    async open() {
      return {
        size: bytes.byteLength,
        stream: Readable.from(
          (async function* () {
            for (;;) {
              sent += CUT;
              yield Buffer.alloc(CUT);
            }
          })(),
        ),
      };
    },
  };
  const store = openBlobStore(folder());
  await t.throwsAsync(pullBlob(digestOfBytes(bytes), [endless], store, options()), { message: /no server/ });
  t.true(sent <= 8 * CUT, `it sent ${sent} bytes`);
});

test('a partial file that was damaged costs one more ask, not the blob (threat 66)', async (t) => {
  const bytes = randomBytes(2 * CUT);
  const digest = digestOfBytes(bytes);
  const store = openBlobStore(folder());
  appendFileSync(`${store.path(digest)}.part`, randomBytes(CUT));
  const [first, second] = [sourceOf('a', bytes), sourceOf('b', bytes)];
  await pullBlob(digest, [first, second], store, options());
  t.deepEqual(await bytesOf(store, digest), bytes);
});

test('a damaged partial file does not make the only server that has the blob a liar (threat 66)', async (t) => {
  const bytes = randomBytes(2 * CUT);
  const digest = digestOfBytes(bytes);
  const store = openBlobStore(folder());
  appendFileSync(`${store.path(digest)}.part`, randomBytes(CUT));
  const source = sourceOf('a', bytes);
  await pullBlob(digest, [source], store, options());
  t.deepEqual(source.starts, [CUT, 0]);
  t.deepEqual(await bytesOf(store, digest), bytes);
});

test('many that ask for one blob pull it once', async (t) => {
  const bytes = randomBytes(3 * CUT);
  const source = sourceOf('a', bytes);
  const store = openBlobStore(folder());
  await Promise.all(Array.from({ length: 20 }, () => pullBlob(digestOfBytes(bytes), [source], store, options())));
  t.deepEqual(source.starts, [0]);
});

test('a blob that nobody has, or whose servers all fail, is told so', async (t) => {
  const digest = digestOfBytes('never');
  const store = openBlobStore(folder());
  await t.throwsAsync(pullBlob(digest, [], store, options()), { message: new RegExp(digest) });
  await t.throwsAsync(pullBlob(digest, [absent, absent], store, options()), { message: new RegExp(digest) });
  let asks = 0;
  const broken: BlobSource = {
    name: 'broken',
    async open() {
      asks += 1;
      throw new Error('refused');
    },
  };
  await t.throwsAsync(pullBlob(digest, [broken], store, options()), { message: new RegExp(digest) });
  t.true(asks > 1 && asks < 20, `${asks} asks`);
});

test('a bundle damaged on the disk is pulled anew before it is used (threat 66)', async (t) => {
  const root = folder();
  const good = Buffer.from('the bundle');
  const digest = digestOfBytes(good);
  const blobs = openBlobStore(join(root, 'blobs'));
  await blobs.put(good);
  writeFileSync(blobs.path(digest), 'the bungle');
  const source = sourceOf('a', good);
  const read: string[] = [];
  const holdings = openHoldings({
    folder: root,
    blobs,
    sources: () => [source],
    readBundle: (bytes) => {
      read.push(Buffer.from(bytes).toString());
      throw new Error('enough');
    },
    clock: systemClock,
    log: silentLog,
  });
  await t.throwsAsync(holdings.place(digest, new AbortController().signal), { message: 'enough' });
  t.deepEqual(read, ['the bundle']);
  t.deepEqual(source.starts, [0]);
});

test('a data set damaged on the disk is pulled anew before its set is ready (threat 66)', async (t) => {
  const root = folder();
  const good = randomBytes(1_000);
  const digest = digestOfBytes(good);
  const blobs = openBlobStore(join(root, 'blobs'));
  await blobs.put(good);
  writeFileSync(blobs.path(digest), randomBytes(1_000));
  const source = sourceOf('a', good);
  const holdings = openHoldings({
    folder: root,
    blobs,
    sources: () => [source],
    readBundle: () => {
      throw new Error('not asked');
    },
    clock: systemClock,
    log: silentLog,
  });
  const edition = { set: 's', name: 'data', edition: 1, digest };
  const placed = await holdings.placeData(edition, new AbortController().signal);
  t.deepEqual(readFileSync(placed.path), good);
});

test('a slow reader of a blob is not fed what it does not take', async (t) => {
  const store = openBlobStore(folder());
  const digest = await store.put(randomBytes(8 * 1024 * 1024));
  const stream = store.read(digest);
  await once(stream, 'readable');
  t.true(stream.readableLength <= 1024 * 1024);
  stream.destroy();
});

/** Runs a process that pulls, and dies when `bytes` more have arrived; gives the signal that ended it. */
function pullAndDie(root: string, file: string, bytes: number): string | null {
  return spawnSync(process.execPath, [join(ROOT, 'test/support/pull-and-die.ts'), root, file, String(bytes)]).signal;
}

test('a process killed at every 64 kB loses nothing that had arrived, and has nothing until all has (threat 55)', async (t) => {
  t.timeout(60_000);
  const [root, bytes] = [folder(), randomBytes(8 * CUT + 777)];
  const [file, digest] = [join(folder(), 'blob'), digestOfBytes(bytes)];
  writeFileSync(file, bytes);
  const store = openBlobStore(root);
  for (let kills = 1; kills <= 8; kills++) {
    t.is(pullAndDie(root, file, CUT), 'SIGKILL');
    t.false(await store.has(digest));
    t.deepEqual(readFileSync(`${store.path(digest)}.part`), bytes.subarray(0, kills * CUT));
  }
  t.is(pullAndDie(root, file, CUT), null, 'the rest is shorter');
  t.deepEqual(await bytesOf(store, digest), bytes);
  t.deepEqual(filesOf(root), [digest.slice(7)]);
});

test('a blob of 50 MB goes on after a kill where it was (threats 55, 64)', async (t) => {
  t.timeout(60_000);
  const [root, size] = [folder(), 50_000_000];
  const bytes = Buffer.alloc(size, randomBytes(65_521));
  const [file, digest] = [join(folder(), 'blob'), digestOfBytes(bytes)];
  writeFileSync(file, bytes);
  t.is(pullAndDie(root, file, 30_000_000), 'SIGKILL');
  const source = sourceOf('a', bytes);
  const store = openBlobStore(root);
  await pullBlob(digest, [source], store, options());
  t.deepEqual(source.starts, [Math.ceil(30_000_000 / 16_384) * 16_384]);
  t.true(await store.verify(digest));
});

test('a server that begins with a lie and breaks off does not keep the blob from coming (threat 66)', async (t) => {
  const bytes = randomBytes(3 * CUT);
  const lie = (part: Buffer) => Buffer.from(part).fill(1, 0, 1);
  const [liar, honest] = [sourceOf('liar', bytes, { lie, cutAfter: CUT }), sourceOf('honest', bytes)];
  const store = openBlobStore(folder());
  await pullBlob(digestOfBytes(bytes), [liar, honest], store, options());
  t.deepEqual([liar.starts, honest.starts], [[0], [CUT, 0]]);
  t.deepEqual(await bytesOf(store, digestOfBytes(bytes)), bytes);
});

for (const size of [Number.NaN, Number.POSITIVE_INFINITY, MAX_BLOB_BYTES + 1])
  test(`a server that tells ${size} as the size of a blob is not listened to`, async (t) => {
    let sent = 0;
    const parts = async function* () {
      for (;;) {
        sent += 1;
        yield Buffer.alloc(CUT);
      }
    };
    const boundless: BlobSource = { name: 'x', open: async () => ({ size, stream: Readable.from(parts()) }) };
    const digest = digestOfBytes(`${size}`);
    await t.throwsAsync(pullBlob(digest, [boundless], openBlobStore(folder()), options()), { message: /no server/ });
    t.true(sent <= 20, `it sent ${sent} parts`);
  });

test('who waits for a pull that somebody else began has it when that one goes', async (t) => {
  const bytes = randomBytes(CUT);
  const [store, first] = [openBlobStore(folder()), new AbortController()];
  const asked = Promise.withResolvers<void>();
  const silent: BlobSource = {
    name: 'silent',
    async open(_digest, _start, signal) {
      asked.resolve();
      await once(signal, 'abort');
      throw signal.reason;
    },
  };
  const begun = pullBlob(digestOfBytes(bytes), [silent], store, options(first.signal));
  await asked.promise;
  const waiting = pullBlob(digestOfBytes(bytes), [sourceOf('a', bytes)], store, options());
  first.abort(new Error('gone'));
  await t.throwsAsync(begun, { message: 'gone' });
  await waiting;
  t.true(await store.has(digestOfBytes(bytes)));
});

test('a pull that waits to try again ends at once when it is wanted no more', async (t) => {
  const [clock, abort] = [new FakeClock(), new AbortController()];
  const broken: BlobSource = { name: 'broken', open: () => Promise.reject(new Error('refused')) };
  const pulled = pullBlob(digestOfBytes('x'), [broken], openBlobStore(folder()), {
    signal: abort.signal,
    clock,
    log: silentLog,
  });
  const isWaiting = async () => {
    while (clock.pending === 0) await new Promise(setImmediate);
  };
  await isWaiting();
  abort.abort(new Error('gone'));
  await t.throwsAsync(pulled, { message: 'gone' });
  t.is(clock.pending, 0);
});

test('what a kill has left goes when nothing was added for long; what still arrives stays', async (t) => {
  const root = folder();
  const store = openBlobStore(root);
  const digest = await store.put(Buffer.from('whole'));
  const old = ['.new-0123456789abcdef', `${digestOfBytes('old').slice(7)}.part`];
  const young = `${digestOfBytes('young').slice(7)}.part`;
  for (const name of [...old, young]) writeFileSync(join(root, 'sha256', name), 'x');
  for (const name of [...old, digest.slice(7)]) utimesSync(join(root, 'sha256', name), 1_000, 1_000);
  utimesSync(join(root, 'sha256', young), 3_000, 3_000);
  await store.sweep(2_000_000);
  t.deepEqual(filesOf(root).sort(), [digest.slice(7), young].sort());
});

for (const code of ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'])
  test(`a disk that takes no more (${code}) is told as such, and nothing stays (threat 65)`, async (t) => {
    const root = folder();
    const failing = async function* () {
      yield Buffer.alloc(10);
      throw Object.assign(new Error('the disk'), { code });
    };
    const error = await t.throwsAsync(openBlobStore(root).put(Readable.from(failing())), { instanceOf: GatewayError });
    t.is(error.code, 'STORE_FULL');
    t.deepEqual(filesOf(root), []);
  });

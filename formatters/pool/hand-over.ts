/**
 * A file in memory through which one formatter process gets the large bodies of its jobs. A pipe takes them in pieces, each of
 * which wakes both sides and is copied twice: for a picture of megabytes that is six times the processor time (bench/picture-miss).
 *
 * The file has no name, so that nobody else can open it, and the process can only read it. It is written before the job is
 * told and read before anything is answered, and a process has one job at a time: nothing else keeps the two sides apart.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Number under which the process finds the file open. */
const HAND_OVER_FD = 3;
/** Below that a pipe costs no more. */
const MIN_BYTES = 65_536;
/**
 * Larger ones go through the pipe, in its pieces: this is written at once. What was written stays taken until the process
 * ends, since new pages cost five times as much as those that are there.
 */
const MAX_BYTES = 8_388_608;
/** No disk: a client's bodies are not to be found on it, and nothing waits for it. */
const MEMORY_FOLDER = '/dev/shm';

/** The pool's end. */
export interface HandOver {
  /** To be inherited by the process as its fourth file; `closeReader` when it has been started. */
  readonly reader: number;
  closeReader(): void;
  /** Lays a body there; false where it is better sent through the pipe, or there is no room. */
  put(body: Uint8Array): boolean;
  close(): void;
}

/** Opens one for a process to be started; `undefined` where there is no file system in memory, as on most but Linux. */
export function openHandOver(folder: string = MEMORY_FOLDER): HandOver | undefined {
  const path = join(folder, `format-gateway-${randomBytes(16).toString('hex')}`);
  let writer: number | undefined;
  try {
    writer = openSync(path, 'wx', 0o600);
    return new FileHandOver(writer, openSync(path, 'r'));
  } catch {
    if (writer !== undefined) closeSync(writer);
    return undefined;
  } finally {
    if (writer !== undefined) unlinkSync(path);
  }
}

class FileHandOver implements HandOver {
  readonly reader: number;
  readonly #writer: number;
  #isClosed = false;

  constructor(writer: number, reader: number) {
    this.#writer = writer;
    this.reader = reader;
  }

  closeReader(): void {
    closeSync(this.reader);
  }

  put(body: Uint8Array): boolean {
    const { byteLength } = body;
    if (this.#isClosed || byteLength < MIN_BYTES || byteLength > MAX_BYTES) return false;
    try {
      if (writeSync(this.#writer, body, 0, byteLength, 0) === byteLength) return true;
    } catch {
      // The memory that may be taken this way is used up: in a container it is little.
    }
    ftruncateSync(this.#writer, 0);
    return false;
  }

  close(): void {
    if (!this.#isClosed) closeSync(this.#writer);
    this.#isClosed = true;
  }
}

/**
 * The body that was laid there, in the process.
 *
 * @throws Error where it is not there as told
 */
export function takeHandedOver(bytes: number): Buffer {
  const body = Buffer.allocUnsafeSlow(bytes);
  if (readSync(HAND_OVER_FD, body, 0, bytes, 0) !== bytes)
    throw new Error(`fewer than ${bytes} bytes were handed over`);
  return body;
}

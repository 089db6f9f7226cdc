/** The client of the suite: one request on a connection of its own, all that came back. */
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { connect } from 'node:net';
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { Fields } from '../../core/fields.ts';
import type { Seen } from './case.ts';

export type Reply = Omit<Seen, 'upstream' | 'target'>;

interface Sent {
  readonly proxy: URL;
  readonly method: string;
  /** The request target as sent. */
  readonly target: string;
  readonly fields: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string | undefined;
}

/** Longest that is waited for a proxy, in milliseconds. */
const PATIENCE_MS = 20_000;

export function sendRequest({ proxy, method, target, fields, body }: Sent): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const interim: { status: number; fields: Fields }[] = [];
    const stated = fields['transfer-encoding'] === undefined && body !== undefined;
    const length = stated ? { 'content-length': String(Buffer.byteLength(body)) } : {};
    const headers = Object.fromEntries(
      Object.entries({ ...length, ...fields }).filter(([, value]) => value !== undefined),
    );
    const options = {
      host: proxy.hostname,
      port: proxy.port,
      method,
      path: target,
      agent: false,
      timeout: PATIENCE_MS,
    };
    const sent = request({ ...options, headers } as RequestOptions, (response) => {
      collect(response, (bytes, isCut) =>
        resolve({
          status: response.statusCode ?? 0,
          fields: Fields.fromRaw(response.rawHeaders),
          trailers: Fields.fromRaw(response.rawTrailers),
          interim,
          bytes,
          body: decode(bytes, response.headers['content-encoding']),
          isCut,
        }),
      );
    });
    sent.on('information', (each) =>
      interim.push({ status: each.statusCode, fields: Fields.fromRaw(each.rawHeaders) }),
    );
    sent.on('timeout', () => sent.destroy(new Error(`no answer in ${PATIENCE_MS} ms`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

function collect(response: IncomingMessage, done: (bytes: Buffer, isCut: boolean) => void): void {
  const parts: Buffer[] = [];
  response.on('data', (part: Buffer) => parts.push(part));
  response.on('error', () => done(Buffer.concat(parts), true));
  response.on('end', () => done(Buffer.concat(parts), !response.complete));
}

function decode(bytes: Buffer, coding = 'identity'): Buffer {
  if (bytes.byteLength === 0) return bytes;
  try {
    if (/gzip/i.test(coding)) return gunzipSync(bytes);
    if (/br/i.test(coding)) return brotliDecompressSync(bytes);
    if (/zstd/i.test(coding)) return zstdDecompressSync(bytes);
    return /deflate/i.test(coding) ? inflateSync(bytes) : bytes;
  } catch {
    // What cannot be decoded is judged as it came.
    return bytes;
  }
}

/** Sends bytes as they are; the status and fields of the first reply, and whether the connection was closed. */
export function sendBytes(proxy: URL, bytes: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: proxy.hostname, port: Number(proxy.port) });
    let text = '';
    const done = () => resolve(parseReply(text));
    socket.setTimeout(2_000, () => socket.destroy());
    socket.on('data', (part) => {
      text += part.toString('latin1');
    });
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' || error.code === 'EPIPE' ? done() : reject(error),
    );
    socket.on('close', done);
    socket.write(Buffer.from(bytes, 'latin1'));
  });
}

function parseReply(text: string): Reply {
  const end = text.indexOf('\r\n\r\n');
  const [head = '', ...lines] = text.slice(0, end === -1 ? text.length : end).split('\r\n');
  const body = Buffer.from(end === -1 ? '' : text.slice(end + 4), 'latin1');
  return {
    status: Number(/^HTTP\/1\.\d (\d{3})/.exec(head)?.[1] ?? 0),
    fields: Fields.fromRaw(
      lines.flatMap((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
    ),
    trailers: new Fields(),
    interim: [],
    bytes: body,
    body,
    isCut: false,
  };
}

/** A session to another server of the fleet: HTTP/2, in TLS or by prior knowledge, over a guarded connection (RFC 9113). */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { GatewayError } from '../core/errors.ts';
import { canonicalHost } from './allowed-upstream.ts';
import type { Egress } from './fetch-upstream.ts';
import { portOf } from './target-port.ts';

export interface SessionRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Names in lower case; none of a connection. */
  readonly fields: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  /** Ends the exchange, the body of its response included. */
  readonly signal: AbortSignal;
}

export interface SessionResponse {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  /** Ends with PeerLost where it breaks off. Destroying it cancels the exchange. */
  readonly body: Readable;
}

/** Nothing was sent: any request may be tried again. */
export class PeerUnreachable extends Error {}

/** It may have been processed: only what is idempotent may be tried again (RFC 9110 9.2.2). */
export class PeerLost extends Error {}

export interface PeerSession {
  /** False once no request can be made on it any more. */
  readonly isOpen: boolean;
  /** Requests under way. */
  readonly pending: number;
  /** Rejects with PeerUnreachable, PeerLost, or the signal's reason. */
  request(request: SessionRequest): Promise<SessionResponse>;
  /** Milliseconds there and back. Rejects with PeerLost when the session ends before. */
  ping(): Promise<number>;
  /** How much of each response may be on its way unread from now on (RFC 9113 6.9.2). @param bytes from 16,384 to 16,777,216 */
  setWindow(bytes: number): void;
  /** Told once: true when it was lost, false when one of both sides ended it in good order. */
  onClose(listener: (wasLost: boolean) => void): void;
  /** Ends with the last exchange. */
  close(): void;
  /** Ends now; exchanges under way fail. */
  destroy(): void;
}

/** RFC 9113 6.9: how much of one response, and of all together, may be on its way unread. */
const STREAM_WINDOW_BYTES = 1_048_576;
const SESSION_WINDOW_BYTES = 16_777_216;

/**
 * Opens a session to `url`. Its address is allowed by being named, for this use only; listeners of this server stay
 * refused (threat 4).
 *
 * @throws GatewayError BLOCKED_TARGET, UPSTREAM_*; the signal's reason.
 */
export async function openPeerSession(egress: Egress, url: URL, signal: AbortSignal): Promise<PeerSession> {
  const host = canonicalHost(url.hostname);
  const port = portOf(url);
  const secure = url.protocol === 'https:';
  const socket = await egress.openSocket({ host, port, secure, protocols: ['h2'], grant: { host, port }, signal });
  if (secure && (socket as TLSSocket).alpnProtocol !== 'h2') {
    socket.destroy();
    throw new GatewayError('UPSTREAM_PROTOCOL', { host });
  }
  return wrap(startSession(url, socket));
}

function startSession(url: URL, socket: Socket): ClientHttp2Session {
  const session = connect(url.origin, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
  });
  session.once('connect', () => {
    if (!session.destroyed) session.setLocalWindowSize(SESSION_WINDOW_BYTES);
  });
  return session;
}

function wrap(session: ClientHttp2Session): PeerSession {
  let pending = 0;
  let inOrder = false;
  const close = () => {
    inOrder = true;
    session.close();
  };
  session.on('goaway', (code: number) => {
    inOrder ||= code === constants.NGHTTP2_NO_ERROR;
  });
  // 'close' follows, which is listened to.
  session.on('error', () => undefined);
  return {
    get isOpen() {
      return !session.closed && !session.destroyed;
    },
    get pending() {
      return pending;
    },
    request(request) {
      pending += 1;
      return startExchange(session, request, () => {
        pending -= 1;
      });
    },
    ping: () => ping(session),
    setWindow(initialWindowSize) {
      if (!session.closed && !session.destroyed) session.settings({ initialWindowSize });
    },
    onClose: (listener) => void session.once('close', () => listener(!inOrder)),
    close,
    destroy: () => session.destroy(),
  };
}

function ping(session: ClientHttp2Session): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (cause?: unknown) => reject(new PeerLost('the session has ended', { cause }));
    try {
      const isSent = session.ping((error, ms) => (error === null ? resolve(ms) : fail(error)));
      if (!isSent) fail();
    } catch (error) {
      fail(error);
    }
  });
}

function startExchange(
  session: ClientHttp2Session,
  { method, path, fields, body, signal }: SessionRequest,
  onEnd: () => void,
): Promise<SessionResponse> {
  const hasBody = body !== undefined && body.byteLength > 0;
  let stream: ClientHttp2Stream;
  try {
    signal.throwIfAborted();
    stream = session.request({ ':method': method, ':path': path, ...fields }, { endStream: !hasBody });
  } catch (error) {
    onEnd();
    return Promise.reject(signal.aborted ? error : new PeerUnreachable('the session has ended', { cause: error }));
  }
  const { promise, resolve, reject } = Promise.withResolvers<SessionResponse>();
  let failure: unknown;
  const abort = () => stream.close(constants.NGHTTP2_CANCEL);
  const why = () => {
    if (signal.aborted) return signal.reason as Error;
    if (wasSent(stream)) return new PeerLost('the exchange broke off', { cause: failure });
    return new PeerUnreachable('the request was not taken', { cause: failure });
  };
  stream.on('error', (error) => {
    failure = error;
  });
  stream.once('close', () => {
    signal.removeEventListener('abort', abort);
    onEnd();
    reject(why());
  });
  stream.once('response', ({ ':status': status = 0, ...rest }) => {
    const said = Object.entries(rest).map(([name, value]) => [name, String(value)] as const);
    resolve({ status, fields: Object.fromEntries(said), body: bodyOf(stream, why) });
  });
  signal.addEventListener('abort', abort, { once: true });
  if (hasBody) stream.end(body);
  return promise;
}

// RFC 9113 8.7: what has no number yet was never sent; REFUSED_STREAM says that nothing was done.
function wasSent(stream: ClientHttp2Stream): boolean {
  return stream.id !== undefined && stream.rstCode !== constants.NGHTTP2_REFUSED_STREAM;
}

// A stream that is reset with NO_ERROR, or whose session ends, comes to an 'end' too: such a body is not whole (threat 49).
function bodyOf(stream: ClientHttp2Stream, why: () => Error): Readable {
  let isWhole = false;
  const body = new Readable({
    highWaterMark: 65_536,
    read: () => void stream.resume(),
    destroy(error, done) {
      if (!isWhole) stream.close(constants.NGHTTP2_CANCEL);
      done(error);
    },
  });
  // Who reads it is told; nobody may be reading yet.
  body.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => {
    if (!body.push(chunk)) stream.pause();
  });
  stream.pause();
  stream.once('end', () => {
    isWhole = !stream.aborted && stream.rstCode === constants.NGHTTP2_NO_ERROR;
    if (isWhole) body.push(null);
  });
  stream.once('close', () => {
    if (!isWhole) body.destroy(why());
  });
  return body;
}

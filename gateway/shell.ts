/** The Koa shell: sockets, limits, and the way from raw messages to `serve()` and back. Decides nothing itself. */
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Http2SecureServer, Http2Server } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import Koa from 'koa';
import type { Clock } from '../core/clock.ts';
import { type ErrorCode, errorCatalogue, GatewayError, publicSentence } from '../core/errors.ts';
import { Fields } from '../core/fields.ts';
import type { Log } from '../core/log.ts';
import { VaryRecorder } from '../core/vary.ts';
import type { AddressRange } from './address-range.ts';
import { makeErrorReply } from './error-page.ts';
import { asksForWebSocket, type Upgrade } from './modes/upgrade.ts';
import { servePlainHttp2 } from './plain-port.ts';
import { type Connection, makeRequestId, type Received, receive } from './received.ts';
import type { Reply } from './reply.ts';
import { makeSecureServer, type SecureServer } from './secure-server.ts';
import { sendReply } from './send-reply.ts';
import type { TlsFiles } from './tls-files.ts';
import type { DoneExchange } from './traffic/traffic.ts';

export interface ShellParts {
  readonly serve: (received: Received) => Promise<Reply>;
  /** Takes over connections of CONNECT requests. */
  readonly tunnel: (message: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>;
  /** Takes over connections of requests that ask for WebSocket. */
  readonly upgrade: Upgrade;
  readonly trustedProxies: readonly AddressRange[];
  readonly pseudonym: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly maxConnections: number;
  readonly logRequests: boolean;
  /** Told of every reply once it has been sent. */
  readonly note: (done: DoneExchange) => void;
  /** Certificate for HTTPS beside plain HTTP; `undefined` without. */
  readonly tls: TlsFiles | undefined;
  /** What other servers of the fleet ask, which clients never see; with it the plain port speaks HTTP/2 too. */
  readonly peers?: PeerDoor | undefined;
}

/** Takes the requests of other servers before anything else looks at them. */
export interface PeerDoor {
  accepts(request: IncomingMessage): boolean;
  handle(request: IncomingMessage, response: ServerResponse): void;
}

export interface Shell {
  readonly server: Server;
  /** The same over TLS, with HTTP/2; `undefined` without a certificate. */
  readonly secure: SecureServer | undefined;
  /** Takes no new connections and ends kept ones as they fall idle; resolves when the last request is done, or after `ms`. */
  drain(ms: number): Promise<void>;
}

/** Times a client has, milliseconds, and bytes of its fields (threat 50). */
const TIMES = { headersTimeout: 8_000, requestTimeout: 60_000, keepAliveTimeout: 10_000, maxHeaderSize: 16_384 };
const IDLE_MS = 75_000;
/** Node's own bound of what a chunk may say of itself. */
const MAX_CHUNK_EXTENSION_BYTES = 16_384;

/** Makes the server; it does not listen yet. */
export function makeShell(parts: ShellParts): Shell {
  let draining = false;
  const app = new Koa();
  app.silent = true;
  app.use(async (context) => {
    // Koa's own replies lose fields on errors; ours are written whole by sendReply.
    context.respond = false;
    await exchange(context.req, context.res, parts, draining);
  });
  const handle = withPeers(app.callback(), parts.peers);
  const server = createServer(
    {
      ...TIMES,
      connectionsCheckingInterval: 1_000,
      insecureHTTPParser: false,
      requireHostHeader: false,
      shouldUpgradeCallback: asksForWebSocket,
    },
    handle,
  );
  server.maxHeadersCount = 100;
  server.maxRequestsPerSocket = 1_000;
  server.maxConnections = parts.maxConnections;
  server.setTimeout(IDLE_MS);
  const limits = { ...TIMES, idleMs: IDLE_MS, maxConnections: parts.maxConnections };
  const plain = parts.peers === undefined ? undefined : servePlainHttp2(server, { handle, limits, clock: parts.clock });
  const taken = new Set<Duplex>();
  for (const each of [server, plain?.http2]) if (each !== undefined) listenToTrouble(each, parts, taken);
  const secure =
    parts.tls === undefined
      ? undefined
      : makeSecureServer({ files: parts.tls, handle, limits, clock: parts.clock, log: parts.log });
  if (secure !== undefined) listenToTrouble(secure.server, parts, taken);
  return {
    server,
    secure,
    async drain(ms) {
      draining = true;
      const secureClosed = secure?.drain(ms);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      plain?.closeIdle();
      const timer = parts.clock.after(ms, () => {
        server.closeAllConnections();
        for (const socket of taken) socket.destroy();
        plain?.closeAll();
      });
      await closed;
      timer.cancel();
      await secureClosed;
    },
  };
}

function withPeers(handle: RequestListener, peers: PeerDoor | undefined): RequestListener {
  if (peers === undefined) return handle;
  return (request, response) => {
    if (peers.accepts(request)) peers.handle(request, response);
    else handle(request, response);
  };
}

// What does not come as a request: tunnels, expectations, and what cannot be parsed.
function listenToTrouble(
  server: Server | Http2Server | Http2SecureServer,
  parts: ShellParts,
  taken: Set<Duplex>,
): void {
  const events = server as Server;
  events.on('connect', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    // In HTTP/2 the second is a response: a tunnel is one stream there, which no proxy client of ours uses (RFC 9113 8.5).
    if (message.httpVersionMajor === 2) (socket as unknown as ServerResponse).writeHead(405).end();
    else {
      take(socket, taken);
      void parts.tunnel(message, socket, head);
    }
  });
  events.on('upgrade', (message: IncomingMessage, socket: Duplex, head: Buffer) => {
    take(socket, taken);
    void parts.upgrade(message, socket, head);
  });
  events.on('clientError', (error, socket) => refuseMessage(error, socket as Socket));
  events.on('checkExpectation', (request, response) => void refuseExpectation(request, response, parts));
}

/** Keeps account of a connection that the server looks after no more; the times of requests are not its own. */
function take(socket: Duplex, taken: Set<Duplex>): void {
  taken.add(socket);
  socket.once('close', () => taken.delete(socket));
  (socket as Socket).setTimeout(0);
}

async function exchange(
  message: IncomingMessage,
  response: ServerResponse,
  parts: ShellParts,
  draining: boolean,
): Promise<void> {
  const started = parts.clock.monotonic();
  const { reply, received } = await answer(message, response, parts);
  // A request that broke the rules of framing cannot be followed by another on its connection (P-19).
  if (draining || (received === undefined && reply.status >= 400)) response.shouldKeepAlive = false;
  const { socket } = response;
  const { status, body, trace } = reply;
  const isStream = body instanceof Readable;
  const writtenBefore = isStream ? (socket?.bytesWritten ?? 0) : 0;
  await sendReply(message, response, reply);
  const ms = parts.clock.monotonic() - started;
  // Of a stream the socket has counted, the few fields before it included.
  const bytes = isStream ? (socket?.bytesWritten ?? 0) - writtenBefore : (body?.byteLength ?? 0);
  parts.note({ trace, status, bytes, ms, isBroken: isStream && response.destroyed && !isSentWhole(response) });
  if (!parts.logRequests) return;
  parts.log.info('request', {
    requestId: received?.id,
    method: message.method,
    host: received?.authority,
    status,
    chain: reply.fields.get('format-chain'),
    ms: Math.round(ms),
  });
}

/** The signal is made for who asks for it: a reply that is there costs less than one. */
class ResponseConnection implements Connection {
  readonly #response: ServerResponse;
  #gone: AbortController | undefined;
  #hasLeft = false;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.on('close', () => {
      if (isSentWhole(response)) return;
      this.#hasLeft = true;
      this.#tell();
    });
  }

  get signal(): AbortSignal {
    this.#gone ??= new AbortController();
    if (this.#hasLeft) this.#tell();
    return this.#gone.signal;
  }

  sendHints(links: readonly string[]): void {
    writeHints(this.#response, links);
  }

  #tell(): void {
    this.#gone?.abort(new DOMException('the client has gone', 'AbortError'));
  }
}

// In HTTP/2 a reply that was cut off counts as finished, but nobody has ended it.
function isSentWhole(response: ServerResponse): boolean {
  return response.writableEnded && response.writableFinished;
}

async function answer(
  message: IncomingMessage,
  response: ServerResponse,
  parts: ShellParts,
): Promise<{ reply: Reply; received?: Received }> {
  let received: Received;
  try {
    received = receive(message, parts.trustedProxies, new ResponseConnection(response));
  } catch (error) {
    const read = new VaryRecorder(Fields.fromRaw(message.rawHeaders));
    return { reply: makeErrorReply(error, { read, requestId: makeRequestId(), pseudonym: parts.pseudonym }) };
  }
  return { reply: await parts.serve(received), received };
}

function writeHints(response: ServerResponse, links: readonly string[]): void {
  if (response.headersSent || response.destroyed) return;
  try {
    response.writeEarlyHints({ link: [...links] });
  } catch {
    // A Link that Node does not take is hinted at by nobody; the reply itself carries it.
  }
}

async function refuseExpectation(
  message: IncomingMessage,
  response: ServerResponse,
  { pseudonym }: ShellParts,
): Promise<void> {
  const read = new VaryRecorder(Fields.fromRaw(message.rawHeaders));
  response.shouldKeepAlive = false;
  await sendReply(
    message,
    response,
    makeErrorReply(new GatewayError('EXPECTATION_FAILED'), { read, requestId: makeRequestId(), pseudonym }),
  );
}

/** Node's parser errors, by what they mean to a client; anything else is malformed. */
const CODE_OF_ERROR: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'FIELDS_TOO_LARGE',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'BODY_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
};

// What cannot be parsed has no fields to negotiate by: text, and the connection ends.
function refuseMessage(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = CODE_OF_ERROR[error.code ?? ''] ?? 'BAD_REQUEST';
  const { status } = errorCatalogue[code];
  const sentence = publicSentence(code, { why: 'it is not proper HTTP', max: MAX_CHUNK_EXTENSION_BYTES });
  const text = `Error ${status}: ${sentence}\nRequest id: ${makeRequestId()}\n`;
  const fields = [
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ];
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${fields.join('\r\n')}\r\n\r\n${text}`, () =>
    socket.destroy(),
  );
}

/** Address and port that were bound. */
export interface Bound {
  readonly address: string;
  readonly port: number;
}

/** Listens; port 0 takes a free one. Rejects when the address cannot be bound. */
export async function listen(server: Server | Http2SecureServer, host: string, port: number): Promise<Bound> {
  server.listen({ host, port });
  await once(server, 'listening');
  const bound = server.address() as AddressInfo;
  return { address: bound.address, port: bound.port };
}

/** The origin of a listener, IPv6 addresses in brackets. */
export function originOf(scheme: 'http' | 'https', { address, port }: Bound): string {
  return `${scheme}://${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** The side of a server that other servers of its fleet ask, below `/-/fleet/` (design part 8; threat 67). */
import { randomBytes } from 'node:crypto';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GatewayError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import {
  AUTH_FIELD,
  digestOfBody,
  ERROR_FIELD,
  type Greeted,
  HELLO_PATH,
  helloText,
  PEER_PREFIX,
  type PeerAuth,
  REFUSED_FIELD,
  readAuth,
  readHello,
  requestText,
} from './handshake.ts';
import { verifyBy } from './node-key.ts';
import { describeError } from './remote-error.ts';

/** A request of another server, whose name has been proved. */
export interface PeerQuestion {
  readonly from: string;
  readonly method: string;
  /** Below `/-/fleet/NAME`, percent-encoded as sent; empty or with a leading slash. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Fires when the other side no longer waits. */
  readonly signal: AbortSignal;
}

export interface PeerAnswer {
  readonly status: number;
  readonly fields?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | Readable | undefined;
}

/** What it throws reaches the asker: a GatewayError as itself, all else as INTERNAL. */
export type PeerHandler = (question: PeerQuestion) => PeerAnswer | Promise<PeerAnswer>;

/** A name and the key that goes with it. */
export interface PeerIdentity {
  readonly name: string;
  readonly sign: (text: string) => string;
}

export interface PeerServerParts {
  readonly self: PeerIdentity;
  /** Other names that it answers to, each with a key of its own. Default: none. */
  readonly aliases?: readonly PeerIdentity[] | undefined;
  /** Public key (`ed25519:…`) of a member; `undefined` for who is none, or no longer one. */
  readonly memberKey: (name: string) => string | undefined;
  /** By the first part of the path below `/-/fleet/`. */
  readonly routes: Readonly<Record<string, PeerHandler>>;
  readonly limits: {
    /** Of the body of a request, bytes. */
    readonly maxBodyBytes: number;
    /** Requests of one server at a time. */
    readonly maxStreams: number;
  };
  /** Whether an authority (`host[:port]`) is this server's own. Default: all are. */
  readonly isOwn?: ((authority: string) => boolean) | undefined;
  readonly log: Log;
}

/** What this module reads of a request, HTTP/1.1 or HTTP/2. */
export interface PeerMessage extends Readable {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly httpVersionMajor: number;
  readonly rawHeaders: readonly string[];
  readonly stream?: PeerStream | undefined;
}

interface PeerStream {
  readonly session?: { settings(wish: { maxConcurrentStreams: number }): void } | undefined;
  /** Where the other side has gone. */
  readonly destroyed: boolean;
  close(code: number): void;
}

export interface PeerMessageReply extends Writable {
  readonly headersSent: boolean;
  writeHead(status: number, fields: Readonly<Record<string, string>>): unknown;
}

export interface PeerServer {
  /** True for requests that are for `handle`. */
  accepts(request: PeerMessage): boolean;
  handle(request: PeerMessage, response: PeerMessageReply): void;
}

const MAX_HELLO_BYTES = 4_096;
/** RFC 9113 7. */
const NO_ERROR = 0;
const INTERNAL_ERROR = 2;
const OWN_FIELDS: ReadonlySet<string> = new Set([REFUSED_FIELD, ERROR_FIELD]);

/** Why a request is not answered; nothing has been done. */
class Refusal extends Error {
  readonly status: 401 | 403;

  constructor(status: 401 | 403, why: string) {
    super(why);
    this.status = status;
  }
}

interface Connection {
  readonly greeted: Greeted;
  /** Of the requests taken so far. */
  highest: number;
}

export function makePeerServer(parts: PeerServerParts): PeerServer {
  const connections = new WeakMap<object, Connection>();
  const routes = new Map(Object.entries(parts.routes));
  const server: Serving = { ...parts, routes, connections };
  return {
    accepts: ({ url = '', rawHeaders }) =>
      url.startsWith(PEER_PREFIX) && (parts.isOwn === undefined || parts.isOwn(authorityOf(rawHeaders))),
    handle(request, response) {
      // Who goes away in the middle is not told why.
      request.on('error', () => undefined);
      response.on('error', () => undefined);
      answer(server, request, response).catch((error: unknown) => fail(server, { request, response, error }));
    },
  };
}

interface Serving extends Omit<PeerServerParts, 'routes'> {
  readonly routes: ReadonlyMap<string, PeerHandler>;
  readonly connections: WeakMap<object, Connection>;
}

async function answer(server: Serving, request: PeerMessage, response: PeerMessageReply): Promise<void> {
  const session = request.stream?.session;
  if (request.httpVersionMajor !== 2 || session === undefined) throw new Refusal(401, 'servers talk by HTTP/2 here');
  if (request.url === HELLO_PATH) return await greet(server, request, response);
  const connection = server.connections.get(session);
  if (connection === undefined) throw new Refusal(401, 'a connection begins with hello');
  const { auth, fields } = authenticate(server, request, connection);
  const body = await readBody(request, server.limits.maxBodyBytes);
  if (digestOfBody(body) !== auth.bodyDigest) throw new Refusal(403, 'the body is not the one that was signed');
  const gone = new AbortController();
  response.once('close', () => {
    // In HTTP/2 what was cut off counts as finished too.
    if (!response.writableEnded) gone.abort(new DOMException('the other server has gone', 'AbortError'));
  });
  const { name, path, query } = splitPath(request.url ?? '');
  const handler = server.routes.get(name);
  if (handler === undefined) throw new GatewayError('NOT_FOUND', { path: `${PEER_PREFIX}${name}` });
  const from = connection.greeted.client;
  const made = await handler({ from, method: request.method ?? 'GET', path, query, fields, body, signal: gone.signal });
  await send(response, made);
}

async function greet(server: Serving, request: PeerMessage, response: PeerMessageReply): Promise<void> {
  const session = request.stream!.session!;
  const hello = readHello(await readBody(request, MAX_HELLO_BYTES));
  if (request.method !== 'POST' || hello === undefined) throw new Refusal(401, 'that is no hello');
  const identity = [server.self, ...(server.aliases ?? [])].find(({ name }) => name === hello.to);
  if (identity === undefined) throw new Refusal(403, 'it is meant for another server');
  if (server.memberKey(hello.node) === undefined) throw new Refusal(403, 'that server is no member of this fleet');
  if (server.connections.has(session)) throw new Refusal(403, 'a connection has one hello');
  const serverNonce = randomBytes(32).toString('base64url');
  const greeted = { client: hello.node, server: hello.to, clientNonce: hello.nonce, serverNonce };
  server.connections.set(session, { greeted, highest: 0 });
  // Nothing is granted yet that a stranger could use: more streams, each refused unless it is signed.
  session.settings({ maxConcurrentStreams: server.limits.maxStreams });
  const proof = identity.sign(helloText(greeted));
  const body = Buffer.from(JSON.stringify({ node: hello.to, nonce: serverNonce, proof }));
  await send(response, { status: 200, fields: { 'content-type': 'application/json' }, body });
}

// Synchronous from the counter's check to its rise, and before a byte of the body is kept.
function authenticate(
  { memberKey }: Serving,
  request: PeerMessage,
  connection: Connection,
): { auth: PeerAuth; fields: Readonly<Record<string, string>> } {
  const { [AUTH_FIELD]: value, ...fields } = fieldsOf(request.rawHeaders);
  const auth = readAuth(value ?? '');
  if (auth === undefined) throw new Refusal(401, `\`${AUTH_FIELD}\` is missing or malformed`);
  const { greeted } = connection;
  if (auth.node !== encodeURIComponent(greeted.client)) throw new Refusal(403, 'another server said hello');
  const key = memberKey(greeted.client);
  if (key === undefined) throw new Refusal(403, 'that server is no member of this fleet');
  if (auth.counter <= connection.highest) throw new Refusal(403, 'it has been asked before');
  const { counter, bodyDigest } = auth;
  const text = requestText(greeted, {
    counter,
    method: request.method ?? '',
    path: request.url ?? '',
    fields,
    bodyDigest,
  });
  if (!verifyBy(key, text, auth.signature)) throw new Refusal(403, 'the signature is wrong');
  connection.highest = counter;
  return { auth, fields };
}

function fieldsOf(raw: readonly string[]): Record<string, string> {
  const fields: Record<string, string> = Object.create(null);
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    if (name.startsWith(':')) continue;
    fields[name] = fields[name] === undefined ? raw[i + 1]! : `${fields[name]}, ${raw[i + 1]!}`;
  }
  return fields;
}

function authorityOf(raw: readonly string[]): string {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    if (name === ':authority' || name === 'host') return raw[i + 1]!;
  }
  return '';
}

function splitPath(url: string): { name: string; path: string; query: URLSearchParams } {
  const mark = url.indexOf('?');
  const whole = url.slice(PEER_PREFIX.length, mark === -1 ? undefined : mark);
  const slash = whole.indexOf('/');
  const name = slash === -1 ? whole : whole.slice(0, slash);
  return { name, path: whole.slice(name.length), query: new URLSearchParams(mark === -1 ? '' : url.slice(mark)) };
}

async function readBody(request: PeerMessage, max: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Not destroyed at the end of the loop: the refusal of too large a body is still to be sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > max) throw new GatewayError('BODY_TOO_LARGE', { max });
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

async function send(response: PeerMessageReply, { status, fields = {}, body }: PeerAnswer): Promise<void> {
  if (response.destroyed) {
    if (body instanceof Readable) body.destroy();
    return;
  }
  const own = Object.entries(fields).filter(([name]) => !OWN_FIELDS.has(name.toLowerCase()));
  response.writeHead(status, Object.fromEntries(own));
  if (body instanceof Readable) await pipeline(body, response);
  else response.end(body);
}

function fail(
  server: Serving,
  { request, response, error }: { request: PeerMessage; response: PeerMessageReply; error: unknown },
): void {
  const { log } = server;
  // A reset with this code is never taken for the end of a body (threat 49).
  const reset = (code: number) => request.stream?.close(code);
  if (response.destroyed || response.headersSent || request.stream?.destroyed === true) {
    reset(INTERNAL_ERROR);
    return;
  }
  if (error instanceof Refusal) log[error.status === 401 ? 'debug' : 'warn']('refused a peer', { why: error.message });
  else if (!(error instanceof GatewayError)) log.error('a request of a peer failed', { error, path: request.url });
  const { status, fields, body } = error instanceof Refusal ? refuse(error) : describeError(error);
  response.writeHead(status, { ...fields, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  // What is left of an unread body is not waited for.
  response.end(request.method === 'HEAD' ? undefined : body, () => reset(NO_ERROR));
}

function refuse({ status, message }: Refusal): { status: number; fields: Record<string, string>; body: string } {
  const fields = { 'content-type': 'text/plain; charset=utf-8', [REFUSED_FIELD]: '1' };
  // RFC 9110 11.6.1: a 401 names a scheme.
  const challenge = { 'www-authenticate': 'Fleet' };
  return { status, fields: status === 401 ? { ...fields, ...challenge } : fields, body: `Refused: ${message}.\n` };
}

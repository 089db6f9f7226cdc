/** The first record of a request: what arrived, checked before anything else sees it (threats 16 to 18, P-18, P-19). */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { GatewayError } from '../core/errors.ts';
import { Fields } from '../core/fields.ts';
import { type AddressRange, isWithin } from './address-range.ts';

/** Where a message came from, after trusted proxies have been believed. */
export interface Peer {
  /** IP address of the client. */
  readonly address: string;
  /** True when the client's own connection is encrypted. */
  readonly secure: boolean;
  /** True when the connected peer is one of TRUSTED_PROXIES. */
  readonly trusted: boolean;
  /** Address and port the message came in on. */
  readonly localAddress: string;
  readonly localPort: number;
}

/** A request that can be understood. */
export interface Received {
  /** Request id, shown in errors and logs. */
  readonly id: string;
  readonly method: string;
  readonly fields: Fields;
  /** Authority the request is for, lower case, with port if sent; empty when an HTTP/1.0 client named none. */
  readonly authority: string;
  readonly form: 'origin' | 'absolute';
  /** Path and query as sent, never decoded; begins with `/`. `*` for a server-wide OPTIONS. */
  readonly path: string;
  /** The whole target of an absolute-form request as sent. */
  readonly absolute: string | undefined;
  readonly peer: Peer;
  /** As sent: `1.0`, `1.1` or `2.0`. */
  readonly httpVersion: string;
  readonly body: Readable;
  readonly hasBody: boolean;
  readonly connection: Connection;
}

/** The way to a client that waits for its reply. */
export interface Connection {
  /** Fires when the client goes away. */
  readonly signal: AbortSignal;
  /** Sends early hints: values of Link. Default: the client gets none. */
  readonly sendHints?: ((links: readonly string[]) => void) | undefined;
}

const MAX_TARGET_CHARACTERS = 8_192;
const AUTHORITY = /^(?:\[[0-9a-f:.]+\]|[a-z0-9._~%!$&'()*+,;=-]+)(?::\d{1,5})?$/;
/**
 * CT-1: what we do not know the meaning of passes through untouched, as far as it is registered. Not PURGE and its like: a
 * cache behind us may take orders from our address.
 */
const KNOWN_METHODS = new Set(
  `GET HEAD POST PUT DELETE PATCH OPTIONS TRACE CONNECT QUERY PROPFIND PROPPATCH MKCOL MKCALENDAR COPY MOVE LOCK UNLOCK SEARCH
  REPORT ACL LINK UNLINK BIND REBIND UNBIND M-SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE`.split(/\s+/),
);

/**
 * Turns a raw message into a record.
 *
 * @throws GatewayError BAD_REQUEST, ADDRESS_TOO_LONG, METHOD_NOT_ALLOWED, NOT_IMPLEMENTED.
 */
export function receive(
  message: IncomingMessage,
  trustedProxies: readonly AddressRange[],
  connection: Connection,
): Received {
  const fields = Fields.fromRaw(message.rawHeaders);
  const target = message.url ?? '';
  if (message.httpVersionMajor === 2) unfoldHttp2(message, fields);
  checkFraming(message, fields);
  checkMethod(message.method ?? '');
  checkTarget(target);
  const absolute = target.startsWith('/') || target === '*' ? undefined : target;
  const peer = findPeer(message, fields, trustedProxies);
  return {
    id: makeRequestId(),
    method: message.method ?? '',
    fields: stripUpgrade(fields),
    authority: findAuthority(message, fields, absolute, peer),
    form: absolute === undefined ? 'origin' : 'absolute',
    path: absolute === undefined ? target : pathOf(absolute),
    absolute,
    peer,
    httpVersion: message.httpVersion,
    body: message,
    hasBody: hasBody(message, fields),
    connection,
  };
}

// RFC 9113 8.3.1: `:authority` stands for Host, and a Host that says otherwise is malformed; 8.2.3: cookies may come apart.
function unfoldHttp2(message: IncomingMessage, fields: Fields): void {
  const authority = (message as unknown as Http2ServerRequest).authority;
  const host = fields.get('host');
  if (authority !== '' && host !== undefined && host.toLowerCase() !== authority.toLowerCase())
    throw bad('Host and :authority differ');
  if (host === undefined && authority !== '') fields.set('host', authority);
  const cookies = fields.getAll('cookie');
  if (cookies.length > 1) fields.set('cookie', cookies.join('; '));
}

function hasBody(message: IncomingMessage, fields: Fields): boolean {
  if (message.httpVersionMajor === 2) return !(message as unknown as Http2ServerRequest).stream.endAfterHeaders;
  return fields.has('transfer-encoding') || Number(fields.get('content-length') ?? 0) > 0;
}

const ID_BYTES = 12;
let randomPool = Buffer.alloc(0);

/** 96 random bits, base64url: cannot be guessed or counted. Taken from a pool, as each call of the system has its price. */
export function makeRequestId(): string {
  if (randomPool.length < ID_BYTES) randomPool = randomBytes(ID_BYTES * 256);
  const id = randomPool.toString('base64url', 0, ID_BYTES);
  randomPool = randomPool.subarray(ID_BYTES);
  return id;
}

function bad(why: string): GatewayError {
  return new GatewayError('BAD_REQUEST', { why });
}

function checkFraming(message: IncomingMessage, fields: Fields): void {
  // RFC 9112 3.2: exactly one Host; Node checks presence for 1.1 only, and never the number.
  const hosts = fields.getAll('host');
  if (hosts.length > 1) throw bad('more than one Host field');
  if (hosts[0] !== undefined && !AUTHORITY.test(hosts[0].toLowerCase())) throw bad('the Host field is malformed');
  if (fields.getAll('content-length').length > 1) throw bad('more than one Content-Length field');
  // RFC 9112 6.1: a Transfer-Encoding in an HTTP/1.0 message is faulty framing.
  if (message.httpVersion === '1.0' && fields.has('transfer-encoding')) throw bad('Transfer-Encoding in HTTP/1.0');
  // RFC 9110 9.3.1: content in a GET has no meaning and is a smuggling vector.
  if (hasBody(message, fields) && /^(GET|HEAD|TRACE)$/.test(message.method ?? ''))
    throw bad(`a ${message.method} with a body`);
}

function checkMethod(method: string): void {
  // Threats: TRACE would mirror the fields, credentials included.
  if (method === 'TRACE')
    throw new GatewayError(
      'METHOD_NOT_ALLOWED',
      { method, allowed: 'GET, HEAD, POST' },
      { fields: Fields.from({ allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' }) },
    );
  if (!KNOWN_METHODS.has(method)) throw new GatewayError('NOT_IMPLEMENTED', { method });
}

function checkTarget(target: string): void {
  if (target.length > MAX_TARGET_CHARACTERS) throw new GatewayError('ADDRESS_TOO_LONG', { max: MAX_TARGET_CHARACTERS });
  if (target.startsWith('//')) throw bad('the path starts with two slashes');
  if (target.includes('#')) throw bad('the address holds a `#`, which clients never send');
  if (/[^\u0021-\u007e]/.test(target)) throw bad('the address holds characters that must be percent-encoded');
  if (!target.startsWith('/') && target !== '*' && !/^[a-z][a-z0-9+.-]*:/i.test(target))
    throw bad('the address is malformed');
}

function pathOf(absolute: string): string {
  const start = absolute.indexOf('/', absolute.indexOf('//') + 2);
  return start === -1 ? '/' : absolute.slice(start);
}

// RFC 9112 3.2.2: an absolute-form target overrides Host (threat 16).
function findAuthority(message: IncomingMessage, fields: Fields, absolute: string | undefined, peer: Peer): string {
  if (absolute !== undefined) {
    const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?]*)/i.exec(absolute)?.[1]?.toLowerCase() ?? '';
    if (authority.includes('@')) throw bad('the address holds a name or a password');
    return authority;
  }
  const forwarded = peer.trusted ? fields.get('x-forwarded-host')?.split(',')[0]?.trim().toLowerCase() : undefined;
  if (forwarded !== undefined && AUTHORITY.test(forwarded)) return forwarded;
  const host = fields.get('host')?.toLowerCase();
  if (host === undefined && message.httpVersion !== '1.0') throw bad('no Host field');
  if (host === '') throw bad('the Host field is empty');
  return host ?? '';
}

/** Where a message came from. */
export function findPeer(message: IncomingMessage, fields: Fields, trustedProxies: readonly AddressRange[]): Peer {
  const { remoteAddress = '', localAddress = '', localPort = 0 } = message.socket;
  const connected = plainAddress(remoteAddress);
  const encrypted = (message.socket as TLSSocket).encrypted === true;
  const local = { localAddress: plainAddress(localAddress), localPort };
  if (!isWithin(trustedProxies, connected)) return { address: connected, secure: encrypted, trusted: false, ...local };
  // The right-most address that is not itself a trusted proxy is the client (RFC 7239 5.2, read from the near end).
  const hops = forwardedFor(fields).reverse();
  const client = hops.find((hop) => !isWithin(trustedProxies, hop)) ?? hops.at(-1) ?? connected;
  const proto =
    fields.get('x-forwarded-proto')?.split(',')[0]?.trim() ?? /proto=(\w+)/i.exec(fields.get('forwarded') ?? '')?.[1];
  return {
    address: client,
    secure: proto === undefined ? encrypted : proto.toLowerCase() === 'https',
    trusted: true,
    ...local,
  };
}

function forwardedFor(fields: Fields): string[] {
  const legacy = fields.get('x-forwarded-for');
  const standard = [
    ...(fields.get('forwarded') ?? '').matchAll(/for="?\[?([0-9a-f.:]+?)\]?(?::\d+)?"?(?=[;,\s]|$)/gi),
  ].map((match) => match[1]!);
  return (legacy?.split(',').map((each) => each.trim()) ?? standard).filter((each) => /^[0-9a-f.:]+$/i.test(each));
}

function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

// RFC 9113 3.1: h2c upgrades are obsolete; the field would only confuse an origin (threat 18).
function stripUpgrade(fields: Fields): Fields {
  return /\bh2c\b/i.test(fields.get('upgrade') ?? '') ? fields.delete('upgrade').delete('http2-settings') : fields;
}

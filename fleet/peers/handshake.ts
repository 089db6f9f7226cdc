/**
 * How two servers of a fleet know each other, without clocks: each connection begins with fresh nonces, and every
 * request on it is signed over them (threat 67).
 */
import { createHash } from 'node:crypto';

/** Below it servers talk, and clients have nothing to ask. */
export const PEER_PREFIX = '/-/fleet/';
/** What the first request of a connection asks. */
export const HELLO_PATH = `${PEER_PREFIX}hello`;
/** Field of a request that says who asks. */
export const AUTH_FIELD = 'fleet-auth';
/** Field of a refusal: nothing was done. */
export const REFUSED_FIELD = 'fleet-refused';
/** Field of a reply whose body is an error of the catalogue. */
export const ERROR_FIELD = 'fleet-error';

const MAX_NONCE = 64;
const MAX_NAME = 200;

/** First words on a connection. */
export interface Hello {
  readonly node: string;
  /** Whom it is meant for. */
  readonly to: string;
  readonly nonce: string;
}

export interface HelloReply {
  readonly node: string;
  readonly nonce: string;
  /** Signature over `helloText`. */
  readonly proof: string;
}

/** Two servers and what they have agreed on. */
export interface Greeted {
  readonly client: string;
  readonly server: string;
  readonly clientNonce: string;
  readonly serverNonce: string;
}

/** What the server signs to show that it is who it says, on this connection. */
export function helloText({ client, server, clientNonce, serverNonce }: Greeted): string {
  return JSON.stringify(['format-gateway peer hello 1', client, server, clientNonce, serverNonce]);
}

/** A request as both sides see it. */
export interface SignedRequest {
  readonly counter: number;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** But for `fleet-auth`; names in lower case. */
  readonly fields: Readonly<Record<string, string>>;
  /** Base64url of the sha256 of the body; the empty string where there is none. */
  readonly bodyDigest: string;
}

/** What the client signs for each request. */
export function requestText({ client, server, clientNonce, serverNonce }: Greeted, request: SignedRequest): string {
  const { counter, method, path, fields, bodyDigest } = request;
  return JSON.stringify([
    'format-gateway peer request 1',
    client,
    server,
    clientNonce,
    serverNonce,
    counter,
    method,
    path,
    Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)),
    bodyDigest,
  ]);
}

export function digestOfBody(body: Uint8Array | undefined): string {
  return body === undefined || body.byteLength === 0 ? '' : createHash('sha256').update(body).digest('base64url');
}

/** The field `fleet-auth` as values. */
export interface PeerAuth {
  /** Percent-encoded. */
  readonly node: string;
  readonly counter: number;
  readonly bodyDigest: string;
  readonly signature: string;
}

/** @example `node=a; n=5; body=…; sig=…`, with `body` only where there is one */
export function formatAuth({ node, counter, bodyDigest, signature }: PeerAuth): string {
  const body = bodyDigest === '' ? '' : `; body=${bodyDigest}`;
  return `node=${node}; n=${counter}${body}; sig=${signature}`;
}

/** `undefined` when malformed. */
export function readAuth(value: string): PeerAuth | undefined {
  const match = /^node=([^;\s]{1,600}); n=(\d{1,15})(?:; body=([\w-]{43}))?; sig=([\w-]{86})$/.exec(value);
  if (match === null) return undefined;
  return { node: match[1]!, counter: Number(match[2]), bodyDigest: match[3] ?? '', signature: match[4]! };
}

/** `undefined` when malformed. */
export function readHello(body: Buffer): Hello | undefined {
  const { node, to, nonce } = readRecord(body);
  return isName(node) && isName(to) && isNonce(nonce) ? { node, to, nonce } : undefined;
}

/** `undefined` when malformed. */
export function readHelloReply(body: Buffer): HelloReply | undefined {
  const { node, nonce, proof } = readRecord(body);
  return isName(node) && isNonce(nonce) && typeof proof === 'string' ? { node, nonce, proof } : undefined;
}

function readRecord(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // What is no JSON has none of the members either.
    return {};
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_NAME && value.isWellFormed();
}

function isNonce(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 22 && value.length <= MAX_NONCE;
}

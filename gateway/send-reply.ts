/** Writes a finished reply to the client's connection. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Fields } from '../core/fields.ts';
import { untilChangeIsSeen } from './cache/looked-at.ts';
import type { Reply } from './reply.ts';

/**
 * Sends a reply. A body that breaks off resets the connection: never a clean end of a short body (threat 49). What is
 * left of an unread request body is dropped with the connection.
 */
export async function sendReply(message: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
  const { status, fields, body } = reply;
  const seen = untilChangeIsSeen(message.method);
  if (seen !== undefined) await seen;
  if (response.destroyed || response.headersSent) {
    if (body instanceof Readable) body.destroy();
    return;
  }
  if (!message.complete && !message.readableEnded && hasUnreadBody(message)) response.shouldKeepAlive = false;
  if (!(body instanceof Readable) && mustStateLength(message, status) && !fields.has('content-length'))
    fields.set('content-length', String(body?.byteLength ?? 0));
  response.writeHead(status, message.httpVersionMajor === 2 ? toHttp2(fields) : fields.toRaw());
  if (!(body instanceof Readable)) {
    response.end(body === undefined || message.method === 'HEAD' ? undefined : body);
    return;
  }
  try {
    await pipeline(body, response);
  } catch {
    // The upstream broke off, or the client has gone: both ends are destroyed by now, and the status is sent.
    response.destroy();
  }
}

// RFC 9113 8.2.2: fields of a connection do not exist there.
const OF_CONNECTION = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

function toHttp2(fields: Fields): Record<string, string[]> {
  return Object.fromEntries(
    fields
      .names()
      .filter((name) => !OF_CONNECTION.has(name))
      .map((name) => [name, fields.getAll(name)]),
  );
}

function hasUnreadBody(message: IncomingMessage): boolean {
  return message.headers['transfer-encoding'] !== undefined || Number(message.headers['content-length'] ?? 0) > 0;
}

// RFC 9110 8.6: HEAD, 1xx, 204 and 304 may stay silent of a length.
function mustStateLength(message: IncomingMessage, status: number): boolean {
  return message.method !== 'HEAD' && status !== 204 && status !== 304;
}

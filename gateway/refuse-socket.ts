/** An answer on a connection that no framework looks after: a tunnel's or an upgrade's. The connection ends with it. */
import { STATUS_CODES } from 'node:http';
import { type Duplex, Readable } from 'node:stream';
import type { Fields } from '../core/fields.ts';
import { VaryRecorder } from '../core/vary.ts';
import { makeErrorReply } from './error-page.ts';
import { makeRequestId } from './received.ts';
import type { Reply } from './reply.ts';

/** The head of a response as sent. */
export function headOf(status: number, fields: Fields): string {
  const lines = fields.entries().map(([name, value]) => `${name}: ${value}`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('\r\n')}\r\n\r\n`;
}

/** Sends a whole reply and ends the connection. */
export function endWith(socket: Duplex, { status, fields, body }: Reply): void {
  if (!socket.writable) {
    socket.destroy();
    if (body instanceof Readable) body.destroy();
    return;
  }
  fields.delete('transfer-encoding').set('connection', 'close');
  if (!(body instanceof Readable)) fields.set('content-length', String(body?.byteLength ?? 0));
  socket.write(headOf(status, fields));
  if (!(body instanceof Readable)) {
    socket.end(body, () => socket.destroy());
    return;
  }
  // A body that breaks off resets the connection (threat 49).
  body.on('error', () => socket.destroy());
  socket.on('close', () => body.destroy());
  body.pipe(socket);
}

/** Answers an error as to any other request. */
export function refuseSocket(
  socket: Duplex,
  error: unknown,
  { fields, pseudonym }: { readonly fields: Fields; readonly pseudonym: string },
): void {
  endWith(socket, makeErrorReply(error, { read: new VaryRecorder(fields), requestId: makeRequestId(), pseudonym }));
}

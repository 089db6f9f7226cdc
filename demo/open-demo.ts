/** The demo site: an origin of our own on loopback, so that the first minute with the gateway needs no internet. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { type DemoAnswer, readDemoFiles } from './demo-files.ts';
import { type GuestBook, makeGuestBook } from './guest-book.ts';
import { answerSearch } from './search.ts';

/** A running demo site. */
export interface DemoSite {
  /** `http://127.0.0.1:8082` */
  readonly origin: string;
  close(): Promise<void>;
}

export interface DemoOptions {
  /** Port on 127.0.0.1; a free one is taken where it is in use. 0 takes a free one at once. */
  readonly port: number;
  readonly clock: Clock;
}

const HOST = '127.0.0.1';

/** Starts the demo site. It answers loopback only and is an ordinary origin: nothing of the gateway is known to it. */
export async function openDemo({ port, clock }: DemoOptions): Promise<DemoSite> {
  const files = readDemoFiles();
  const guestBook = makeGuestBook(clock);
  const server = createServer((request, response) => {
    request.on('error', () => response.destroy());
    answer(request, files, guestBook)
      .then((reply) => send(request, response, reply))
      .catch(() => response.destroy());
  });
  try {
    server.listen({ host: HOST, port });
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    server.listen({ host: HOST, port: 0 });
    await once(server, 'listening');
  }
  return {
    origin: `http://${HOST}:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  request: IncomingMessage,
  files: ReadonlyMap<string, DemoAnswer>,
  guestBook: GuestBook,
): Promise<DemoAnswer> {
  const url = URL.parse(request.url ?? '/', `http://${HOST}`);
  const path = url?.pathname ?? '/';
  if (path === '/guest-book') return await guestBook.answer(request);
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (!isRead)
    return { status: 405, type: 'text/plain; charset=utf-8', body: 'Only reading here.\n', allow: 'GET, HEAD' };
  if (path === '/search') return answerSearch(url?.searchParams.get('q') ?? '', files);
  return (
    files.get(path === '/' ? '/index.html' : path) ?? {
      status: 404,
      type: 'text/html; charset=utf-8',
      body: '<!DOCTYPE html><html lang="en"><title>Not here</title><h1>Not here</h1><p>Port Halyard has no such page. <a href="/">To the quay</a></p></html>\n',
    }
  );
}

function send(request: IncomingMessage, response: ServerResponse, reply: DemoAnswer): void {
  const { status, type, etag, location, cookie, allow } = reply;
  const fields: Record<string, string> = { 'content-type': type };
  if (etag !== undefined) Object.assign(fields, { etag, 'cache-control': 'max-age=300' });
  else fields['cache-control'] = 'no-store';
  if (location !== undefined) fields['location'] = location;
  if (cookie !== undefined) fields['set-cookie'] = cookie;
  if (allow !== undefined) fields['allow'] = allow;
  if (etag !== undefined && request.headers['if-none-match'] === etag) {
    response.writeHead(304, fields).end();
    return;
  }
  const body = Buffer.from(reply.body);
  response.writeHead(status, { ...fields, 'content-length': body.byteLength });
  response.end(request.method === 'HEAD' ? undefined : body);
}

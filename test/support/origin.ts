/** An origin of a test's own: handlers by path, every request recorded. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly fields: IncomingHttpHeaders;
  readonly body: string;
}

export type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

export interface Origin {
  readonly url: string;
  readonly requests: Recorded[];
  /** Answers a path from now on; a string is an HTML page. */
  on(path: string, answer: Handler | string): void;
  close(): Promise<void>;
}

export async function startOrigin(): Promise<Origin> {
  const handlers = new Map<string, Handler>();
  const requests: Recorded[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    request.on('error', () => undefined);
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const body = Buffer.concat(parts).toString('latin1');
    const path = request.url ?? '';
    requests.push({ method: request.method ?? '', path, fields: request.headers, body });
    const handler = handlers.get(path) ?? handlers.get(path.split('?')[0]!);
    if (handler === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' });
      response.end('nothing here');
    } else handler(request, response, body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    on(path, answer) {
      handlers.set(
        path,
        typeof answer !== 'string'
          ? answer
          : (_request, response) => {
              response.writeHead(200, {
                'content-type': 'text/html; charset=utf-8',
                'content-length': Buffer.byteLength(answer),
              });
              response.end(answer);
            },
      );
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

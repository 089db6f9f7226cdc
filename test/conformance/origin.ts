/** The origin of the suite: answers each case's paths as the case says, and keeps what it was asked. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Fields } from '../../core/fields.ts';
import type { Answer, Answering, Upstream } from './case.ts';
import { PAGE } from './samples.ts';

/** A case's place at the origin. */
export interface Stage {
  /** Path of the case, without a slash at its end. */
  readonly path: string;
  /** What it was asked. */
  readonly upstream: Upstream[];
  /** The last answer that had a body. */
  readonly sent: { body: Buffer };
  answer: Answering;
}

export interface CaseOrigin {
  readonly url: string;
  /** Opens a stage of its own for a case. */
  stage(): Stage;
  close(): Promise<void>;
}

/** @param port Default 0: any that is free. */
export async function openCaseOrigin(port = 0): Promise<CaseOrigin> {
  const stages = new Map<string, Stage>();
  const server = createServer((request, response) => void answer(request, response, { stages, url }));
  // What is malformed on purpose is the suite's business, not the origin's.
  server.on('clientError', (_error, socket) => socket.destroy());
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    stage() {
      const path = `/case-${stages.size + 1}-${process.pid}`;
      const stage: Stage = { path, upstream: [], sent: { body: Buffer.alloc(0) }, answer: {} };
      stages.set(path.slice(1), stage);
      return stage;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface World {
  readonly stages: ReadonlyMap<string, Stage>;
  readonly url: string;
}

async function answer(request: IncomingMessage, response: ServerResponse, { stages, url }: World): Promise<void> {
  const parts: Buffer[] = [];
  request.on('error', () => undefined);
  try {
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  } catch {
    // The client broke off: there is nobody to answer.
    return;
  }
  const stage = stages.get(/^\/([^/?]*)/.exec(request.url ?? '')?.[1] ?? '');
  if (stage === undefined) {
    response.writeHead(404).end();
    return;
  }
  stage.upstream.push({
    method: request.method ?? '',
    path: request.url ?? '',
    fields: Fields.fromRaw(request.rawHeaders),
    body: Buffer.concat(parts).toString('latin1'),
    trailers: Fields.fromRaw(request.rawTrailers),
  });
  const said = typeof stage.answer === 'function' ? stage.answer(request, stage.upstream.length) : stage.answer;
  if (said.afterMs !== undefined) await setTimeout(said.afterMs);
  say(said, request, { response, stage, url });
}

interface Reply {
  readonly response: ServerResponse;
  readonly stage: Stage;
  readonly url: string;
}

function say(said: Answer, request: IncomingMessage, { response, stage, url }: Reply): void {
  const { status = 200, interim = [], raw, trailers, cutAfter } = said;
  if (raw !== undefined) {
    request.socket.end(Buffer.from(raw.replaceAll('{origin}', url), 'latin1'));
    return;
  }
  const fields = Object.entries({ 'content-type': 'text/html; charset=utf-8', ...said.fields }).flatMap(
    ([name, value]) =>
      value === undefined ? [] : [value].flat().map((line) => [name, line.replaceAll('{origin}', url)]),
  );
  const hasBody = status !== 204 && status !== 304;
  const body = hasBody ? Buffer.from(said.body ?? PAGE) : Buffer.alloc(0);
  if (hasBody && body.byteLength > 0) stage.sent.body = body;
  for (const head of interim) request.socket.write(`HTTP/1.1 ${head}\r\n\r\n`);
  const named = new Set(fields.map(([name]) => name!.toLowerCase()));
  if (hasBody && trailers === undefined && !named.has('content-length'))
    fields.push(['content-length', String(body.byteLength)]);
  if (trailers !== undefined) fields.push(['trailer', Object.keys(trailers).join(', ')]);
  if (named.has('date')) response.sendDate = false;
  response.writeHead(status, fields.flat() as string[]);
  if (cutAfter !== undefined) {
    response.write(body.subarray(0, cutAfter), () => request.socket.destroy());
    return;
  }
  if (trailers !== undefined) {
    response.write(body);
    response.addTrailers(trailers);
    response.end();
  } else response.end(hasBody && request.method !== 'HEAD' ? body : undefined);
}

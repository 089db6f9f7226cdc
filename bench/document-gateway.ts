/** A gateway and an origin with pages, for benchmarks of documents. */
import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '../main.ts';
import { fetchBody } from './fetch-body.ts';

const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

export interface DocumentGateway {
  /** Where the origin has a page. */
  pageUrl(index: number): string;
  /** Body of the reply, decoded. @throws Error where the answer is no 200 */
  ask(presentation: string, index: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** @param pages bodies in HTML, served as UTF-8 where they are, else in the charset they declare */
export async function openDocumentGateway(pages: readonly Buffer[]): Promise<DocumentGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const origin = createServer((incoming, response) => {
    const body = pages[Number(incoming.url?.slice(1))];
    // A corpus of pages is often kept in UTF-8 whatever its pages say, or do not.
    const type = body !== undefined && isUtf8(body) ? 'text/html; charset=utf-8' : 'text/html';
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': type }).end(body);
  }).listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const before = `http://127.0.0.1:${(origin.address() as AddressInfo).port}/`;
  const server = await startServer({
    PORT: '0',
    ADMIN_PORT: '0',
    WORKERS: '1',
    POOL: '1',
    DATA_DIR: join(folder, 'data'),
    UPSTREAM_ALLOW: '127.0.0.1',
    LOG_LEVEL: 'silent',
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    pageUrl: (index) => `${before}${index}`,
    ask: (presentation, index) => askFor(`${server.origin}/-/as/${presentation}/${before}${index}`, agent),
    async close() {
      agent.destroy();
      await server.close(0);
      origin.close();
      origin.closeAllConnections();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function askFor(url: string, agent: Agent): Promise<Buffer> {
  const headers = { 'user-agent': BROWSER, accept: 'text/html,*/*;q=0.8', 'accept-encoding': 'identity' };
  return fetchBody(url, { agent, headers });
}

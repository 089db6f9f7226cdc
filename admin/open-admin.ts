/** The admin listener: an origin of its own, with the admin UI, the admin API and health (design part 4, threats 26, 56 to 61). */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import Koa from 'koa';
import type { Values } from '../core/config.ts';
import type { fleetSettings } from '../fleet/config.ts';
import { receive } from '../gateway/received.ts';
import { sendReply } from '../gateway/send-reply.ts';
import { type Bound, listen, originOf } from '../gateway/shell.ts';
import { readTlsFiles } from '../gateway/tls-files.ts';
import { type AdminParts, makeAdmin } from './admin.ts';
import { adminTlsFilesOf } from './admin-tls-files.ts';
import { makeAdminApi } from './api/answer.ts';
import type { adminSettings } from './config.ts';
import { makeAdminUi } from './ui/answer.ts';

export interface AdminListener {
  readonly origin: string;
  readonly bound: Bound;
  /** A path of it that signs a person in once, within fifteen minutes; a new one ends the one before. */
  makeSignInPath(): string;
  close(): Promise<void>;
}

/**
 * Opens the admin listener.
 *
 * @throws RangeError when it would be reachable from elsewhere without TLS.
 */
export async function openAdmin(
  settings: Values<typeof adminSettings> & Pick<Values<typeof fleetSettings>, 'nodeName' | 'zone' | 'natsUrl'>,
  parts: Omit<AdminParts, 'trustsLoopback' | 'node'>,
): Promise<AdminListener> {
  const files = adminTlsFilesOf(settings);
  const tls = files === undefined ? undefined : readTlsFiles(files);
  const { nodeName: name, zone, natsUrl } = settings;
  const node = { name, zone, version: readVersion(), hasEngine: natsUrl !== undefined };
  const admin = makeAdmin({ ...parts, node, trustsLoopback: !settings.adminBehindTls });
  const app = new Koa();
  app.silent = true;
  const ui = makeAdminUi(admin);
  const answer = makeAdminApi(admin, ui);
  app.use(async (context) => {
    context.respond = false;
    const gone = new AbortController();
    context.res.on('close', () => gone.abort());
    const reply = await answer(() => receive(context.req, [], gone));
    await sendReply(context.req, context.res, reply);
  });
  const options = {
    headersTimeout: 8_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 5_000,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: 16_384,
  };
  const server: Server =
    tls === undefined
      ? createHttpServer(options, app.callback())
      : createHttpsServer({ ...options, ...tls }, app.callback());
  const bound = await listen(server, settings.adminHost, settings.adminPort);
  return {
    origin: originOf(tls === undefined ? 'http' : 'https', bound),
    bound,
    makeSignInPath: ui.makeSignInPath,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      admin.close();
    },
  };
}

function readVersion(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

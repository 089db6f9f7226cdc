/** The admin listener: an origin of its own, with the admin API and health (design part 4, threats 26, 56 to 61). */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import Koa from 'koa';
import type { Clock } from '../core/clock.ts';
import type { Values } from '../core/config.ts';
import type { Log } from '../core/log.ts';
import type { Pool } from '../formatters/pool/pool.ts';
import type { FormatterRegistry } from '../formatters/registry.ts';
import type { FormatterSwitches } from '../formatters/switches.ts';
import { isWithin, parseAddressRange } from '../gateway/address-range.ts';
import type { Readiness } from '../gateway/pages/health.ts';
import { receive } from '../gateway/received.ts';
import { sendReply } from '../gateway/send-reply.ts';
import { type Bound, listen, originOf } from '../gateway/shell.ts';
import type { Clients } from '../profiles/clients.ts';
import type { Detection } from '../profiles/detection.ts';
import type { Profiles } from '../profiles/profiles.ts';
import { makeAdminApi } from './api.ts';
import type { adminSettings } from './config.ts';

export interface AdminParts {
  readonly settings: Values<typeof adminSettings>;
  /** Bearer token. */
  readonly token: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly profiles: Profiles;
  readonly clients: Clients;
  readonly detect: (read: (fieldName: string) => string | undefined) => Detection;
  readonly registry: () => FormatterRegistry;
  readonly switches: FormatterSwitches;
  readonly pool: Pool;
  readonly readiness: Readiness;
}

export interface AdminListener {
  readonly origin: string;
  readonly bound: Bound;
  close(): Promise<void>;
}

/**
 * Opens the admin listener.
 *
 * @throws RangeError when it would be reachable from elsewhere without TLS.
 */
export async function openAdmin(parts: AdminParts): Promise<AdminListener> {
  const { settings } = parts;
  const tls = readTls(settings);
  const isLoopback =
    settings.adminHost === 'localhost' || isWithin([parseAddressRange('loopback')], settings.adminHost);
  if (!isLoopback && tls === undefined && !settings.adminBehindTls)
    throw new RangeError('ADMIN_HOST: off loopback only with ADMIN_TLS_CERT and ADMIN_TLS_KEY, or ADMIN_BEHIND_TLS=1');
  const app = new Koa();
  app.silent = true;
  const answer = makeAdminApi(parts);
  app.use(async (context) => {
    context.respond = false;
    const gone = new AbortController();
    context.res.on('close', () => gone.abort());
    const reply = await answer(() => receive(context.req, [], gone.signal));
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
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function readTls({ adminTlsCert, adminTlsKey }: AdminParts['settings']): { cert: Buffer; key: Buffer } | undefined {
  if (adminTlsCert === undefined && adminTlsKey === undefined) return undefined;
  if (adminTlsCert === undefined || adminTlsKey === undefined)
    throw new RangeError('ADMIN_TLS_CERT and ADMIN_TLS_KEY go together');
  return { cert: readFileSync(adminTlsCert), key: readFileSync(adminTlsKey) };
}

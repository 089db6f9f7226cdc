/** HTTPS to clients: HTTP/2, and HTTP/1.1 for those that speak no other (RFC 9113), on TLS_PORT beside PORT. */
import type { RequestListener } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { http2Limits, keepSessions } from './http2-sessions.ts';
import { asksForWebSocket } from './modes/upgrade.ts';
import { editionOfTlsFiles, readTlsFiles, type TlsFiles } from './tls-files.ts';

export interface SecureServerParts {
  readonly files: TlsFiles;
  readonly handle: RequestListener;
  /** Names of what HTTP/1.1 knows of a connection's times, milliseconds. */
  readonly limits: {
    readonly headersTimeout: number;
    readonly requestTimeout: number;
    readonly keepAliveTimeout: number;
    readonly maxHeaderSize: number;
    readonly idleMs: number;
    readonly maxConnections: number;
  };
  readonly clock: Clock;
  readonly log: Log;
}

export interface SecureServer {
  readonly server: Http2SecureServer;
  /** Takes no new connections; sessions end with their last stream, all of them after `ms`. */
  drain(ms: number): Promise<void>;
}

/** How often a new certificate is looked for, milliseconds. */
const RELOAD_MS = 5_000;

/** @throws Error when the certificate or the key cannot be read. */
export function makeSecureServer({ files, handle, limits, clock, log }: SecureServerParts): SecureServer {
  const { idleMs, maxConnections, maxHeaderSize, ...times } = limits;
  const server = createSecureServer(
    {
      ...readTlsFiles(files),
      allowHTTP1: true,
      ...http2Limits(maxHeaderSize),
    },
    // The compatible face of HTTP/2 requests is that of HTTP/1.1 ones.
    handle as unknown as Parameters<typeof createSecureServer>[1],
  );
  Object.assign(server, times, {
    maxConnections,
    maxHeadersCount: 100,
    maxRequestsPerSocket: 1_000,
    shouldUpgradeCallback: asksForWebSocket,
  });
  const sessions = keepSessions(server, idleMs);
  const sockets = new Set<Socket>();
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A client that goes away in the middle of anything is no fault of ours.
    socket.on('error', () => socket.destroy());
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.on('unknownProtocol', (socket) => socket.destroy());
  const reload = watchFiles(server, files, { clock, log });
  return {
    server,
    async drain(ms) {
      reload.cancel();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      sessions.closeAll();
      const timer = clock.after(ms, () => {
        sessions.destroyAll();
        for (const socket of sockets) socket.destroy();
      });
      await closed;
      timer.cancel();
    },
  };
}

// A renewed certificate counts without a restart; half-written files are tried again, the old pair goes on meanwhile.
function watchFiles(server: Http2SecureServer, files: TlsFiles, { clock, log }: { clock: Clock; log: Log }) {
  let edition = editionOfTlsFiles(files);
  return clock.every(RELOAD_MS, () => {
    const now = editionOfTlsFiles(files);
    if (now === edition) return;
    try {
      server.setSecureContext(readTlsFiles(files));
      edition = now;
      log.info('certificate reloaded', {});
    } catch (error) {
      log.warn('the new certificate cannot be used', { error });
    }
  });
}

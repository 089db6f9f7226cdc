/** The HTTP/2 sessions of a listener: bounded, ended when idle, drained (RFC 9113). */
import type { Http2SecureServer, Http2Server, ServerHttp2Session } from 'node:http2';

/** Streams of one client at a time (RFC 9113 5.1.2): more than any browser opens for a page. */
const MAX_STREAMS = 100;

/** What every HTTP/2 listener of ours is made with. */
export function http2Limits(maxHeaderSize: number) {
  return {
    settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: maxHeaderSize, enablePush: false },
    maxSessionMemory: 10,
  };
}

export interface Http2Sessions {
  /** Lets each session end with its last stream, now and from now on. */
  closeAll(): void;
  destroyAll(): void;
}

/** Keeps account of a server's sessions; those without traffic for `idleMs` end. */
export function keepSessions(server: Http2Server | Http2SecureServer, idleMs: number): Http2Sessions {
  const sessions = new Set<ServerHttp2Session>();
  let closing = false;
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session);
    session.setTimeout(idleMs, () => session.close());
    // A client that goes away in the middle of anything is no fault of ours.
    session.on('error', () => session.destroy());
    session.on('close', () => sessions.delete(session));
    if (closing) session.close();
  });
  return {
    closeAll() {
      closing = true;
      for (const session of sessions) session.close();
    },
    destroyAll() {
      for (const session of sessions) session.destroy();
    },
  };
}

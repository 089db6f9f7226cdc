/** HTTP/1.1 and HTTP/2 by prior knowledge on one plain port: who speaks which shows in the first bytes (RFC 9113 3.4). */
import type { RequestListener, Server } from 'node:http';
import { createServer, type Http2Server } from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../core/clock.ts';
import { http2Limits, keepSessions } from './http2-sessions.ts';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export interface PlainPortParts {
  readonly handle: RequestListener;
  readonly clock: Clock;
  readonly limits: {
    /** What a connection has to show its first bytes, and then again for the fields of an HTTP/1.1 request. */
    readonly headersTimeout: number;
    readonly maxHeaderSize: number;
    readonly idleMs: number;
  };
}

/** The part of a plain port that its HTTP/1.1 server does not know of. */
export interface PlainPort {
  /** Never listens itself. */
  readonly http2: Http2Server;
  /** Ends connections that have said nothing yet, and sessions with their last stream. */
  closeIdle(): void;
  /** Ends all sessions and all connections that have not shown what they speak. */
  closeAll(): void;
}

type Connected = (socket: Socket) => void;

/** Makes an HTTP/1.1 server serve HTTP/2 too, from the same handler. */
export function servePlainHttp2(server: Server, { handle, clock, limits }: PlainPortParts): PlainPort {
  // The compatible face of HTTP/2 requests is that of HTTP/1.1 ones.
  const http2 = createServer(
    http2Limits(limits.maxHeaderSize),
    handle as unknown as Parameters<typeof createServer>[1],
  );
  const sessions = keepSessions(http2, limits.idleMs);
  const asHttp1 = server.listeners('connection') as Connected[];
  const undecided = new Set<FirstBytes>();
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const first = new FirstBytes(socket, (why) => {
      timer.cancel();
      undecided.delete(first);
      if (why === 'http2') http2.emit('connection', socket);
      else if (why === 'http1') for (const listener of asHttp1) listener.call(server, socket);
      else if (why === 'ended') socket.destroy();
    });
    undecided.add(first);
    const timer: Timer = clock.after(limits.headersTimeout, () => {
      first.giveUp();
      socket.on('error', () => socket.destroy());
      // What the HTTP/1.1 server says of fields that do not come (threat 50).
      const error = Object.assign(new Error('no request came'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
      server.emit('clientError', error, socket);
    });
  });
  return {
    http2,
    closeIdle() {
      for (const first of undecided) if (first.isSilent) first.socket.destroy();
      sessions.closeAll();
    },
    closeAll() {
      for (const { socket } of undecided) socket.destroy();
      sessions.destroyAll();
    },
  };
}

/** Looks at the beginning of a connection, and leaves it as if nobody had looked. */
class FirstBytes {
  readonly socket: Socket;
  readonly #decide: (what: 'http1' | 'http2' | 'ended' | 'late') => void;
  readonly #chunks: Buffer[] = [];

  constructor(socket: Socket, decide: (what: 'http1' | 'http2' | 'ended' | 'late') => void) {
    this.socket = socket;
    this.#decide = decide;
    socket.on('readable', this.#read);
    socket.on('end', this.#end);
    socket.on('error', this.#end);
    socket.on('close', this.#end);
  }

  get isSilent(): boolean {
    return this.#chunks.length === 0;
  }

  giveUp(): void {
    this.#leave();
    this.#decide('late');
  }

  readonly #read = () => {
    const chunk = this.socket.read() as Buffer | null;
    if (chunk === null) return;
    this.#chunks.push(chunk);
    const seen = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    const compared = Math.min(seen.length, PREFACE.length);
    const mayBeHttp2 = seen.compare(PREFACE, 0, compared, 0, compared) === 0;
    if (mayBeHttp2 && compared < PREFACE.length) return;
    this.#leave();
    this.socket.unshift(seen);
    this.#decide(mayBeHttp2 ? 'http2' : 'http1');
  };

  readonly #end = () => {
    this.#leave();
    this.#decide('ended');
  };

  #leave(): void {
    this.socket.off('readable', this.#read);
    this.socket.off('end', this.#end);
    this.socket.off('error', this.#end);
    this.socket.off('close', this.#end);
  }
}

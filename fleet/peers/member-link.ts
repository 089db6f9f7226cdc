/** The one session to another server: opened when it is needed, watched while it is used, opened again when it is lost. */
import { randomBytes } from 'node:crypto';
import { type Clock, deadline, type Timer } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { Egress } from '../../egress/fetch-upstream.ts';
import { openPeerSession, type PeerSession } from '../../egress/peer-session.ts';
import { type Greeted, HELLO_PATH, helloText, REFUSED_FIELD, readHelloReply } from './handshake.ts';
import { verifyBy } from './node-key.ts';
import { PeerRefused, PeerUnreachable } from './peer-errors.ts';
import type { PeerAddress } from './peers.ts';
import { readAll } from './read-all.ts';

export interface LinkParts {
  readonly self: { readonly name: string; readonly sign: (text: string) => string };
  readonly egress: Egress;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a link may be silent. Default: that of servers in one place. */
  readonly patience?: LinkPatience | undefined;
}

/** Milliseconds, and pings. */
export interface LinkPatience {
  /** Bound of connecting, greeting included. */
  readonly openMs: number;
  readonly pingMs: number;
  /** Pings without an answer after which a session is lost, however late this process's timers fire. */
  readonly maxUnanswered: number;
  /** Between two tries to open a session. */
  readonly longestPauseMs: number;
}

/** A session on which both sides know each other. */
export interface Warm {
  readonly session: PeerSession;
  readonly greeted: Greeted;
  /** Of the last request signed. */
  counter: number;
}

/** A server that is lost is known to be within a second. */
const NEAR: LinkPatience = { openMs: 3_000, pingMs: 250, maxUnanswered: 4, longestPauseMs: 5_000 };
/** How long after its last use a session is watched. */
const WATCHED_MS = 30_000;
const FIRST_PAUSE_MS = 100;
/** A session that did not last as long is not replaced at once. */
const SETTLED_MS = 1_000;
const MAX_HELLO_BYTES = 4_096;

export class MemberLink {
  readonly address: PeerAddress;
  /** Keeps a session open even while it is not used. */
  isKeptWarm = false;
  readonly #parts: LinkParts;
  readonly #patience: LinkPatience;
  readonly #onChange: (isUp: boolean) => void;
  readonly #ended = new AbortController();
  #windowBytes: number | undefined;
  #warm: Warm | undefined;
  #opening: Promise<Warm> | undefined;
  #watch: Timer | undefined;
  #retry: Timer | undefined;
  #failures = 0;
  #failure: unknown;
  #unanswered = 0;
  #usedAt = 0;
  #openedAt = 0;
  #isUp = true;

  constructor(address: PeerAddress, parts: LinkParts, onChange: (isUp: boolean) => void) {
    this.address = address;
    this.#parts = parts;
    this.#patience = parts.patience ?? NEAR;
    this.#onChange = onChange;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /**
   * The session, opened where there is none. While a new try is not due yet it fails at once.
   *
   * @throws PeerUnreachable, PeerRefused.
   */
  open(): Promise<Warm> {
    this.#usedAt = this.#parts.clock.monotonic();
    if (this.#warm?.session.isOpen === true) return Promise.resolve(this.#warm);
    if (this.#opening !== undefined) return this.#opening;
    if (this.#retry !== undefined || this.#ended.signal.aborted) return Promise.reject(this.#explain(this.#failure));
    return this.#start();
  }

  /** Bounds what is on its way of one reply, now and on later sessions. @param windowBytes default that of a session */
  pace(windowBytes: number | undefined): void {
    if (windowBytes === this.#windowBytes) return;
    this.#windowBytes = windowBytes;
    if (windowBytes !== undefined) this.#warm?.session.setWindow(windowBytes);
  }

  /** Lets the session end with its last exchange; the next use begins with a new one. */
  leave(): void {
    this.#warm?.session.close();
  }

  /** Ends for good: with the last exchange, or now. */
  end(how: 'in order' | 'now'): void {
    this.#ended.abort(new PeerUnreachable(`${this.address.name} is no longer spoken to`));
    this.#retry?.cancel();
    if (how === 'now') this.#warm?.session.destroy();
    else this.leave();
  }

  #start(): Promise<Warm> {
    const opening = this.#open().then(
      (warm) => {
        this.#taken(warm);
        return warm;
      },
      (error: unknown) => {
        this.#failed(error);
        throw this.#explain(error);
      },
    );
    this.#opening = opening;
    // Whoever waits for it is told; nobody may be waiting.
    opening.catch(() => undefined);
    return opening;
  }

  async #open(): Promise<Warm> {
    const { clock, egress } = this.#parts;
    const limit = deadline(clock, this.#patience.openMs, this.#ended.signal);
    try {
      const session = await openPeerSession(egress, new URL(this.address.url), limit.signal);
      try {
        return { session, greeted: await this.#greet(session, limit.signal), counter: 0 };
      } catch (error) {
        session.destroy();
        throw error;
      }
    } finally {
      limit.done();
    }
  }

  async #greet(session: PeerSession, signal: AbortSignal): Promise<Greeted> {
    const { name, key } = this.address;
    const nonce = randomBytes(32).toString('base64url');
    const client = this.#parts.self.name;
    const response = await session.request({
      method: 'POST',
      path: HELLO_PATH,
      fields: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ node: client, to: name, nonce })),
      signal,
    });
    const body = await readAll(response.body, MAX_HELLO_BYTES);
    if (response.fields[REFUSED_FIELD] !== undefined) throw new PeerRefused(body.toString('utf8').trim());
    const reply = response.status === 200 ? readHelloReply(body) : undefined;
    if (reply === undefined) throw new PeerRefused(`${name} does not answer as a server of the fleet`);
    const greeted = { client, server: name, clientNonce: nonce, serverNonce: reply.nonce };
    // Over all that was said: an answer of another server, or to another hello, has another text.
    if (!verifyBy(key, helloText(greeted), reply.proof)) throw new PeerRefused(`it is not ${name} who answers`);
    return greeted;
  }

  #taken(warm: Warm): void {
    const { clock } = this.#parts;
    this.#opening = undefined;
    if (this.#ended.signal.aborted) {
      warm.session.destroy();
      return;
    }
    this.#warm = warm;
    if (this.#windowBytes !== undefined) warm.session.setWindow(this.#windowBytes);
    this.#openedAt = clock.monotonic();
    this.#failures = 0;
    this.#unanswered = 0;
    this.#watch = clock.every(this.#patience.pingMs, () => this.#look(warm));
    warm.session.onClose((wasLost) => this.#closed(warm, wasLost));
    this.#setUp(true);
  }

  #failed(error: unknown): void {
    this.#opening = undefined;
    this.#failure = error;
    if (this.#ended.signal.aborted) return;
    const pause = Math.min(this.#patience.longestPauseMs, FIRST_PAUSE_MS * 2 ** this.#failures);
    this.#failures += 1;
    if (this.#failures === 1)
      this.#parts.log.warn('a server of the fleet cannot be reached', { server: this.address.name, error });
    this.#tryIn(pause);
    this.#setUp(false);
  }

  #tryIn(ms: number): void {
    this.#retry = this.#parts.clock.after(ms, () => {
      this.#retry = undefined;
      if (this.#opening === undefined) this.#start();
    });
  }

  // A session that ended in good order says nothing of the server; one that was lost says that it is gone until it answers.
  #closed(warm: Warm, wasLost: boolean): void {
    this.#watch?.cancel();
    if (this.#warm === warm) this.#warm = undefined;
    if (this.#ended.signal.aborted) return;
    if (wasLost) this.#setUp(false);
    if (!(wasLost || this.isKeptWarm) || this.#opening !== undefined || this.#retry !== undefined) return;
    if (this.#parts.clock.monotonic() - this.#openedAt >= SETTLED_MS) this.#start();
    else this.#tryIn(FIRST_PAUSE_MS);
  }

  #look({ session }: Warm): void {
    if (!session.isOpen) return;
    const isUsed = this.#parts.clock.monotonic() - this.#usedAt < WATCHED_MS;
    if (!isUsed && !this.isKeptWarm && session.pending === 0) return;
    if (this.#unanswered >= this.#patience.maxUnanswered) {
      this.#setUp(false);
      session.destroy();
      return;
    }
    this.#unanswered += 1;
    if (this.#unanswered > 1) return;
    session.ping().then(
      () => {
        this.#unanswered = 0;
      },
      // The session tells of its end by itself.
      () => undefined,
    );
  }

  #setUp(isUp: boolean): void {
    if (this.#isUp === isUp) return;
    this.#isUp = isUp;
    this.#onChange(isUp);
  }

  #explain(error: unknown): Error {
    if (error instanceof PeerRefused) return error;
    return new PeerUnreachable(`${this.address.name} cannot be reached`, { cause: error });
  }
}

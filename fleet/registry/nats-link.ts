/** The link to the engine: connects for ever, opens the buckets and their watch, and begins again after every trouble. */
import { readFile } from 'node:fs/promises';
import { connect, credsAuthenticator, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import { watchBucket } from './bucket-watch.ts';
import type { EntryMirror } from './entry-mirror.ts';
import { type Buckets, openBuckets } from './nats-buckets.ts';
import { RegistryUnavailable } from './registry.ts';

export interface NatsLinkOptions {
  /** Addresses of the engine's servers, separated by commas. Of three or more, buckets have three replicas. */
  readonly servers: string;
  /** File of credentials, read at every connection. */
  readonly credsFile: string | undefined;
  /** As the engine's own lists show this server. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Session {
  readonly buckets: Buckets;
  /** Ends this session: the engine did not answer as it should. */
  readonly doubt: (why: Error) => void;
}

const ANSWER_MS = 2_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

export class NatsLink {
  readonly #options: NatsLinkOptions;
  readonly #mirror: EntryMirror;
  readonly #listeners: ((isConnected: boolean) => void)[] = [];
  readonly #addresses: NodeConnectionOptions;
  readonly #replicas: 1 | 3;
  readonly #running: Promise<void>;
  readonly #closing = Promise.withResolvers<void>();
  #connection: NatsConnection | undefined;
  #session: Session | undefined;
  #awaySinceMs: number;
  #arrival = Promise.withResolvers<Session>();
  #isClosed = false;
  /** Why it is away. */
  #trouble: unknown;
  #failures = 0;

  /** @throws Error when `servers` holds no addresses. */
  constructor(options: NatsLinkOptions, mirror: EntryMirror) {
    this.#options = options;
    this.#mirror = mirror;
    this.#awaySinceMs = options.clock.monotonic();
    this.#addresses = parseServers(options.servers);
    this.#replicas = this.#addresses.servers!.length >= 3 ? 3 : 1;
    this.#running = this.#run();
  }

  get isConnected(): boolean {
    return this.#session !== undefined;
  }

  onConnection(listener: (isConnected: boolean) => void): void {
    this.#listeners.push(listener);
  }

  /** The session, waited for while the engine has been away for less than `patienceMs`. @throws RegistryUnavailable */
  async session(patienceMs: number): Promise<Session> {
    if (this.#session !== undefined) return this.#session;
    const { clock } = this.#options;
    const leftMs = this.#awaySinceMs + patienceMs - clock.monotonic();
    const away = () => new RegistryUnavailable('the engine of the fleet is away', { cause: this.#trouble });
    if (this.#isClosed || leftMs <= 0) throw away();
    const late = Promise.withResolvers<never>();
    const timer = clock.after(leftMs, () => late.reject(away()));
    try {
      return await Promise.race([this.#arrival.promise, late.promise]);
    } finally {
      timer.cancel();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closing.resolve();
    await this.#connection?.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      try {
        this.#connection = await this.#connect();
        if (this.#connection !== undefined) await this.#serve(this.#connection);
      } catch (error) {
        this.#complain(error);
      } finally {
        await this.#connection?.close();
        this.#connection = undefined;
      }
      await this.#pause();
    }
  }

  async #connect(): Promise<NatsConnection | undefined> {
    const { name, credsFile } = this.#options;
    const connecting = connect({
      ...this.#addresses,
      ...(credsFile === undefined ? {} : { authenticator: credsAuthenticator(await readFile(credsFile)) }),
      name,
      // Every connection is begun here, with a back-off of our own.
      reconnect: false,
      timeout: ANSWER_MS,
      pingInterval: 5_000,
      maxPingOut: 2,
      noAsyncTraces: true,
    });
    const connection = await Promise.race([connecting, this.#closing.promise]);
    if (connection === undefined)
      connecting
        .then((late) => late.close())
        .catch(() => {
          // Nobody waits for it any more.
        });
    return connection ?? undefined;
  }

  async #serve(connection: NatsConnection): Promise<void> {
    const closed = connection.closed().then((error) => error ?? new Error('the connection to the engine ended'));
    while (!this.#isClosed && !connection.isClosed()) {
      const { promise: doubted, resolve: doubt } = Promise.withResolvers<Error>();
      let end: (() => void) | undefined;
      try {
        const buckets = await this.#open(connection);
        end = await watchBucket({
          connection,
          manager: buckets.manager,
          bucket: buckets.entries,
          mirror: this.#mirror,
          clock: this.#options.clock,
          onDoubt: doubt,
        });
        this.#arrive({ buckets, doubt });
        const why = await Promise.race([doubted, closed, this.#closing.promise]);
        if (why !== undefined) throw why;
      } catch (error) {
        this.#leave();
        this.#complain(error);
      } finally {
        this.#leave();
        end?.();
      }
      if (!connection.isClosed()) await this.#pause();
    }
  }

  #open(connection: NatsConnection): Promise<Buckets> {
    const { clock } = this.#options;
    const base = Math.max(clock.now(), this.#mirror.revision + 1);
    return openBuckets(connection, { replicas: this.#replicas, base, timeoutMs: ANSWER_MS, clock });
  }

  #arrive(session: Session): void {
    this.#session = session;
    this.#failures = 0;
    this.#trouble = undefined;
    this.#options.log.info('the engine of the fleet answers', { servers: this.#addresses.servers });
    this.#arrival.resolve(session);
    this.#tell(true);
  }

  #leave(): void {
    if (this.#session === undefined) return;
    this.#session = undefined;
    this.#awaySinceMs = this.#options.clock.monotonic();
    this.#arrival = Promise.withResolvers();
    this.#tell(false);
  }

  #tell(isConnected: boolean): void {
    for (const listener of this.#listeners) {
      try {
        listener(isConnected);
      } catch (error) {
        this.#options.log.error('a listener of the registry failed', { error });
      }
    }
  }

  // Once for each time it is away, not at every try.
  #complain(error: unknown): void {
    const isNews = this.#trouble === undefined;
    this.#trouble = error;
    if (isNews && !this.#isClosed)
      this.#options.log.warn('the engine of the fleet is away; trying on', { servers: this.#addresses.servers, error });
  }

  // A fleet whose engine comes back must not knock all at once.
  async #pause(): Promise<void> {
    if (this.#isClosed) return;
    const longestMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures++);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#options.clock.after(longestMs * (0.5 + Math.random() / 2), resolve);
    await Promise.race([promise, this.#closing.promise]);
    timer.cancel();
  }
}

/** `nats://user:password@host:port,…`; with `tls://` the connection is encrypted. The first with a user names it for all. */
function parseServers(servers: string): NodeConnectionOptions & { servers: string[] } {
  const urls = servers
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .map((each) => new URL(each.includes('://') ? each : `nats://${each}`));
  if (urls.length === 0) throw new Error('NATS_URL names no server');
  const named = urls.find((each) => each.username !== '');
  const [user, pass] = [named?.username, named?.password].map((each) => decodeURIComponent(each ?? ''));
  return {
    servers: urls.map((each) => each.host),
    ...(user === '' ? {} : pass === '' ? { token: user! } : { user: user!, pass: pass! }),
    ...(urls.some((each) => each.protocol === 'tls:') ? { tls: {} } : {}),
  };
}

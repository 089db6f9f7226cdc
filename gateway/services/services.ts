/** Services and updaters of this server: asked over no socket, run in processes of their own. */
import type { Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/errors.ts';
import { Fields } from '../../core/fields.ts';
import type { Log } from '../../core/log.ts';
import type { Task } from '../../formatters/pool/component-messages.ts';
import type { Frame } from '../../formatters/pool/frame.ts';
import { makeResponse, type ReplyHead, readWhole, requestHead } from '../../formatters/pool/web-messages.ts';
import type { ComponentHost, ComponentStatus } from './component-host.ts';
import { WorkFailure } from './component-process.ts';
import type { DataSets } from './data-sets.ts';
import type { ComponentSource } from './find-components.ts';
import { type FetchForService, makeHostCalls } from './host-calls.ts';
import { type RunningUpdaters, runUpdaters, type UpdaterStatus } from './updaters.ts';

/** A component as the admin sees it. */
export type ServiceStatus = ComponentStatus & { readonly runs?: UpdaterStatus };

export interface Services {
  /**
   * Asks a service, over no socket. The path of the request's URL is the service's own: no `/-/services/NAME` before it.
   *
   * @throws GatewayError NOT_FOUND, SERVICE_FAILED, SERVICE_TIMEOUT, SHED, BODY_TOO_LARGE.
   */
  answer(name: string, request: Request): Promise<Response>;
  /** Every service and updater. */
  status(): readonly ServiceStatus[];
  /** Begins to run the updaters; in one process of a server alone. */
  startUpdaters(): void;
  close(): Promise<void>;
}

/** A component and what runs it. */
export interface Entry {
  readonly source: ComponentSource;
  readonly host: ComponentHost;
  /** Of an updater. */
  readonly everyMs: number | undefined;
}

export interface LocalServicesOptions {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly dataSets: DataSets;
  readonly fetch: FetchForService;
  /** Origin under which clients know this server. */
  readonly publicOrigin: () => string;
  /** The authority of the data sets, where another server may be it. Default: this server. */
  readonly authority?: Authority | undefined;
  /** Default: each start runs them at once. */
  readonly runs?: UpdaterRuns | undefined;
  readonly limits: {
    readonly serviceTimeoutMs: number;
    readonly updateTimeoutMs: number;
    readonly maxServiceBytes: number;
    readonly maxFetches: number;
    readonly maxFetchedBytes: number;
  };
  readonly clock: Clock;
  readonly log: Log;
}

/** When updaters have run on whichever server. */
export interface UpdaterRuns {
  lastRun(updater: string): number | undefined;
  noteRun(updater: string): void;
}

/** Who owns the writes of data sets. */
export interface Authority {
  isHere(): boolean;
  /** Asks the authority elsewhere. @throws GatewayError */
  ask(request: Request): Promise<Response>;
}

const HERE = /^\/-\/services\/([a-z0-9-]{1,64})(\/.*)?$/s;
const MAX_AUTHORITY_DEPTH = 4;

/** Services and updaters that share data sets: those of one server, or of one function set. */
export class LocalServices implements Services {
  readonly #options: LocalServicesOptions;
  readonly #entries: LocalServicesOptions['entries'];
  readonly #closing = new AbortController();
  #updaters: RunningUpdaters | undefined;

  constructor(options: LocalServicesOptions) {
    this.#options = options;
    this.#entries = options.entries;
  }

  async answer(name: string, request: Request): Promise<Response> {
    return await this.#ask(name, request, 0);
  }

  status(): readonly ServiceStatus[] {
    return [...this.#entries.values()].map(({ host, source }) => ({
      ...host.status,
      ...(source.kind === 'updater' && this.#updaters !== undefined
        ? { runs: this.#updaters.status(source.name) }
        : {}),
    }));
  }

  stopUpdaters(): void {
    this.#updaters?.stop();
    this.#updaters = undefined;
  }

  startUpdaters(): void {
    const schedules = [...this.#entries.values()].flatMap((entry) =>
      entry.everyMs === undefined
        ? []
        : [
            {
              name: entry.source.name,
              everyMs: entry.everyMs,
              lastRun: this.#options.runs?.lastRun(entry.source.name),
              update: () => this.#update(entry),
              rest: () => entry.host.rest(),
            },
          ],
    );
    this.#updaters ??= runUpdaters(schedules, this.#options);
  }

  async close(): Promise<void> {
    this.#updaters?.stop();
    this.#closing.abort();
    await Promise.all([...this.#entries.values()].map(({ host }) => host.close()));
  }

  async #ask(name: string, request: Request, depth: number): Promise<Response> {
    const entry = this.#entries.get(name);
    if (entry?.source.kind !== 'service') throw new GatewayError('NOT_FOUND', { path: `/-/services/${name}` });
    const { maxServiceBytes, serviceTimeoutMs } = this.#options.limits;
    const body = await readBody(request, maxServiceBytes);
    const head = requestHead(request);
    // A service without a HEAD of its own has one: the body is left out on the way to the client.
    const asked = { ...head, method: head.method === 'HEAD' ? 'GET' : head.method };
    try {
      const { header, body: bytes } = await this.#run(entry, {
        task: { type: 'handle', request: asked, maxReplyBytes: maxServiceBytes },
        body,
        timeoutMs: serviceTimeoutMs,
        signal: request.signal,
        depth,
      });
      return makeResponse(header['reply'] as ReplyHead, bytes);
    } catch (error) {
      throw asGatewayError(error, name);
    }
  }

  async #update(entry: Entry): Promise<void> {
    await this.#run(entry, {
      task: { type: 'update' },
      body: undefined,
      timeoutMs: this.#options.limits.updateTimeoutMs,
      signal: this.#closing.signal,
      depth: 0,
    });
    this.#options.runs?.noteRun(entry.source.name);
  }

  async #run({ host, source }: Entry, asked: Asked): Promise<Frame> {
    const { dataSets, limits, clock, fetch, authority } = this.#options;
    const isAuthority = authority?.isHere() ?? true;
    const dueAt = clock.monotonic() + asked.timeoutMs;
    const data = await dataSets.current(source.name);
    return await host.run({
      message: { ...asked.task, data, isAuthority, mayPut: isAuthority || source.kind === 'updater' },
      body: asked.body,
      dueAt,
      signal: asked.signal,
      onCall: makeHostCalls(
        {
          dataSets,
          fetch,
          maxFetches: limits.maxFetches,
          maxFetchedBytes: limits.maxFetchedBytes,
          maxBodyBytes: limits.maxServiceBytes,
          answerHere: (url, signal) => this.#answerHere(url, signal),
          authority: (request) => this.#askAuthority(source, request, asked.depth + 1),
        },
        asked.signal,
      ),
    });
  }

  #answerHere(url: string, signal: AbortSignal): Promise<Response> | undefined {
    const whole = URL.parse(url, this.#options.publicOrigin());
    const match = whole?.origin === this.#options.publicOrigin() ? HERE.exec(whole.pathname) : null;
    if (match === null) return undefined;
    const place = new URL(`${match[2] ?? '/'}${whole!.search}`, whole!.origin);
    return this.answer(match[1]!, new Request(place, { signal }));
  }

  /** Where this server is the authority, the service itself answers, or the one that is named. */
  async #askAuthority(source: ComponentSource, request: Request, depth: number): Promise<Response> {
    const { authority } = this.#options;
    if (authority?.isHere() === false) return await authority.ask(request);
    if (depth > MAX_AUTHORITY_DEPTH) throw new Error('the authority asks itself in circles');
    const url = new URL(request.url);
    const named = HERE.exec(url.pathname);
    if (named === null && source.kind !== 'service')
      throw new Error('an updater asks the authority of a service by /-/services/NAME/…');
    const place = new URL(named === null ? url : `${named[2] ?? '/'}${url.search}`, url.origin);
    return await this.#ask(named?.[1] ?? source.name, new Request(place, request), depth);
  }
}

interface Asked {
  readonly task: Task;
  readonly body: Uint8Array | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** How often the authority has been asked on the way here. */
  readonly depth: number;
}

async function readBody({ body }: Request, max: number): Promise<Uint8Array> {
  try {
    return await readWhole(body, max);
  } catch (cause) {
    throw cause instanceof RangeError ? new GatewayError('BODY_TOO_LARGE', { max }, { cause }) : cause;
  }
}

function asGatewayError(error: unknown, name: string): unknown {
  if (error instanceof GatewayError) return error;
  // A process may send a head that is none.
  if (!(error instanceof WorkFailure)) return new GatewayError('SERVICE_FAILED', { name }, { cause: error });
  if (error.kind === 'timeout') return new GatewayError('SERVICE_TIMEOUT', { name }, { cause: error });
  const seconds = Math.ceil((error.retryMs ?? 1_000) / 1_000);
  const fields = Fields.from({ 'retry-after': String(seconds) });
  if (error.kind === 'busy' || error.kind === 'aborted')
    return new GatewayError('SHED', { seconds }, { cause: error, fields });
  return new GatewayError('SERVICE_FAILED', { name }, { cause: error, fields });
}

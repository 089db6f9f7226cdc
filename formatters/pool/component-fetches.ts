/** Fetches that the components of one job ask for: counted, bounded, made by the injected guarded egress. */
import type { FormatJob } from '../../core/executor.ts';

/** What came back. */
export interface ComponentResponse {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Address it came from, after redirects. Default: the one asked for. */
  readonly url?: string;
}

/** Who asks. */
export interface ComponentRequest {
  readonly formatter: string;
  readonly job: FormatJob;
}

/** Fetches for a component, or rejects with a message fit for it to read. */
export type FetchForComponent = (
  url: string,
  signal: AbortSignal,
  request: ComponentRequest,
) => Promise<ComponentResponse>;

interface Options {
  readonly job: FormatJob;
  readonly maxFetches: number;
  readonly maxFetchedBytes: number;
  readonly fetchForComponent: FetchForComponent | undefined;
}

const MAX_URL_CHARACTERS = 8192;

export class ComponentFetches {
  readonly #options: Options;
  readonly #send: (header: object, body?: Uint8Array) => void;
  readonly #controller = new AbortController();
  #count = 0;
  #bytes = 0;

  constructor(options: Options, send: (header: object, body?: Uint8Array) => void) {
    this.#options = options;
    this.#send = send;
  }

  /** Answers one `fetch` message. Never rejects: what goes wrong is the component's answer. */
  take({ id, url }: Readonly<Record<string, unknown>>, formatter: string): void {
    this.#fetch(url, formatter).then(
      ({ status, fields, body, url: from }) =>
        this.#send({ type: 'fetched', id, status, fields, url: from ?? url }, body),
      (error: unknown) => this.#send({ type: 'fetched', id, error: error instanceof Error ? error.message : 'failed' }),
    );
  }

  /** The job is over: nothing is fetched for it any more. */
  cancel(): void {
    this.#controller.abort();
  }

  async #fetch(url: unknown, formatter: string): Promise<ComponentResponse> {
    const { fetchForComponent, maxFetches, maxFetchedBytes, job } = this.#options;
    if (fetchForComponent === undefined) throw new Error('fetching is not available here');
    if (typeof url !== 'string' || url.length > MAX_URL_CHARACTERS || !/^https?:/i.test(url))
      throw new Error('only http and https addresses can be fetched');
    this.#count += 1;
    if (this.#count > maxFetches) throw new Error(`a job may fetch ${maxFetches} times`);
    const response = await fetchForComponent(url, this.#controller.signal, { formatter, job });
    this.#bytes += response.body.byteLength;
    if (this.#bytes > maxFetchedBytes) throw new Error(`a job may fetch ${maxFetchedBytes} bytes`);
    return response;
  }
}

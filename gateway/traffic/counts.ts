/** What is counted of the traffic, as plain data. */

/** Requests that are counted together. */
export interface TotalKey {
  /** Class of the client; empty for requests nobody was identified for. */
  readonly class: string;
  /** Client mode; `own` for the gateway's own pages and for what could not be understood. */
  readonly mode: string;
  readonly presentation: string;
  readonly status: number;
  /** Error code, or empty. */
  readonly failure: string;
}

/** How often a cache was asked, and had it. */
export interface HitCounts {
  readonly asked: number;
  readonly hits: number;
}

export interface Counts {
  readonly requests: number;
  readonly failures: number;
  /** Of originals, as their origins would have sent them. */
  readonly bytesOriginal: number;
  /** Of bodies, to clients. */
  readonly bytesSent: number;
  /** Never negative: what a form is larger than its original is not taken off. */
  readonly bytesSaved: number;
  readonly origin: HitCounts;
  readonly variant: HitCounts;
  /** All their times together. */
  readonly ms: number;
}

/** One finished exchange, as the admin sees it. */
export interface ExchangeEntry {
  /** Rises with every exchange of the server. */
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly client: string | null;
  readonly class: string;
  readonly mode: string;
  readonly host: string;
  readonly status: number;
  readonly from: string;
  readonly to: string;
  readonly presentation: string;
  readonly chain: string;
  readonly bytesOriginal: number | null;
  readonly bytesSent: number;
  readonly origin: 'hit' | 'miss' | 'none';
  readonly variant: 'hit' | 'miss' | 'none';
  readonly ms: number;
  readonly failure: string | null;
}

export interface FormatterCounts {
  readonly runs: number;
  readonly ms: number;
  /** Runs that threw, hung, died or grew too large. */
  readonly faults: number;
  /** Runs that the formatter itself declined, that were shed or that nobody waited for any more. */
  readonly refusals: number;
}

/** One process of this server. */
export interface WorkerState {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly started: number;
  readonly pool: { readonly size: number; readonly busy: number; readonly queued: number };
  /** Formatters suspended in this process. */
  readonly suspended: readonly string[];
}

/** What one process has counted since it last wrote. */
export interface TrafficBatch {
  readonly totals: readonly { readonly key: TotalKey; readonly counts: Omit<Counts, 'failures'> }[];
  /** Newest last. */
  readonly exchanges: readonly Omit<ExchangeEntry, 'id'>[];
  readonly formatters: ReadonlyMap<string, FormatterCounts>;
  readonly worker: WorkerState;
}

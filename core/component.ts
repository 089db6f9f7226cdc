/**
 * The component contract (contract version 1): what a formatter, a service or an updater looks like, built in or from a
 * plugin folder.
 *
 * A component is a module whose default export is a plain object of one of these shapes. Plugins need not import
 * anything from here; the types are for those who want them (`import type`).
 */
import type { CheerioAPI } from 'cheerio';

/** The contract version this host speaks. */
export const CONTRACT = 1;

/** Plain data: what may stand in demands, options, notes and plans. Always survives JSON and `structuredClone`. */
export type PlainData = null | boolean | number | string | PlainData[] | { [key: string]: PlainData };

/** Plain data by name. */
export type PlainRecord = { [key: string]: PlainData };

/**
 * One typed arrow of the format graph.
 *
 * `from` and `to` are exact media types without parameters. An edge whose two ends are equal exists to meet demands.
 */
export interface Edge {
  readonly from: string;
  readonly to: string;
  /** What part of what the reader cares about survives, 0 to 1. Multiplies along a chain. */
  readonly keeps: number;
  /** Relative milliseconds for a typical input. Adds along a chain. */
  readonly cost: number;
  /** Names of the demands met by running this edge. Default: none. */
  readonly meets?: readonly string[];
}

/** How the runner hands over the input: `document` is parsed HTML, parsed once for a whole chain. */
export type Reads = 'bytes' | 'text' | 'document' | 'stream';

/** What a formatter is given. `body` is text for `text` and `document`, bytes for `bytes`, a stream for `stream`. */
export interface FormatInput {
  readonly mediaType: string;
  /** Charset the original was decoded from (WHATWG label); `body` itself is Unicode text or bytes. */
  readonly charset: string;
  readonly body: string | Uint8Array | ReadableStream<Uint8Array>;
  /** Hex sha256 of the original's bytes, where they are the input and it is known. */
  readonly digest?: string | undefined;
  /** Present when `reads` is `document`. The formatter owns it and may change it in place. */
  readonly document?: CheerioAPI;
  /** Absolute URL of the original, after redirects: the base for relative addresses. */
  readonly url: string;
  /** Selected fields of the original, lower-case names: `content-language`, `last-modified`, `content-disposition`. */
  readonly fields: Readonly<Record<string, string>>;
}

/** What is wanted of this step. */
export interface Want {
  /** The edge's `to`. */
  readonly mediaType: string;
  /** Values of the demands of the whole plan, by name. A step reads those its edge meets. */
  readonly demands: Readonly<PlainRecord>;
  /** The formatter's options, as `parseOptions` returned them. */
  readonly options: unknown;
}

/** Bounds of one step. All in the units their names say. */
export interface StepLimits {
  readonly maxInputBytes: number;
  readonly maxOutputBytes: number;
  readonly timeoutMs: number;
  readonly maxPixels: number;
}

/** What a formatter may use of its host. */
export interface FormatEnv {
  readonly signal: AbortSignal;
  readonly limits: StepLimits;
  /** Tells a loss or a choice worth knowing: travels with the reply's explanation. */
  note(event: string, fields?: PlainRecord): void;
  /** Gives up: the planner takes the next-best chain. Throws. */
  cannot(reason: string): never;
  /** Fetches by http or https through the guarded egress; bounded; rejects when the target is not allowed. */
  fetch(url: string): Promise<Response>;
  readonly log: (message: string, fields?: PlainRecord) => void;
}

/** What a formatter returns. A result that still names the edge's `from` type gets its `to`. */
export interface FormatResult {
  readonly mediaType: string;
  /** Text or bytes; absent when `document` is given. */
  readonly body?: string | Uint8Array | ReadableStream<Uint8Array>;
  readonly document?: CheerioAPI;
  /** Charset of a byte body that is text. Default: utf-8. */
  readonly charset?: string;
  /** Extra fields for the reply, lower-case names from the list in `formatters/runner.ts`; others are dropped. */
  readonly notes?: Readonly<PlainRecord>;
}

/** A formatter: a component that owns edges. */
export interface Formatter {
  readonly contract: 1;
  readonly kind: 'formatter';
  /** `[a-z0-9-]{1,64}`, unique in a registry. */
  readonly name: string;
  /** Semantic version; in every cache key and ETag, so it is raised whenever the bytes change. */
  readonly version: string;
  readonly title?: string;
  readonly reads: Reads;
  readonly edges: readonly Edge[];
  /** False when equal input may give other bytes: its ETags are weak. Default true. */
  readonly deterministic?: boolean;
  /** JSON Schema of the options, for forms and documentation. */
  readonly optionsSchema?: PlainRecord;
  /** Checks options; throws with the path of the fault. Default: any value is passed through, absent is `{}`. */
  parseOptions?(raw: unknown): unknown;
  /** Called once in each process before the first `format`: load heavy modules here. */
  open?(env: { readonly log: FormatEnv['log'] }): Promise<void> | void;
  format(input: FormatInput, want: Want, env: FormatEnv): Promise<FormatResult> | FormatResult;
  close?(): Promise<void> | void;
}

/**
 * Named data that components of one function set share, each in editions that never change. Reads see the editions that
 * were newest when the request or the update began, and what it has put itself.
 */
export interface ComponentData {
  /** Names of all there are, its own first. */
  names(): string[];
  /** File that holds the data set, for reading alone. @throws Error naming those that are, where there is none. */
  path(name: string): string;
  /** @throws Error as `path` does. */
  bytes(name: string): Uint8Array;
  /** Number of the edition: 0 as shipped, then as registered. @throws Error as `path` does. */
  edition(name: string): number;
  /**
   * Registers the next edition: readers see all of it or nothing, from the next request on. For updaters, and for services
   * on the authority server of their set. Rejects elsewhere, and for a name that is not 1 to 128 of `A-Za-z0-9._-`.
   */
  put(name: string, bytes: Uint8Array | ArrayBuffer | string): Promise<{ readonly edition: number }>;
}

/** What a service or an updater may use of its host. */
export interface ComponentEnv {
  /** Fires when the client has gone or time is over. */
  readonly signal: AbortSignal;
  readonly data: ComponentData;
  /** True where this server is the authority of the set; one without a fleet always is. */
  readonly isAuthority: boolean;
  /** Fetches by http or https through the guarded egress, or from a service here by `/-/services/NAME/…`. Bounded. */
  fetch(url: string | URL): Promise<Response>;
  /**
   * Asks the authority server of this set, which without a fleet is this one. The path is that of the asking service, or
   * starts with `/-/services/NAME/` for another.
   */
  authority(request: Request): Promise<Response>;
  readonly log: (message: string, fields?: PlainRecord) => void;
}

/** A component that answers requests. */
export interface Service {
  readonly contract: 1;
  readonly kind: 'service';
  /** `[a-z0-9-]{1,64}`; it answers below `/-/services/NAME`. */
  readonly name: string;
  readonly version: string;
  readonly title?: string;
  /** Where a fleet plan mounts it by default. */
  readonly routes?: readonly string[];
  /** Requests that one process of it is given at a time, 1 to 64. Default 16. */
  readonly concurrency?: number;
  /** Processes of it, 1 to 8. Default 1. */
  readonly processes?: number;
  /** Called once in each process before the first request. */
  open?(env: Pick<ComponentEnv, 'log'>): Promise<void> | void;
  /** The URL has the path below the mount. HEAD arrives as GET. An error becomes 502. */
  handle(request: Request, env: ComponentEnv): Promise<Response> | Response;
  close?(): Promise<void> | void;
}

/** A component that works without being asked. */
export interface Updater {
  readonly contract: 1;
  readonly kind: 'updater';
  readonly name: string;
  readonly version: string;
  readonly title?: string;
  /** Time between two runs: a number and `s`, `m` or `h`, from `1s` to `24h`. */
  readonly every: string;
  open?(env: Pick<ComponentEnv, 'log'>): Promise<void> | void;
  /** Never runs beside itself. An error is told, and the next run comes later. */
  update(env: ComponentEnv): Promise<void> | void;
  close?(): Promise<void> | void;
}

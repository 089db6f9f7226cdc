/**
 * The component contract (contract version 1): what a formatter, built in or from a plugin folder, looks like.
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

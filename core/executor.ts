/**
 * The executor port: runs a plan over bytes. The local pool of formatter processes is one; another server can be one.
 * A job and an outcome are plain data plus bytes.
 */
import type { PlainRecord } from './component.ts';
import type { MadeBy } from './fleet.ts';
import type { Plan } from './plan.ts';

/** A work order. */
export interface FormatJob {
  readonly plan: Plan;
  readonly body: Uint8Array;
  /** Hex sha256 of `body`, where the sender knows it. */
  readonly digest?: string | undefined;
  /** Essence of the original's media type; equals `plan.from`. */
  readonly mediaType: string;
  /** `charset` parameter of the original's Content-Type, or `undefined` when it named none. */
  readonly charset: string | undefined;
  /** Absolute URL of the original, after redirects. */
  readonly url: string;
  /** Selected fields of the original, lower-case names. */
  readonly fields: Readonly<Record<string, string>>;
  /** The origin's host and port where it may be fetched from although private, by being named in a configuration. */
  readonly grant?: { readonly host: string; readonly port: number } | undefined;
}

/** What one step cost. */
export interface StepReport {
  readonly formatter: string;
  readonly ms: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** A remark of a formatter. */
export interface Note {
  readonly formatter: string;
  readonly event: string;
  readonly fields: PlainRecord;
}

/** What came out. */
export interface FormatOutcome {
  readonly mediaType: string;
  /** Charset of textual output, else `undefined`. */
  readonly charset: string | undefined;
  readonly body: Uint8Array;
  readonly notes: readonly Note[];
  readonly steps: readonly StepReport[];
  /** The server of the fleet that ran it, where it was another than this. */
  readonly madeBy?: MadeBy | undefined;
}

/** Why a job gave no outcome. */
export type FailureKind =
  /** The formatter said it cannot (`env.cannot`): not a fault. */
  | 'cannot'
  /** It threw, returned nonsense or its process died. */
  | 'failed'
  | 'timeout'
  /** Input or output over a limit of bytes, pixels, depth or memory. */
  | 'too-large'
  /** The input is corrupt or hostile: it must not be shown as it is either. */
  | 'hostile'
  /** What was asked of this input makes no sense, such as a column that is not there: the client's mistake. */
  | 'unprocessable'
  /** The pool sheds load. */
  | 'busy'
  /** The client went away. */
  | 'aborted'
  /** The formatter is suspended or switched off. */
  | 'suspended';

/** A job that failed. `formatter` names the step; `kind` decides whether another chain is tried. */
export class FormatFailure extends Error {
  readonly kind: FailureKind;
  readonly formatter: string;
  /** Seconds after which `busy` may be tried again. */
  readonly retryAfterSeconds: number;

  constructor(
    kind: FailureKind,
    formatter: string,
    reason: string,
    options: ErrorOptions & { retryAfterSeconds?: number } = {},
  ) {
    super(reason, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'FormatFailure';
    this.kind = kind;
    this.formatter = formatter;
    this.retryAfterSeconds = options.retryAfterSeconds ?? 1;
  }
}

/** Runs plans. */
export interface Executor {
  /** Throws `FormatFailure`. The signal cancels queued and running work. */
  run(job: FormatJob, signal: AbortSignal): Promise<FormatOutcome>;
}

/** What the admin API and `formatters list` say of one formatter. */
export interface FormatterStatus {
  readonly name: string;
  readonly version: string;
  /** Faults within the breaker's window. */
  readonly faults: number;
  readonly suspended: boolean;
  readonly enabled: boolean;
}

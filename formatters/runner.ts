/**
 * Runs the steps of a plan, inside a formatter process. Decodes and parses once for the whole chain, serialises when a
 * step or the reply needs it, holds every step to its limits, and believes no result before it is checked.
 */
import type { Clock } from '../core/clock.ts';
import { deadline } from '../core/clock.ts';
import type { FormatEnv, FormatInput, FormatResult, Formatter, PlainRecord, StepLimits } from '../core/component.ts';
import {
  type FailureKind,
  FormatFailure,
  type FormatJob,
  type FormatOutcome,
  type Note,
  type StepReport,
} from '../core/executor.ts';
import { readMediaType } from '../core/media-type.ts';
import type { PlanStep } from '../core/plan.ts';
import { Content } from './content.ts';
import { isPlainData } from './descriptor.ts';

/**
 * Fields of the reply that a formatter may set by `notes` of its result. They travel as a note whose event is `fields`.
 */
export const REPLY_FIELDS: readonly string[] = [
  'content-disposition',
  'content-language',
  'refresh',
  'x-markdown-tokens',
];

/** Kinds of failure that a formatter may throw; the others are the host's to say. */
const OWN_KINDS: readonly FailureKind[] = ['cannot', 'too-large', 'hostile', 'unprocessable'];
const MAX_NOTES = 64;
const MAX_NOTE_CHARACTERS = 2000;
const MAX_REASON_CHARACTERS = 300;

/** What the runner needs of the process it runs in. */
export interface RunnerHost {
  readonly clock: Clock;
  readonly limits: StepLimits;
  /** Cancels the chain: the step under way is left behind, see `track`. */
  readonly signal: AbortSignal;
  /** A formatter, imported and opened. */
  load(step: PlanStep): Promise<Formatter>;
  fetch(url: string): Promise<Response>;
  log(formatter: string, message: string, fields: PlainRecord): void;
  /** Told before a step is loaded and run. */
  onStep(index: number): void;
  /** Given the work of each step: after a cancellation it may still be under way. */
  track(work: Promise<unknown>): void;
}

/** Thrown by `env.cannot`. */
class Cannot extends Error {}

/**
 * Runs all steps of a job.
 *
 * @throws FormatFailure naming the formatter
 */
export async function runPlan(job: FormatJob, host: RunnerHost): Promise<FormatOutcome> {
  const notes: Note[] = [];
  const steps: StepReport[] = [];
  let content = Content.ofBytes(job.mediaType, job.body, job.charset);
  for (const [index, step] of job.plan.steps.entries()) {
    host.onStep(index);
    const started = host.clock.monotonic();
    const bytesIn = content.size;
    content = await new StepRun(job, step, host, notes).run(content);
    const isLast = index === job.plan.steps.length - 1;
    if (isLast) checkSize(content.bytes().byteLength, host.limits.maxOutputBytes, step, 'output');
    const ms = Math.round((host.clock.monotonic() - started) * 100) / 100;
    steps.push({ formatter: step.formatter, ms, bytesIn, bytesOut: content.size });
  }
  tellOriginalTokens(job, notes);
  const { mediaType, charset } = content;
  return { mediaType, charset, body: content.bytes(), notes, steps };
}

/** Beside the tokens of a reply, those of its original: four characters each, as everybody estimates both. */
function tellOriginalTokens({ mediaType, body }: FormatJob, notes: Note[]): void {
  const told = notes.find(({ event, fields }) => event === 'fields' && 'x-markdown-tokens' in fields);
  if (told === undefined || !/^text\/|[/+](?:html|json|xml)\b/.test(mediaType)) return;
  const fields = { 'x-original-tokens': Math.ceil(body.byteLength / 4) };
  notes.push({ formatter: told.formatter, event: 'fields', fields });
}

/** One step under way. */
class StepRun {
  readonly #job: FormatJob;
  readonly #step: PlanStep;
  readonly #host: RunnerHost;
  readonly #notes: Note[];

  constructor(job: FormatJob, step: PlanStep, host: RunnerHost, notes: Note[]) {
    this.#job = job;
    this.#step = step;
    this.#host = host;
    this.#notes = notes;
  }

  async run(content: Content): Promise<Content> {
    const { limits, clock, signal: cancelled } = this.#host;
    const { signal, done } = deadline(clock, limits.timeoutMs, cancelled);
    try {
      checkSize(content.size, limits.maxInputBytes, this.#step, 'input');
      const work = this.#format(content, signal);
      this.#host.track(work);
      return await unlessAborted(work, signal);
    } catch (error) {
      throw this.#asFailure(error, signal);
    } finally {
      done();
    }
  }

  async #format(content: Content, signal: AbortSignal): Promise<Content> {
    const step = this.#step;
    const formatter = await this.#host.load(step);
    if (formatter.version !== step.version)
      throw new Cannot(`version ${step.version} was planned, ${formatter.version} is here`);
    const want = {
      mediaType: step.to,
      demands: this.#job.plan.demands,
      options: parseOptions(formatter, step.options),
    };
    const input = await this.#inputFor(formatter, content);
    signal.throwIfAborted();
    const result: unknown = await formatter.format(input, want, this.#env(signal));
    return await this.#parseResult(result, content, signal);
  }

  async #inputFor(formatter: Formatter, content: Content): Promise<FormatInput> {
    const { url, fields } = this.#job;
    const common = { mediaType: content.mediaType, url, fields: { ...fields } };
    if (formatter.reads === 'document') {
      const document = await content.document();
      // The text is there for who asks; in the midst of a chain asking costs a serialisation.
      return {
        ...common,
        charset: content.decodedFrom,
        document,
        get body() {
          return content.text();
        },
      };
    }
    if (formatter.reads === 'text') {
      const body = content.text();
      return { ...common, charset: content.decodedFrom, body };
    }
    const bytes = content.bytes();
    const body = formatter.reads === 'stream' ? streamOf(bytes) : bytes;
    const digest = bytes === this.#job.body ? this.#job.digest : undefined;
    return { ...common, charset: content.decodedFrom, body, digest };
  }

  #env(signal: AbortSignal): FormatEnv {
    const { formatter } = this.#step;
    return {
      signal,
      limits: this.#host.limits,
      note: (event, fields = {}) => this.#note(event, fields),
      cannot(reason): never {
        throw new Cannot(String(reason));
      },
      fetch: (url) => this.#host.fetch(String(url)),
      log: (message, fields = {}) => this.#host.log(formatter, String(message), isPlainData(fields) ? fields : {}),
    };
  }

  #note(event: string, fields: unknown): void {
    if (this.#notes.length >= MAX_NOTES || typeof event !== 'string') return;
    const fits = isPlainData(fields) && JSON.stringify(fields).length <= MAX_NOTE_CHARACTERS;
    const kept = fits && typeof fields === 'object' && !Array.isArray(fields) ? { ...fields } : {};
    this.#notes.push({ formatter: this.#step.formatter, event: event.slice(0, 64), fields: kept });
  }

  async #parseResult(result: unknown, given: Content, signal: AbortSignal): Promise<Content> {
    const { from, to } = this.#step;
    if (typeof result !== 'object' || result === null) throw new TypeError('the result is not an object');
    const { mediaType, body, document, charset, notes } = result as Partial<FormatResult>;
    const essence = readMediaType(typeof mediaType === 'string' ? mediaType : undefined)?.essence;
    if (essence !== from && essence !== to)
      throw new TypeError(`the result is of type \`${String(mediaType).slice(0, 80)}\`, expected ${to}`);
    const fields = Object.entries(notes ?? {}).filter(
      ([name, value]) => REPLY_FIELDS.includes(name) && (typeof value === 'string' || typeof value === 'number'),
    );
    if (fields.length > 0) this.#note('fields', Object.fromEntries(fields));
    if (typeof document === 'function') return await Content.ofDocument(to, document, given.size);
    return await this.#contentOf(body, typeof charset === 'string' ? charset : undefined, signal);
  }

  async #contentOf(body: unknown, charset: string | undefined, signal: AbortSignal): Promise<Content> {
    const max = this.#host.limits.maxOutputBytes;
    const { to } = this.#step;
    if (typeof body === 'string') {
      checkSize(body.length, max, this.#step, 'output');
      const content = Content.ofText(to, body);
      checkSize(content.size, max, this.#step, 'output');
      return content;
    }
    if (charset !== undefined && !/^[A-Za-z0-9:_.+-]{1,40}$/.test(charset))
      throw new TypeError('the `charset` of the result is not a charset label');
    if (body instanceof Uint8Array) {
      checkSize(body.byteLength, max, this.#step, 'output');
      return Content.ofBytes(to, body, charset);
    }
    if (body instanceof ReadableStream) return Content.ofBytes(to, await this.#collect(body, signal), charset);
    throw new TypeError('the result has neither a `body` of text, bytes or a stream, nor a `document`');
  }

  async #collect(stream: ReadableStream<unknown>, signal: AbortSignal): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of stream) {
      signal.throwIfAborted();
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      if (!(bytes instanceof Uint8Array))
        throw new TypeError('the stream of the result gave what is neither bytes nor text');
      size += bytes.byteLength;
      checkSize(size, this.#host.limits.maxOutputBytes, this.#step, 'output');
      chunks.push(bytes);
    }
    return Buffer.concat(chunks, size);
  }

  #asFailure(error: unknown, signal: AbortSignal): FormatFailure {
    const { formatter } = this.#step;
    const failure = (kind: FormatFailure['kind'], reason: string) =>
      new FormatFailure(kind, formatter, reason.slice(0, MAX_REASON_CHARACTERS), { cause: error });
    if (signal.aborted) {
      const isLate = (signal.reason as { name?: string } | undefined)?.name === 'TimeoutError';
      return isLate
        ? failure('timeout', `took over ${this.#host.limits.timeoutMs} ms`)
        : failure('aborted', 'cancelled');
    }
    if (error instanceof Cannot) return failure('cannot', error.message);
    if (error instanceof FormatFailure && OWN_KINDS.includes(error.kind)) return failure(error.kind, error.message);
    return failure('failed', error instanceof Error ? error.message : `threw ${typeof error}`);
  }
}

/** Wrong options are their owner's mistake, not the formatter's fault: another chain is taken. */
function parseOptions(formatter: Formatter, options: PlainRecord): unknown {
  try {
    return formatter.parseOptions === undefined ? options : formatter.parseOptions(options);
  } catch (error) {
    throw new Cannot(`options: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function checkSize(bytes: number, max: number, step: PlanStep, what: 'input' | 'output'): void {
  if (bytes > max) throw new FormatFailure('too-large', step.formatter, `${what} is over ${max} bytes`);
}

/** Settles with `work`, or rejects as soon as the signal fires; `work` is then left to itself. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

/** The pool's end of one formatter process: started, talked to in frames, ended. */
import type { Clock } from '../../core/clock.ts';
import type { Log, LogFields } from '../../core/log.ts';
import { encodeFrame, type Frame, makeFrameReader } from './frame.ts';
import { type HandOver, openHandOver } from './hand-over.ts';
import { type FormatterChild, type LaunchOptions, launch } from './launch.ts';
import { readResidentBytes } from './memory.ts';

const TERM_AFTER_MS = 300;
const KILL_AFTER_MS = 1000;
const MAX_TAIL_CHARACTERS = 4000;
const CLOSED = 'closed';
/** Lines of log, and bytes beyond an answer, that a process may send for one job. */
const MAX_LINES = 200;
const MAX_NOISE_BYTES = 4 * 1024 * 1024;

export interface ProcessOptions extends LaunchOptions {
  /** For the log. */
  readonly lane: string;
  /** Longest body it may send: more ends it. */
  readonly maxBodyBytes: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** How a process ended. */
export interface Ending {
  /** True when it ran out of JavaScript heap. */
  readonly outOfMemory: boolean;
  readonly reason: string;
}

/** One formatter process. */
export class FormatterProcess {
  /** Resolves when it can take a message; rejects when it ended before. */
  readonly ready: Promise<void>;
  /** Resolves when it is gone, whatever the reason. */
  readonly ended: Promise<Ending>;
  /** Called for each message but `ready` and `log`. Whoever uses the process sets it. */
  onFrame: (frame: Frame) => void = () => {};
  /** Called when it is gone. Whoever uses the process sets it. */
  onEnd: (ending: Ending) => void = () => {};

  readonly #child: FormatterChild;
  readonly #handOver: HandOver | undefined;
  readonly #options: ProcessOptions;
  #tail = '';
  #ending: string | undefined;
  #level: 'debug' | 'info' | 'warn' = 'warn';
  #isWarm = false;
  #noiseBytes = 0;
  #lines = 0;
  #idleBytes: number | undefined;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.#handOver = openHandOver();
    this.#child = launch({ ...options, handOver: this.#handOver?.reader });
    this.#handOver?.closeReader();
    const ready = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<Ending>();
    this.ready = ready.promise;
    this.ended = ended.promise;
    this.ready.catch(() => {
      // Whoever waits for it is told; nobody has to wait.
    });
    this.#listen(() => ready.resolve());
    this.#child.once('error', (error) => this.#finish(error.message, ended, ready));
    this.#child.once('close', (code, signal) => this.#finish(describeExit(code, signal), ended, ready));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(header: object, body?: Uint8Array): void {
    for (const piece of encodeFrame(header, body)) this.#child.stdin.write(piece);
  }

  /** Sends what begins a job; to be called while it has none. A large body goes beside the pipe where that can be. */
  sendJob(header: object, body: Uint8Array): void {
    if (this.#handOver?.put(body)) this.send({ ...header, handedOver: body.byteLength });
    else this.send(header, body);
  }

  /** Resident bytes above the least it was ever seen to need while idle. */
  growthBytes(): number {
    const now = this.pid === undefined ? undefined : readResidentBytes(this.pid);
    return now === undefined ? 0 : now - (this.#idleBytes ?? now);
  }

  /** False once it was killed, closed or has ended by itself. */
  get isUsable(): boolean {
    return this.#ending === undefined;
  }

  /** To be called while it is idle: remembers its least size. */
  noteIdle(): void {
    this.#noiseBytes = 0;
    this.#lines = 0;
    const now = this.pid === undefined ? undefined : readResidentBytes(this.pid);
    if (now !== undefined) this.#idleBytes = Math.min(now, this.#idleBytes ?? now);
  }

  /** Ends it at once, hung native code included. */
  kill(reason: string, level: 'debug' | 'info' | 'warn' = 'warn'): void {
    if (this.#ending === undefined) this.#level = level;
    this.#ending ??= reason;
    this.#child.kill('SIGKILL');
  }

  /** Lets it close what it holds, then ends it. */
  async close(): Promise<void> {
    this.#ending ??= CLOSED;
    const { clock } = this.#options;
    this.#child.stdin.end();
    const term = clock.after(TERM_AFTER_MS, () => this.#child.kill('SIGTERM'));
    const kill = clock.after(KILL_AFTER_MS, () => this.#child.kill('SIGKILL'));
    await this.ended;
    term.cancel();
    kill.cancel();
  }

  #listen(onReady: () => void): void {
    const { stdin, stdout, stderr } = this.#child;
    const read = makeFrameReader(this.#options.maxBodyBytes);
    stdout.on('data', (piece: Uint8Array) => {
      this.#countNoise(piece.byteLength);
      try {
        for (const frame of read(piece)) this.#receive(frame, onReady);
      } catch (error) {
        this.kill(`sent nonsense: ${(error as Error).message}`);
      }
    });
    stderr.on('data', (piece: Buffer) => {
      this.#countNoise(piece.byteLength);
      this.#tail = (this.#tail + piece.toString('utf8')).slice(-MAX_TAIL_CHARACTERS);
    });
    // A process that ended cannot be written to: its end is told by `ended`.
    stdin.on('error', () => {});
    stdout.on('error', () => {});
  }

  #receive(frame: Frame, onReady: () => void): void {
    const { type, formatter, message, fields } = frame.header;
    if (type === 'ready') onReady();
    else if (type === 'warmed') this.#onWarm();
    else if (type === 'log') this.#log(String(message), { formatter, fields });
    else this.onFrame(frame);
  }

  #log(message: string, fields: LogFields): void {
    this.#lines += 1;
    if (this.#lines <= MAX_LINES) this.#options.log.info(message, fields);
  }

  /** Its modules are loaded: from here growth is counted. Once: third-party code could say it again. */
  #onWarm(): void {
    if (this.#isWarm) return;
    this.#isWarm = true;
    this.#idleBytes = undefined;
    this.noteIdle();
  }

  /** What it sends costs us time too. */
  #countNoise(bytes: number): void {
    this.#noiseBytes += bytes;
    if (this.#noiseBytes > this.#options.maxBodyBytes + MAX_NOISE_BYTES) this.kill('talks too much');
  }

  #finish(reason: string, ended: PromiseWithResolvers<Ending>, ready: PromiseWithResolvers<void>): void {
    const outOfMemory = this.#ending === undefined && /(?:JavaScript|heap) (?:out of memory|limit)/i.test(this.#tail);
    const why = this.#ending ?? (outOfMemory ? 'ran out of heap' : reason);
    this.#ending = why;
    this.#handOver?.close();
    if (why !== CLOSED)
      this.#options.log[this.#level]('formatter process ended', {
        lane: this.#options.lane,
        reason: why,
        output: this.#tail,
      });
    const ending = { outOfMemory, reason: why };
    this.onEnd(ending);
    ended.resolve(ending);
    ready.reject(new Error(`the process ended before it was ready: ${why}`));
  }
}

function describeExit(code: number | null, signal: string | null): string {
  return signal === null ? `exited with code ${code}` : `ended by ${signal}`;
}

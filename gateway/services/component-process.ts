/** One process of a service or an updater, and the work it has: watched by deadlines, served with what it asks for. */
import type { Clock, Timer } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { HostAnswer, HostCall, WorkMessage } from '../../formatters/pool/component-messages.ts';
import type { Frame } from '../../formatters/pool/frame.ts';
import { FormatterProcess } from '../../formatters/pool/process.ts';

/** Why work was not done: `failed` by itself, `ended` with its process, took too long, or was given up by who wanted it. */
export type WorkFault = 'failed' | 'ended' | 'timeout' | 'aborted' | 'busy' | 'resting';

export class WorkFailure extends Error {
  readonly kind: WorkFault;
  /** Until it is worth another try, where that is known. */
  readonly retryMs: number | undefined;

  constructor(kind: WorkFault, reason: string, retryMs?: number) {
    super(reason);
    this.name = 'WorkFailure';
    this.kind = kind;
    this.retryMs = retryMs;
  }
}

export interface Work {
  readonly message: WorkMessage;
  readonly body: Uint8Array | undefined;
  /** Monotonic time at which it must be done. */
  readonly dueAt: number;
  readonly signal: AbortSignal;
  /** Answers what the component asks for; never rejects. */
  readonly onCall: (call: HostCall, body: Uint8Array) => Promise<{ answer: HostAnswer; body?: Uint8Array }>;
}

export interface ComponentProcessOptions {
  readonly kind: 'service' | 'updater';
  readonly name: string;
  /** `file:` URL. */
  readonly module: string;
  readonly root: string;
  /** Folders of data sets. */
  readonly readable: readonly string[];
  readonly concurrency: number;
  readonly memoryMb: number;
  readonly maxBodyBytes: number;
  readonly clock: Clock;
  readonly log: Log;
  /** It is gone; `isFault` where nobody wanted that. */
  readonly onEnd: (reason: string, isFault: boolean) => void;
  /** It can take more work. */
  readonly onFree: () => void;
}

interface Job {
  readonly work: Work;
  readonly outcome: PromiseWithResolvers<Frame>;
  readonly timer: Timer;
  readonly stop: () => void;
}

const OPEN_MS = 10_000;
/** How long the process may be deaf after work was given up, before it is taken for hung. */
const DEAF_MS = 1_000;
/** Pieces of work that may linger in a process after they were given up. */
const MAX_ABANDONED = 4;
const WATCH_EVERY_MS = 250;
const MEBIBYTE = 1024 * 1024;

export class ComponentProcess {
  /** Resolves when the component is loaded; rejects with why it is not. */
  readonly opened: Promise<void>;
  readonly #options: ComponentProcessOptions;
  readonly #process: FormatterProcess;
  readonly #jobs = new Map<number, Job>();
  /** Work that was given up but has not ended in there. */
  readonly #abandoned = new Set<number>();
  readonly #opened = Promise.withResolvers<void>();
  readonly #timers: Timer[] = [];
  #lastId = 0;
  #isOpen = false;
  #isTainted = false;
  #awaitsPong = false;
  #wanted = false;

  constructor(options: ComponentProcessOptions) {
    this.#options = options;
    const { name, root, memoryMb, maxBodyBytes, readable, clock, log } = options;
    this.#process = new FormatterProcess({
      lane: `${options.kind} ${name}`,
      program: 'component',
      root,
      readable,
      withSqlite: true,
      heapMb: memoryMb,
      maxBodyBytes,
      clock,
      log,
    });
    this.opened = this.#opened.promise;
    this.#process.onFrame = (frame) => this.#receive(frame);
    this.#process.onEnd = ({ reason }) => this.#onEnded(reason);
    this.#timers.push(clock.after(OPEN_MS, () => this.#endUnopened('took too long to load')));
    this.#timers.push(clock.every(WATCH_EVERY_MS, () => this.#watch()));
    this.#process.send({ type: 'open', module: options.module, kind: options.kind });
  }

  /** Pieces of work under way. */
  get load(): number {
    return this.#jobs.size;
  }

  get isFree(): boolean {
    const mayTake = this.#isOpen && this.isUsable && !this.#awaitsPong;
    return mayTake && this.#jobs.size < this.#options.concurrency;
  }

  /** True until it has loaded, or failed to. */
  get isOpening(): boolean {
    return !this.#isOpen && this.isUsable;
  }

  /** False once it takes no more work, whatever becomes of what it has. */
  get isUsable(): boolean {
    return !this.#isTainted && this.#process.isUsable;
  }

  /** Rejects with a `WorkFailure`. */
  async run(work: Work): Promise<Frame> {
    this.#lastId += 1;
    const id = this.#lastId;
    const { clock } = this.#options;
    const outcome = Promise.withResolvers<Frame>();
    const onAbort = () => this.#giveUp(id, new WorkFailure('aborted', 'nobody waits for it any more'));
    const leftMs = Math.max(0, work.dueAt - clock.monotonic());
    const timer = clock.after(leftMs, () => this.#giveUp(id, new WorkFailure('timeout', 'took too long')));
    work.signal.addEventListener('abort', onAbort, { once: true });
    const stop = () => work.signal.removeEventListener('abort', onAbort);
    this.#jobs.set(id, { work, outcome, timer, stop });
    this.#process.send({ ...work.message, id }, work.body);
    if (work.signal.aborted) onAbort();
    return await outcome.promise;
  }

  /** Lets it close what it holds, then ends it. */
  async close(): Promise<void> {
    this.#wanted = true;
    this.#isTainted = true;
    await this.#process.close();
  }

  #receive(frame: Frame): void {
    const { type, id, reason } = frame.header;
    if (type === 'opened') this.#onOpened();
    else if (type === 'unopened') this.#endUnopened(String(reason));
    else if (type === 'pong') this.#onPong();
    else if (type === 'stray') this.#taint();
    else if (type === 'call') void this.#answer(frame);
    else if (type === 'done') this.#settle(id as number, (job) => job.outcome.resolve(frame));
    else if (type === 'failed')
      this.#settle(id as number, (job) => job.outcome.reject(new WorkFailure('failed', String(reason))));
  }

  #onOpened(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#timers.shift()?.cancel();
    this.#opened.resolve();
  }

  #onPong(): void {
    this.#awaitsPong = false;
    this.#options.onFree();
  }

  #endUnopened(reason: string): void {
    this.#opened.reject(new Error(reason));
    this.#process.kill(`cannot be loaded: ${reason}`);
  }

  async #answer({ header, body }: Frame): Promise<void> {
    const { id, job: owner, call } = header;
    const job = this.#jobs.get(owner as number);
    // Whoever has stopped waiting pays for nothing more.
    if (job === undefined) return this.#process.send({ type: 'returned', id, answer: { error: 'the work is over' } });
    const { answer, body: bytes } = await job.work.onCall(call as HostCall, body);
    if (this.#process.isUsable) this.#process.send({ type: 'returned', id, answer }, bytes);
  }

  #settle(id: number, tell: (job: Job) => void): void {
    const job = this.#jobs.get(id);
    this.#abandoned.delete(id);
    if (job === undefined) return;
    this.#forget(id, job);
    tell(job);
    this.#process.noteIdle();
    if (this.#isTainted && this.#jobs.size === 0) this.#endTainted();
    this.#options.onFree();
  }

  #forget(id: number, job: Job): void {
    this.#jobs.delete(id);
    job.timer.cancel();
    job.stop();
  }

  /** Its owner is told at once; the process gets a chance to end it, and is ended where it hangs. */
  #giveUp(id: number, failure: WorkFailure): void {
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    this.#forget(id, job);
    job.outcome.reject(failure);
    this.#abandoned.add(id);
    this.#process.send({ type: 'cancel', id });
    // A client that goes must not end what the process does for others.
    if (failure.kind === 'timeout' || this.#jobs.size === 0) this.#listenForLife();
    if (this.#abandoned.size >= Math.max(MAX_ABANDONED, this.#options.concurrency)) this.#taint();
    this.#options.onFree();
  }

  #listenForLife(): void {
    this.#awaitsPong = true;
    this.#process.send({ type: 'ping' });
    const judge = () => {
      if (this.#awaitsPong) this.#process.kill('hangs');
    };
    // Where this process was held up itself, what has arrived meanwhile is read first.
    this.#options.clock.after(DEAF_MS, () => void setImmediate(judge));
  }

  #watch(): void {
    if (this.#isOpen && this.#process.growthBytes() > this.#options.memoryMb * MEBIBYTE)
      this.#process.kill('needs too much memory');
  }

  /** No more work for it; it is ended when it has done what it has. */
  #taint(): void {
    this.#isTainted = true;
    if (this.#jobs.size === 0) this.#endTainted();
    else this.#options.onFree();
  }

  #endTainted(): void {
    this.#process.kill('cannot be trusted with more work');
  }

  #onEnded(reason: string): void {
    for (const timer of this.#timers.splice(0)) timer.cancel();
    this.#isTainted = true;
    this.#opened.reject(new Error(reason));
    // Whoever waits for it is told; nobody has to.
    this.opened.catch(() => {});
    for (const [id, job] of this.#jobs) {
      this.#forget(id, job);
      job.outcome.reject(new WorkFailure('ended', reason));
    }
    this.#options.onEnd(reason, !this.#wanted);
  }
}

/**
 * The program of a formatter process: takes one job at a time, runs it, answers. It holds no secret and no socket, and
 * is killed from outside when it does not answer in time: nothing here needs to be fast to give up.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { systemClock } from '../../core/clock.ts';
import type { PlainRecord, StepLimits } from '../../core/component.ts';
import { FormatFailure, type FormatJob } from '../../core/executor.ts';
import { describeFormatter, isPlainData, RegistrationError } from '../descriptor.ts';
import { runPlan } from '../runner.ts';
import { openChannel } from './channel.ts';
import { keepCompiledCode } from './compiled-code.ts';
import type { Frame } from './frame.ts';
import { hardenProcess } from './harden.ts';
import { watchIntrinsics } from './intrinsics.ts';
import { Loader } from './loader.ts';

const SOFTWARE_FAULT = 70;
const MAX_LOG_CHARACTERS = 2000;
const MAX_FAREWELL_MS = 500;

/** The job under way; strays of an earlier one are told apart by it. */
interface Current {
  readonly id: number;
  readonly cancel: AbortController;
  formatter: string;
}

const context = new AsyncLocalStorage<Current>();
const fetches = new Map<number, PromiseWithResolvers<Frame>>();
const loader = new Loader(log);
let current: Current | undefined;
let lastFetch = 0;
let isTainted = false;

const isCaged = process.argv[2] === 'caged';
if (isCaged) hardenProcess();
const isUntouched = isCaged ? watchIntrinsics() : () => true;
process.on('uncaughtException', onStray);
process.on('unhandledRejection', onStray);
const channel = openChannel(onFrame, leave);
channel.send({ type: 'ready' });

function onFrame(frame: Frame): void {
  const { type, id } = frame.header;
  if (type === 'run') void run(frame);
  else if (type === 'cancel' && current?.id === id) current?.cancel.abort();
  else if (type === 'fetched') fetches.get(id as number)?.resolve(frame);
  else if (type === 'warm') void warm(frame.header['modules'] as string[]);
  else if (type === 'describe') void describe(id as number, frame.header['module'] as string);
  else if (type === 'ping') channel.send({ type: 'pong' });
}

async function run({ header, body, free }: Frame): Promise<void> {
  const job = { ...(header['job'] as Omit<FormatJob, 'body'>), body };
  const modules = header['modules'] as Readonly<Record<string, string>>;
  const mine: Current = { id: header['id'] as number, cancel: new AbortController(), formatter: '' };
  const under: Promise<unknown>[] = [];
  current = mine;
  await context.run(mine, async () => {
    try {
      const { body: bytes, ...outcome } = await runPlan(job, {
        clock: systemClock,
        limits: header['limits'] as StepLimits,
        signal: mine.cancel.signal,
        load: (step) => loader.load(modules[step.formatter]!),
        fetch: (url) => fetchByPool(mine.id, url),
        log,
        onStep(index) {
          mine.formatter = job.plan.steps[index]!.formatter;
          channel.send({ type: 'step', id: mine.id, index });
        },
        track: (work) => under.push(work),
      });
      if (!isUntouched()) tellStray(mine.formatter, 'it changed objects of the language');
      channel.send({ type: 'done', id: mine.id, outcome }, bytes);
      // Our own formatters are done with it: what others have left running may still read it.
      if (!isCaged && bytes.buffer !== body.buffer) free?.();
    } catch (error) {
      const kind = error instanceof FormatFailure ? error.kind : 'failed';
      // After a cancellation this process is free for another job only when the step has really ended.
      if (kind === 'aborted') await Promise.allSettled(under);
      channel.send({ type: 'failed', id: mine.id, kind, reason: reasonOf(error) });
    } finally {
      if (current === mine) current = undefined;
    }
  });
}

/** Opens modules before they are needed; a fault shows when a job needs one. */
async function warm(modules: readonly string[]): Promise<void> {
  for (const module of modules) {
    await new Promise(setImmediate);
    try {
      await loader.load(module);
    } catch (error) {
      log('', `cannot be opened: ${module}`, { reason: reasonOf(error) });
    }
  }
  channel.send({ type: 'warmed' });
  keepCompiledCode();
}

async function describe(id: number, module: string): Promise<void> {
  try {
    const { default: exported } = (await import(module)) as { default?: unknown };
    channel.send({ type: 'described', id, component: describeComponent(exported) });
  } catch (error) {
    const code = error instanceof RegistrationError ? error.code : 'cannot-import';
    channel.send({ type: 'failed', id, code, reason: reasonOf(error) });
  }
}

/** Services and updaters are run by others: here only their plain parts are read. */
function describeComponent(exported: unknown): object {
  const kind = typeof exported === 'object' && exported !== null ? (exported as { kind?: unknown }).kind : undefined;
  if (kind !== 'service' && kind !== 'updater') return describeFormatter(exported);
  const method = kind === 'service' ? 'handle' : 'update';
  if (typeof (exported as Readonly<Record<string, unknown>>)[method] !== 'function')
    throw new TypeError(`\`${method}\` must be a function`);
  return Object.fromEntries(Object.entries(exported as object).filter(([, value]) => isPlainData(value)));
}

async function fetchByPool(job: number, url: string): Promise<Response> {
  lastFetch += 1;
  const id = lastFetch;
  const answer = Promise.withResolvers<Frame>();
  fetches.set(id, answer);
  channel.send({ type: 'fetch', id, job, url });
  const { header, body } = await answer.promise.finally(() => fetches.delete(id));
  if (typeof header['error'] === 'string') throw new TypeError(header['error']);
  const status = header['status'] as number;
  const hasBody = ![101, 103, 204, 205, 304].includes(status);
  const headers = header['fields'] as Record<string, string>;
  const response = new Response(hasBody ? new Uint8Array(body) : null, { status, headers });
  return Object.defineProperty(response, 'url', { value: header['url'] });
}

function log(formatter: string, message: string, fields: object): void {
  const text = message.slice(0, MAX_LOG_CHARACTERS);
  const kept: PlainRecord =
    isPlainData(fields) && JSON.stringify(fields).length <= MAX_LOG_CHARACTERS ? (fields as PlainRecord) : {};
  channel.send({ type: 'log', formatter, message: text, fields: kept });
}

/** An error nobody caught: of the job under way, it fails it; of an earlier one, the job may finish first. */
function onStray(error: unknown): void {
  const owner = context.getStore();
  const reason = reasonOf(error);
  if (owner !== undefined && owner === current) {
    channel.send({ type: 'failed', id: owner.id, kind: 'failed', reason });
    process.exit(SOFTWARE_FAULT);
  }
  tellStray(owner?.formatter ?? '', reason);
  if (current === undefined) process.exit(SOFTWARE_FAULT);
}

/** This process is not to be used again; told once. */
function tellStray(formatter: string, reason: string): void {
  if (!isTainted) channel.send({ type: 'stray', formatter, reason });
  isTainted = true;
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300);
}

function leave(): void {
  current?.cancel.abort();
  systemClock.after(MAX_FAREWELL_MS, () => process.exit(0));
  void loader.close().finally(() => process.exit(0));
}

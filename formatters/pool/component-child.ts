/**
 * The program of a service's or an updater's process: loads one component, then does the work it is sent, several pieces
 * at a time. It is caged like third-party formatters, and killed from outside when it hangs.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { systemClock } from '../../core/clock.ts';
import type { PlainRecord, Service, Updater } from '../../core/component.ts';
import { isPlainData } from '../descriptor.ts';
import { openChannel } from './channel.ts';
import { type CallHost, makeComponentEnv } from './component-env.ts';
import type { HostAnswer, WorkMessage } from './component-messages.ts';
import type { Frame } from './frame.ts';
import { hardenProcess } from './harden.ts';
import { makeRequest, readWhole, replyHead } from './web-messages.ts';

const SOFTWARE_FAULT = 70;
const MAX_LOG_CHARACTERS = 2000;
const MAX_FAREWELL_MS = 500;

/** A piece of work under way. */
interface Job {
  readonly id: number;
  readonly cancel: AbortController;
}

const context = new AsyncLocalStorage<Job>();
const jobs = new Map<number, Job>();
const calls = new Map<number, PromiseWithResolvers<Frame>>();
let lastCall = 0;
let component: Service | Updater | undefined;

if (process.argv[2] === 'caged') hardenProcess();
process.on('uncaughtException', onStray);
process.on('unhandledRejection', onStray);
const channel = openChannel(onFrame, leave);
channel.send({ type: 'ready' });

function onFrame(frame: Frame): void {
  const { type, id } = frame.header;
  if (type === 'handle' || type === 'update') void work(frame);
  else if (type === 'cancel') jobs.get(id as number)?.cancel.abort(new DOMException('cancelled', 'AbortError'));
  else if (type === 'returned') calls.get(id as number)?.resolve(frame);
  else if (type === 'open') void open(frame.header['module'] as string, frame.header['kind'] as string);
  else if (type === 'ping') channel.send({ type: 'pong' });
}

async function open(module: string, kind: string): Promise<void> {
  try {
    const { default: exported } = (await import(module)) as { default?: unknown };
    const found = checkComponent(exported, kind);
    await found.open?.({ log: (message, fields) => log(found.name, message, fields) });
    component = found;
    channel.send({ type: 'opened' });
    // From here its growth is counted.
    channel.send({ type: 'warmed' });
  } catch (error) {
    channel.send({ type: 'unopened', reason: reasonOf(error) });
  }
}

function checkComponent(exported: unknown, kind: string): Service | Updater {
  const found = (typeof exported === 'object' && exported !== null ? exported : {}) as Readonly<
    Record<string, unknown>
  >;
  if (found['kind'] !== kind) throw new TypeError(`\`kind\` must be '${kind}'`);
  const method = kind === 'service' ? 'handle' : 'update';
  if (typeof found[method] !== 'function') throw new TypeError(`\`${method}\` must be a function`);
  return exported as Service | Updater;
}

async function work({ header, body }: Frame): Promise<void> {
  const asked = header as unknown as WorkMessage & { id: number };
  const { id } = asked;
  const job: Job = { id, cancel: new AbortController() };
  jobs.set(id, job);
  await context.run(job, async () => {
    try {
      await run(asked, body, job);
    } catch (error) {
      channel.send({ type: 'failed', id, reason: reasonOf(error) });
    } finally {
      jobs.delete(id);
    }
  });
}

async function run(asked: WorkMessage, body: Uint8Array, { id, cancel }: Job): Promise<void> {
  const { signal } = cancel;
  const name = component?.name ?? '';
  const env = makeComponentEnv({
    work: asked,
    signal,
    call: makeCall(id),
    log: (message, fields) => log(name, message, fields),
  });
  if (asked.type === 'update') {
    await (component as Updater).update(env);
    channel.send({ type: 'done', id });
    return;
  }
  const request = makeRequest(asked.request, body, signal);
  const response = await (component as Service).handle(request, env);
  const reply = replyHead(response);
  channel.send({ type: 'done', id, reply }, await readWhole(response.body, asked.maxReplyBytes));
}

function makeCall(job: number): CallHost {
  return async (call, body) => {
    lastCall += 1;
    const id = lastCall;
    const waiting = Promise.withResolvers<Frame>();
    calls.set(id, waiting);
    channel.send({ type: 'call', id, job, call }, body);
    const { header, body: bytes } = await waiting.promise.finally(() => calls.delete(id));
    const answer = header['answer'] as HostAnswer;
    if ('error' in answer) throw new TypeError(answer.error);
    return { answer, body: bytes };
  };
}

function log(name: string, message: unknown, fields: PlainRecord = {}): void {
  const kept = isPlainData(fields) && JSON.stringify(fields).length <= MAX_LOG_CHARACTERS ? fields : {};
  channel.send({ type: 'log', formatter: name, message: String(message).slice(0, MAX_LOG_CHARACTERS), fields: kept });
}

/** An error nobody caught fails the work it belongs to, and this process is not to be used for more. */
function onStray(error: unknown): void {
  const owner = context.getStore();
  const reason = reasonOf(error);
  if (owner !== undefined && jobs.has(owner.id)) channel.send({ type: 'failed', id: owner.id, reason });
  channel.send({ type: 'stray', reason });
  if (jobs.size === 0) process.exit(SOFTWARE_FAULT);
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300);
}

function leave(): void {
  for (const { cancel } of jobs.values()) cancel.abort();
  systemClock.after(MAX_FAREWELL_MS, () => process.exit(0));
  const closed = (async () => await component?.close?.())();
  void closed.catch(() => undefined).finally(() => process.exit(0));
}

/**
 * Reads PLUGINS_DIR. Third-party code is never imported here: each component is imported and described by a caged
 * process of its own, and what that process says is checked again.
 */
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Clock, systemClock } from '../core/clock.ts';
import type { PlainRecord } from '../core/component.ts';
import { type Log, silentLog } from '../core/log.ts';
import { type FormatterDescriptor, isPlainData, parseManifest, RegistrationError } from './descriptor.ts';
import { barsSockets } from './pool/launch.ts';
import { FormatterProcess } from './pool/process.ts';

/** A service or updater that was found: others run it. */
export interface OtherComponent {
  readonly kind: 'service' | 'updater';
  readonly name: string;
  readonly version: string;
  /** `file:` URL. */
  readonly module: string;
  /** File or folder that belongs to it. */
  readonly root: string;
  /** All its plain properties: `routes`, `every`, `title`, … */
  readonly plain: PlainRecord;
}

/** A component that cannot be used. */
export interface PluginFault {
  readonly path: string;
  /** A `RegistrationFault`, or `unreadable`, `no-index`, `cannot-import`, `timeout`, `process-ended`, `bad-name`. */
  readonly code: string;
  readonly message: string;
}

export interface Plugins {
  readonly formatters: readonly FormatterDescriptor[];
  readonly others: readonly OtherComponent[];
  readonly faults: readonly PluginFault[];
}

export interface PluginOptions {
  /** Bound of importing one component. Default 5000. */
  readonly timeoutMs?: number;
  /** MiB of heap while it is imported. Default 256. */
  readonly heapMb?: number;
  readonly clock?: Clock;
  readonly log?: Log;
}

const EXTENSIONS = ['.ts', '.mjs', '.js'];
const AT_ONCE = 2;
const MAX_DESCRIPTION_BYTES = 1024 * 1024;

interface Candidate {
  readonly path: string;
  readonly root: string;
}

/**
 * Finds the components of a folder, in the order of their names. A broken one is a fault in the result, not an error:
 * it never stops the start.
 */
export async function readPlugins(folder: string, options: PluginOptions = {}): Promise<Plugins> {
  const { log = silentLog } = options;
  const faults: PluginFault[] = [];
  const candidates = await findCandidates(resolve(folder), faults);
  if (candidates.length > 0 && !barsSockets)
    log.warn('this Node cannot keep components from opening sockets; Node 26 can', { node: process.version });
  const found: (FormatterDescriptor | OtherComponent)[] = [];
  for (let next = 0; next < candidates.length; next += AT_ONCE) {
    const batch = candidates.slice(next, next + AT_ONCE);
    const results = await Promise.all(batch.map((each) => readPlugin(each, options)));
    for (const result of results) {
      if ('code' in result) faults.push(result);
      else found.push(result);
    }
  }
  for (const fault of faults) log.warn('component cannot be used', { ...fault });
  return {
    formatters: found.filter((each) => each.kind === 'formatter'),
    others: found.filter((each) => each.kind !== 'formatter'),
    faults,
  };
}

/** Reads one component: a module file, or a folder with an index. */
export async function readPlugin(
  { path, root }: Candidate,
  options: PluginOptions = {},
): Promise<FormatterDescriptor | OtherComponent | PluginFault> {
  const module = pathToFileURL(path).href;
  try {
    const component = await describeInCage(module, root, options);
    const { kind } = component;
    if (kind === 'service' || kind === 'updater') return parseOther(kind, component, { module, root });
    return { ...parseManifest(component), source: { module, root, thirdParty: true } };
  } catch (error) {
    const code = error instanceof PluginError || error instanceof RegistrationError ? error.code : 'cannot-import';
    return { path, code, message: (error as Error).message };
  }
}

class PluginError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

async function findCandidates(folder: string, faults: PluginFault[]): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const name of await namesIn(folder, faults)) {
    const path = join(folder, name);
    const isFolder = (await stat(path).catch(() => undefined))?.isDirectory();
    if (isFolder) {
      const index = EXTENSIONS.map((extension) => `index${extension}`);
      const inside = await namesIn(path, faults);
      const first = index.find((each) => inside.includes(each));
      if (first === undefined) faults.push({ path, code: 'no-index', message: `expected one of ${index.join(', ')}` });
      else candidates.push({ path: join(path, first), root: path });
    } else if (EXTENSIONS.some((extension) => name.endsWith(extension)) && !/\.(?:d|test)\.ts$/.test(name)) {
      candidates.push({ path, root: path });
    }
  }
  return candidates;
}

async function namesIn(folder: string, faults: PluginFault[]): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names.filter((name) => !name.startsWith('.') && name !== 'node_modules').sort();
  } catch (error) {
    faults.push({ path: folder, code: 'unreadable', message: (error as Error).message });
    return [];
  }
}

async function describeInCage(module: string, root: string, options: PluginOptions): Promise<PlainRecord> {
  const { timeoutMs = 5000, heapMb = 256, clock = systemClock, log = silentLog } = options;
  const child = new FormatterProcess({
    lane: `describe ${root}`,
    root,
    heapMb,
    // What it is shows only now: a service may have it.
    withSqlite: true,
    maxBodyBytes: MAX_DESCRIPTION_BYTES,
    clock,
    log,
  });
  const answer = Promise.withResolvers<PlainRecord>();
  const timer = clock.after(timeoutMs, () =>
    answer.reject(new PluginError('timeout', `importing it took over ${timeoutMs} ms`)),
  );
  child.onFrame = ({ header }) => {
    const { type, component, code, reason } = header;
    if (type === 'described' && isPlainData(component)) answer.resolve(component as PlainRecord);
    else if (type === 'failed') answer.reject(new PluginError(String(code), String(reason)));
  };
  child.onEnd = ({ reason }) => answer.reject(new PluginError('process-ended', reason));
  try {
    child.send({ type: 'describe', id: 0, module });
    return await answer.promise;
  } finally {
    timer.cancel();
    child.kill('has done its work', 'debug');
  }
}

function parseOther(
  kind: OtherComponent['kind'],
  plain: PlainRecord,
  source: { module: string; root: string },
): OtherComponent {
  const { contract, name, version } = plain;
  if (contract !== 1) throw new PluginError('wrong-contract', '`contract` must be 1');
  if (typeof name !== 'string' || !/^[a-z0-9-]{1,64}$/.test(name))
    throw new PluginError('bad-name', '`name` must be 1 to 64 of a to z, 0 to 9 and -');
  return { kind, name, version: typeof version === 'string' ? version : '0.0.0', plain, ...source };
}

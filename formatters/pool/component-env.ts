/** `env` of a service or an updater: what it may use of its host, over the pipes. */
import { readFileSync } from 'node:fs';
import type { ComponentData, ComponentEnv } from '../../core/component.ts';
import type { DataSetEdition, HostAnswer, HostCall, WorkMessage } from './component-messages.ts';
import { makeResponse, readWhole, requestHead } from './web-messages.ts';

/** Asks the host; rejects with its message where it refuses. */
export type CallHost = (call: HostCall, body?: Uint8Array) => Promise<{ answer: HostAnswer; body: Uint8Array }>;

const MAX_BODY_BYTES = 64 * 1024 * 1024;

interface EnvParts {
  readonly work: WorkMessage;
  readonly signal: AbortSignal;
  readonly call: CallHost;
  readonly log: ComponentEnv['log'];
}

export function makeComponentEnv({ work, signal, call, log }: EnvParts): ComponentEnv {
  const reply = async (asked: HostCall, body?: Uint8Array) => {
    const { answer, body: bytes } = await call(asked, body);
    if (!('reply' in answer)) throw new TypeError('the host gave no reply');
    return makeResponse(answer.reply, bytes);
  };
  return {
    signal,
    isAuthority: work.isAuthority,
    data: makeData(work, call),
    fetch: (url) => reply({ what: 'fetch', url: String(url) }),
    async authority(request) {
      const body = await readWhole(request.body, MAX_BODY_BYTES);
      return await reply({ what: 'authority', request: requestHead(request) }, body);
    },
    log,
  };
}

function makeData({ data, mayPut }: WorkMessage, call: CallHost): ComponentData {
  const sets = new Map<string, DataSetEdition>(data);
  const find = (name: string): DataSetEdition => {
    const set = sets.get(name);
    if (set !== undefined) return set;
    throw new Error(`there is no data set \`${name}\`; there are: ${[...sets.keys()].join(', ') || 'none'}`);
  };
  return {
    names: () => [...sets.keys()],
    path: (name) => find(name).path,
    bytes: (name) => readFileSync(find(name).path),
    edition: (name) => find(name).edition,
    async put(name, bytes) {
      if (!mayPut) throw new Error('data sets are put by updaters, and by services on the authority server of the set');
      const { answer } = await call({ what: 'put', name }, bytesOf(bytes));
      if (!('set' in answer)) throw new TypeError('the host gave no edition');
      sets.set(name, answer.set);
      return { edition: answer.set.edition };
    },
  };
}

function bytesOf(value: unknown): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  throw new TypeError('a data set is bytes or text');
}

/** Answers what a component asks of its host while it works: fetches, editions of data sets, its authority. Bounded. */
import type { HostAnswer, HostCall } from '../../formatters/pool/component-messages.ts';
import { makeRequest, type ReplyHead, readWhole } from '../../formatters/pool/web-messages.ts';
import type { DataSets } from './data-sets.ts';

/** Fetches for a component by the guarded egress. Rejects with a message fit for it to read. */
export type FetchForService = (
  url: string,
  signal: AbortSignal,
) => Promise<{ status: number; fields: Readonly<Record<string, string>>; body: Uint8Array; url?: string }>;

export interface HostCallParts {
  readonly dataSets: DataSets;
  readonly fetch: FetchForService;
  readonly maxFetches: number;
  readonly maxFetchedBytes: number;
  readonly maxBodyBytes: number;
  /** Asks a service here over no socket; `undefined` where an address leads elsewhere. */
  readonly answerHere: (url: string, signal: AbortSignal) => Promise<Response> | undefined;
  readonly authority: (request: Request) => Promise<Response>;
}

/** The calls of one piece of work. */
export function makeHostCalls(parts: HostCallParts, signal: AbortSignal) {
  let fetches = 0;
  let fetchedBytes = 0;
  const fetchFor = async (url: string): Promise<{ reply: ReplyHead; body: Uint8Array }> => {
    fetches += 1;
    if (fetches > parts.maxFetches) throw new Error(`${parts.maxFetches} fetches are all that is allowed`);
    const here = parts.answerHere(url, signal);
    const result = here === undefined ? await fetchElsewhere(parts, url, signal) : await whole(await here, parts);
    fetchedBytes += result.body.byteLength;
    if (fetchedBytes > parts.maxFetchedBytes) throw new Error(`${parts.maxFetchedBytes} bytes are all that is allowed`);
    return result;
  };
  const answer = async (call: HostCall, body: Uint8Array): Promise<{ answer: HostAnswer; body?: Uint8Array }> => {
    if (call.what === 'put') return { answer: { set: await parts.dataSets.put(call.name, body) } };
    const { reply, body: bytes } =
      call.what === 'fetch'
        ? await fetchFor(call.url)
        : await whole(await parts.authority(makeRequest(call.request, body, signal)), parts);
    return { answer: { reply }, body: bytes };
  };
  return async (call: HostCall, body: Uint8Array): Promise<{ answer: HostAnswer; body?: Uint8Array }> => {
    try {
      return await answer(call, body);
    } catch (error) {
      return { answer: { error: error instanceof Error ? error.message : 'failed' } };
    }
  };
}

async function fetchElsewhere(parts: HostCallParts, url: string, signal: AbortSignal) {
  if (typeof url !== 'string' || !/^https?:/i.test(url))
    throw new Error('only http and https addresses can be fetched');
  const { status, fields, body, url: from } = await parts.fetch(url, signal);
  return { reply: { status, fields: Object.entries(fields), url: from ?? url }, body };
}

async function whole(
  response: Response,
  { maxBodyBytes }: HostCallParts,
): Promise<{ reply: ReplyHead; body: Uint8Array }> {
  const { status, headers } = response;
  return { reply: { status, fields: [...headers] }, body: await readWhole(response.body, maxBodyBytes) };
}

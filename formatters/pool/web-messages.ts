/** Requests and replies of services between processes: a plain head and whole bytes. */

/** A request without its body. */
export interface RequestHead {
  readonly method: string;
  readonly url: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** A reply without its body. */
export interface ReplyHead {
  readonly status: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Address it came from, where it was fetched. */
  readonly url?: string;
}

const WITHOUT_BODY = new Set([204, 205, 304]);

export function requestHead(request: Request): RequestHead {
  return { method: request.method, url: request.url, fields: [...request.headers] };
}

/** @throws TypeError for what is no request. */
export function makeRequest(head: RequestHead, body: Uint8Array, signal: AbortSignal): Request {
  const mayHaveBody = head.method !== 'GET' && head.method !== 'HEAD' && body.byteLength > 0;
  return new Request(head.url, {
    method: head.method,
    headers: new Headers(head.fields.map(([name, value]) => [name, value] as [string, string])),
    signal,
    ...(mayHaveBody ? { body: new Uint8Array(body) } : {}),
  });
}

/** @throws TypeError where it is no reply: `Response.error()` and the like have no status. */
export function replyHead(response: unknown): ReplyHead {
  if (!(response instanceof Response)) throw new TypeError('what was returned is no Response');
  if (response.status < 200) throw new TypeError(`a reply cannot have the status ${response.status}`);
  return { status: response.status, fields: [...response.headers] };
}

/** @throws TypeError, RangeError for what is no reply: a head may come from a process that lies. */
export function makeResponse(head: ReplyHead, body: Uint8Array): Response {
  const { status, fields, url } = head;
  const headers = new Headers(fields.map(([name, value]) => [name, value] as [string, string]));
  const response = new Response(WITHOUT_BODY.has(status) ? null : new Uint8Array(body), { status, headers });
  return url === undefined ? response : Object.defineProperty(response, 'url', { value: url });
}

/** All bytes of a body. @throws RangeError when they are over `maxBytes`. */
export async function readWhole(stream: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of stream ?? []) {
    if (!(part instanceof Uint8Array)) throw new TypeError('a body is made of bytes');
    bytes += part.byteLength;
    if (bytes > maxBytes) throw new RangeError(`a body of over ${maxBytes} bytes is too large`);
    parts.push(part);
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, bytes);
}

/** What the suite asks with: as much of `fetch` as it uses, which sends what it is given and nothing else. */
import { Agent, type IncomingMessage, request } from 'node:http';

export interface SuiteRequest {
  readonly method?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
}

export interface SuiteReply {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Lines;
  text(): Promise<string>;
}

export type SuiteFetch = (url: string, request?: SuiteRequest) => Promise<SuiteReply>;

/**
 * Global `fetch` adds fields of its own to what is `no-store`, follows redirects and speaks to no forward proxy in plain.
 *
 * @param proxy who is asked, whatever the address: by absolute-form as a forward proxy, else as the very host
 */
export function makeSuiteFetch(proxy: URL, isForward: boolean): SuiteFetch {
  const agent = new Agent({ keepAlive: true, maxSockets: 100 });
  return (url, { method = 'GET', headers = [], body } = {}) =>
    new Promise((resolve, reject) => {
      const { host, pathname, search } = new URL(url);
      const path = isForward ? url : `${pathname}${search}`;
      const { hostname, port } = proxy;
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const sent = request({ agent, method, host: hostname, port, path, headers: { host, ...length } }, (response) => {
        collect(response).then(resolve, reject);
      });
      for (const [name, value] of headers) sent.appendHeader(name, value);
      sent.on('error', reject);
      sent.end(body);
    });
}

/** Fields by name in any case, lines of one name joined. */
class Lines extends Map<string, string> {
  override get(name: string): string | undefined {
    return super.get(name.toLowerCase());
  }

  override has(name: string): boolean {
    return super.has(name.toLowerCase());
  }
}

async function collect(response: IncomingMessage): Promise<SuiteReply> {
  const headers = new Lines();
  for (const [name, lines = []] of Object.entries(response.headersDistinct)) headers.set(name, lines.join(', '));
  const parts: Buffer[] = [];
  for await (const part of response as AsyncIterable<Buffer>) parts.push(part);
  const { statusCode = 0, statusMessage = '' } = response;
  return {
    status: statusCode,
    statusText: statusMessage,
    headers,
    text: async () => Buffer.concat(parts).toString('utf8'),
  };
}

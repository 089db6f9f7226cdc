/** Requests that an operator makes to a server named on the command line: the one use without the address policy. */
import { createReadStream, statSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

export interface OperatorRequest {
  readonly method: string;
  readonly url: URL;
  readonly token?: string | undefined;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** File that is sent as it is. */
  readonly file?: string | undefined;
  readonly fields?: Readonly<Record<string, string>>;
}

export interface OperatorResponse {
  readonly status: number;
  readonly fields: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

const TIMEOUT_MS = 30_000;

/** Sends a request and reads the whole answer. Rejects when the server cannot be reached. */
export function requestAsOperator({
  method,
  url,
  token,
  json,
  file,
  fields,
}: OperatorRequest): Promise<OperatorResponse> {
  const body = json === undefined ? undefined : Buffer.from(JSON.stringify(json));
  const headers = {
    accept: 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(body.length) }),
    ...(file === undefined
      ? {}
      : { 'content-type': 'application/octet-stream', 'content-length': String(statSync(file).size) }),
    ...fields,
  };
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const request = send(url, { method, headers, timeout: TIMEOUT_MS }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          fields: response.headers,
          text: Buffer.concat(parts).toString('utf8'),
        }),
      );
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    request.on('error', reject);
    if (file === undefined) request.end(body);
    else createReadStream(file).on('error', reject).pipe(request);
  });
}

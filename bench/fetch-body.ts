import { type ClientRequest, get, type RequestOptions } from 'node:http';

/** A server that says nothing for so long does not answer. */
const ANSWER_MS = 60_000;

/** The body of a reply with status 200. @throws Error for any other */
export function fetchBody(url: string | URL, options: RequestOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    get(url, options, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(parts);
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`${url}: ${response.statusCode} ${body.subarray(0, 200)}`));
      });
    })
      .setTimeout(ANSWER_MS, function (this: ClientRequest) {
        this.destroy(new Error(`no answer within ${ANSWER_MS} ms`));
      })
      .on('error', reject);
  });
}

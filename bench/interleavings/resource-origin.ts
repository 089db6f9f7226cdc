/**
 * An origin whose every answer says in its body for whom it was made: a mark of fixed length with the path, the user and
 * the language. What it says of caching is what careful and careless sites say.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

/** Kinds of resources: what an answer depends on, and what is said of it. */
export const KINDS = ['shrd', 'lang', 'priv', 'care', 'auth', 'agnt', 'stal', 'code', 'slow', 'refr'] as const;
export type Kind = (typeof KINDS)[number];

/** Page or plain text. */
export type Family = 'page' | 'text';

/** What an answer is made for; fixed lengths, so that one mark may stand in the place of another. */
export interface Asker {
  /** `u00` is nobody. */
  readonly user: string;
  readonly language: string;
  readonly agent: string;
}

/** Path of a resource. @param number 0 to 999 */
export function pathOf(kind: Kind, family: Family, number: number): string {
  return `/${family}${kind}${String(number).padStart(3, '0')}`;
}

/** The mark of an answer: what it depends on, and nothing else. */
export function markOf(path: string, { user, language, agent }: Asker): string {
  const kind = kindOf(path);
  const who = kind === 'priv' || kind === 'care' || kind === 'auth' ? user : 'u00';
  const what = kind === 'lang' ? language : 'xx';
  return `Q${path.slice(1)}${who}${what}${kind === 'agnt' ? agent : 'a0'}Z`;
}

function kindOf(path: string): Kind {
  return path.slice(5, 9) as Kind;
}

const SENTENCE = 'Boats go out before the first light is on the water, and come back with the tide.';

/** The body of an answer. */
export function bodyOf(family: Family, mark: string): string {
  if (family === 'text') return `${mark}\n${`${SENTENCE}\n`.repeat(12)}${mark}\n`;
  return `<!DOCTYPE html>
<html lang="en"><head><title>${mark}</title><script>var counter = ${'1 + '.repeat(80)}1;</script></head>
<body><nav><a href="one">One</a></nav><main><h1>${mark}</h1>${`<p class="a b" style="margin:0">${SENTENCE}</p>`.repeat(6)}
<p>For ${mark} alone. <a href="next">Next</a></p></main></body></html>
`;
}

const CACHING: Readonly<Record<Kind, Readonly<Record<string, string>>>> = {
  shrd: { 'cache-control': 'max-age=600' },
  lang: { 'cache-control': 'max-age=600', vary: 'Accept-Language' },
  priv: { 'cache-control': 'private, max-age=600', vary: 'Cookie' },
  // What many sites forget: their answer depends on a cookie, and they say that anybody may have it.
  care: { 'cache-control': 'public, max-age=600' },
  auth: { 'cache-control': 'max-age=600' },
  agnt: { 'cache-control': 'max-age=600', vary: 'User-Agent' },
  stal: { 'cache-control': 'max-age=0' },
  code: { 'cache-control': 'max-age=600', vary: 'Accept-Encoding' },
  slow: { 'cache-control': 'max-age=0, stale-while-revalidate=600' },
  refr: { 'cache-control': 'no-store' },
};

/** Which agent of a client the origin tells from others: the letter after `agent/`, or a0. */
export function agentOf(userAgent: string): string {
  return /agent\/(a\d)/.exec(userAgent)?.[1] ?? 'a0';
}

function askerOf({ headers }: IncomingMessage): Asker {
  const cookie = /\bsite-user=(u\d\d)/.exec(headers.cookie ?? '')?.[1];
  const basic = Buffer.from((headers.authorization ?? '').slice(6), 'base64').toString('latin1');
  return {
    user: /^(u\d\d):/.exec(basic)?.[1] ?? cookie ?? 'u00',
    language: /[a-z]{2}/i.exec(headers['accept-language'] ?? 'en')?.[0].toLowerCase() ?? 'en',
    agent: agentOf(headers['user-agent'] ?? ''),
  };
}

export interface ResourceOrigin {
  readonly url: string;
  /** Requests it had. */
  readonly asked: number;
  close(): Promise<void>;
}

export async function openResourceOrigin(): Promise<ResourceOrigin> {
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get asked() {
      return asked;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? '/';
  const login = /^\/login\/(u\d\d)$/.exec(path)?.[1];
  if (login !== undefined) {
    response.writeHead(200, { 'set-cookie': `site-user=${login}; Path=/`, 'content-type': 'text/plain' }).end('in\n');
    return;
  }
  const kind = kindOf(path);
  const family = path.slice(1, 5) as Family;
  const body = Buffer.from(bodyOf(family, markOf(path, askerOf(request))));
  const etag = `"${createHash('sha1').update(body).digest('hex').slice(0, 16)}"`;
  const isCoded = kind === 'code' && /\bgzip\b/.test(String(request.headers['accept-encoding']));
  const fields: Record<string, string> = { ...CACHING[kind], etag: isCoded ? etag.replace(/"$/, '-gz"') : etag };
  if (request.headers['if-none-match'] === fields['etag']) {
    response.writeHead(304, fields).end();
    return;
  }
  const sent = isCoded ? gzipSync(body) : body;
  if (isCoded) fields['content-encoding'] = 'gzip';
  fields['content-type'] = family === 'page' ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8';
  response.writeHead(200, { ...fields, 'content-length': sent.byteLength }).end(sent);
}

/**
 * The program of a plain client, as a telephone loads pages: the page, then its styles, scripts and pictures over at most
 * six connections of HTTP/1.1 that stay open, gzip taken. Reads requests as lines of JSON, writes what it took.
 */
import { Agent, type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { gunzipSync } from 'node:zlib';
import { systemClock } from '../../core/clock.ts';
import { type Load, type Loaded, USER_AGENT } from './page-words.ts';

const ACCEPTS = {
  document: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8',
  image: 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
  style: 'text/css,*/*;q=0.1',
  script: '*/*',
};
type Kind = keyof typeof ACCEPTS;

interface Kept {
  readonly etag: string;
  readonly body: Buffer;
}

let agent = new Agent({ keepAlive: true, maxSockets: 6 });
let kept = new Map<string, Kept>();

interface Got {
  readonly body: Buffer;
  readonly bytes: number;
  readonly status: number;
}

async function get(url: string, kind: Kind, { cache, isOther }: Load): Promise<Got> {
  const held = cache === 'none' ? undefined : kept.get(url);
  const headers = {
    'user-agent': isOther === true ? USER_AGENT.replace('10', '11') : USER_AGENT,
    accept: ACCEPTS[kind],
    'accept-encoding': 'gzip',
    'accept-language': 'en',
    'sec-fetch-dest': kind,
    ...(kind === 'document' && { 'sec-fetch-mode': 'navigate', 'upgrade-insecure-requests': '1' }),
    ...(held && { 'if-none-match': held.etag }),
    connection: 'keep-alive',
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { agent, headers }, resolve).on('error', reject).end();
  });
  const parts: Buffer[] = [];
  for await (const part of response as AsyncIterable<Buffer>) parts.push(part);
  const sent = Buffer.concat(parts);
  const status = response.statusCode ?? 0;
  if (status === 304 && held !== undefined) return { body: held.body, bytes: 0, status };
  const body = response.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
  const { etag } = response.headers;
  if (etag !== undefined && status === 200) kept.set(url, { etag, body });
  return { body, bytes: sent.length, status };
}

const ELEMENTS: readonly { readonly kind: Kind; readonly pattern: RegExp }[] = [
  { kind: 'style', pattern: /<link\b[^>]*?\bhref="([^"]+\.css[^"]*)"/g },
  { kind: 'script', pattern: /<script\b[^>]*?\bsrc="([^"]+)"/g },
  { kind: 'image', pattern: /<img\b[^>]*?\bsrc="([^"]+)"/g },
];
const IMPORT = /@import\s+(?:url\()?["']?([^"')\s;]+)/g;

async function load(order: Load): Promise<Loaded> {
  const { url, fresh } = order;
  if (fresh) {
    agent.destroy();
    agent = new Agent({ keepAlive: true, maxSockets: 6 });
    kept = new Map();
  }
  const began = systemClock.monotonic();
  const page = await get(url, 'document', order);
  const pageMs = systemClock.monotonic() - began;
  const asked = new Set([url]);
  const seen = { requests: 1, bytes: page.bytes, failed: page.status >= 400 ? [`${page.status} ${url}`] : [] };
  const take = async (address: string, base: string, kind: Kind): Promise<void> => {
    const inner = URL.parse(address.replaceAll('&amp;', '&'), base);
    if (inner === null || inner.protocol !== 'http:' || inner.host !== new URL(url).host || asked.has(inner.href))
      return;
    inner.hash = '';
    asked.add(inner.href);
    const got = await get(inner.href, kind, order);
    seen.requests += 1;
    seen.bytes += got.bytes;
    if (got.status >= 400) seen.failed.push(`${got.status} ${inner.href}`);
    if (kind !== 'style') return;
    const imports = [...got.body.toString('utf8').matchAll(IMPORT)].map(([, each]) => each!);
    await Promise.all(imports.map((each) => take(each, inner.href, 'style')));
  };
  const html = page.body.toString('utf8');
  const parts = ELEMENTS.flatMap(({ kind, pattern }) =>
    [...html.matchAll(pattern)].map(([, each]) => [each!, kind] as const),
  );
  await Promise.all(parts.map(([address, kind]) => take(address, url, kind)));
  return { ms: systemClock.monotonic() - began, pageMs, ...seen };
}

for await (const line of createInterface({ input: process.stdin })) {
  const loaded = await load(JSON.parse(line) as Load);
  process.stdout.write(`${JSON.stringify(loaded)}\n`);
}
process.exit(0);

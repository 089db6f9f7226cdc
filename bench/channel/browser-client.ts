/**
 * The program of Chromium as the client, a telephone by its size and name: the page and all it shows, its own cache and its
 * own connections. Reads and writes the lines that `page-client.ts` does.
 */
import { createInterface } from 'node:readline';
import { type Browser, type BrowserContext, chromium, type Page, type Request } from 'playwright-core';
import { systemClock } from '../../core/clock.ts';
import { type Load, type Loaded, USER_AGENT } from './page-words.ts';

// What the browser would ask of its maker's hosts is beside the point.
const SWITCHES = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const ALL_PICTURES = `Promise.all([...document.images].map((picture) => {
  picture.loading = 'eager';
  return picture.complete || new Promise((resolve) => { picture.onload = picture.onerror = resolve; });
})).then(() => undefined)`;
const TIMEOUT_MS = 300_000;

let browser: Browser | undefined;
let context: BrowserContext | undefined;
let page: Page | undefined;

async function pageFor({ fresh, isOther }: Load): Promise<Page> {
  browser ??= await chromium.launch({ executablePath: '/usr/bin/chromium', args: SWITCHES, handleSIGTERM: false });
  if (!fresh && page !== undefined) return page;
  await context?.close();
  context = await browser.newContext({
    userAgent: isOther === true ? USER_AGENT.replace('10', '11') : USER_AGENT,
    viewport: { width: 393, height: 851 },
    deviceScaleFactor: 2,
    isMobile: true,
    locale: 'en',
  });
  page = await context.newPage();
  return page;
}

async function count(request: Request, seen: { requests: number; bytes: number; failed: string[] }): Promise<void> {
  const status = (await request.response())?.status() ?? 0;
  const { responseBodySize } = await request.sizes();
  seen.requests += 1;
  seen.bytes += responseBodySize;
  if (status === 0 || status >= 400) seen.failed.push(`${status} ${request.url()}`);
}

async function load(order: Load): Promise<Loaded> {
  const shown = await pageFor(order);
  const seen = { requests: 0, bytes: 0, failed: [] as string[] };
  const counts: Promise<void>[] = [];
  const onFinished = (request: Request) => {
    counts.push(count(request, seen));
  };
  shown.on('requestfinished', onFinished);
  const began = systemClock.monotonic();
  const response = await shown.goto(order.url, { waitUntil: 'commit', timeout: TIMEOUT_MS });
  await response?.finished();
  const pageMs = systemClock.monotonic() - began;
  await shown.waitForLoadState('load', { timeout: TIMEOUT_MS });
  // Pictures below the fold are the page's, too: whoever reads on has them.
  await shown.evaluate(ALL_PICTURES);
  const ms = systemClock.monotonic() - began;
  await Promise.all(counts);
  shown.off('requestfinished', onFinished);
  return { ms, pageMs, ...seen };
}

async function end(): Promise<never> {
  await browser?.close();
  process.exit(0);
}

process.once('SIGTERM', () => void end());
for await (const line of createInterface({ input: process.stdin })) {
  const loaded = await load(JSON.parse(line) as Load);
  process.stdout.write(`${JSON.stringify(loaded)}\n`);
}
await end();

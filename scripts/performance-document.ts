/**
 * `docs/performance.md` and its chart, from what `npm run bench -- channel` and `channel-browser` have measured; the chart is
 * made by our own formatter.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { parseChartRequest } from '../formatters/charts/chart-request.ts';
import { renderChart } from '../formatters/charts/render-chart.ts';
import { readData } from '../formatters/data/read-data.ts';

interface Result {
  readonly figures: readonly {
    readonly name: string;
    readonly value: number;
    readonly unit: string;
    readonly atLeast?: number;
  }[];
  readonly about: Readonly<Record<string, string | number>>;
  readonly machine: Readonly<Record<string, string | number>>;
}

const RESULT = 'bench/results/channel.json';
const BROWSER_RESULT = 'bench/results/channel-browser.json';
const CHART = 'docs/performance-channel.webp';
const LINKS = ['300 ms, 256 kbit/s, 1 %', '50 ms, 4 Mbit/s'] as const;
const STEPS = ['cold page', 'next page', 'changed page'] as const;

/** `undefined` where nothing has been measured. */
function readResult(root: string, name = RESULT): Result | undefined {
  const path = join(root, name);
  if (!existsSync(path)) return undefined;
  return JSON.parse(readFileSync(path, 'utf8')) as Result;
}

/** `docs/performance.md`, where it has been measured, by path. */
export function performanceDocuments(root: string): readonly (readonly [string, string])[] {
  const result = readResult(root);
  return result === undefined ? [] : [['docs/performance.md', describe(result, readResult(root, BROWSER_RESULT))]];
}

function describe({ figures, about, machine }: Result, browser: Result | undefined): string {
  const tables = LINKS.map((link) => `## ${link}\n\n${table(link, figures)}`).join('\n\n');
  return `# Performance

## Over a bad link

\`npm run bench -- channel\`: pages with their pictures of Debian's handbook and of GIMP's help, from origin to client over a link of packets
(two network namespaces, and a relay between them that delays, throttles and loses). The client is a telephone. Once it asks the origin itself, by
HTTP/1.1 over six connections with gzip; once it asks a front-end, whose back-end is beside the origin. Medians of ${about['seeds']} seeds for each of both sites, each
with pages of its own, on ${machine['cores']} cores, ${machine['date']}${about['note'] === undefined ? '' : ` (${about['note']})`}.

![Seconds until a page and its pictures are there, at ${LINKS[0]}](performance-channel.webp)

- *Cold*: neither has been there before. The servers have been up for a while and have served another site to somebody else.
- *Next*: another page of the same site. The client that asks the origin keeps what it got and asks whether it is still right.
- *Changed*: the first page again, a paragraph more; against loading it anew, and against asking of each part whether it is still right.

At ${LINKS[0]} the front-end finds the link thin by itself, and pages are made simpler and pictures smaller for it, as design and Save-Data would have it.

${tables}

## Both ends

${endsTable(figures)}
${browser === undefined ? '' : withBrowser(browser)}`;
}

function withBrowser({ figures, about, machine }: Result): string {
  const measured = LINKS.filter((link) => figures.some(({ name }) => name.startsWith(`${link}: `)));
  const tables = measured.map((link) => `### ${link}\n\n${table(link, figures)}`).join('\n\n');
  return `
## With Chromium

\`npm run bench -- channel-browser\`: the same with Chromium as the client on both ways, a telephone by its size, with its own cache: until all
that the page shows is loaded. Medians of ${about['seeds']} seeds, ${machine['date']}. A changed page is for both one that the browser has in its cache.

${tables}
`;
}

function table(link: string, figures: Result['figures']): string {
  const figureOf = (name: string, unit: string) =>
    figures.find((each) => each.name === name && each.unit === unit)?.value;
  const rows = STEPS.map((step) => {
    const name = `${link}: ${step}`;
    const cell = (way: string) =>
      `${((figureOf(`${name}, ${way}`, 'ms') ?? 0) / 1_000).toFixed(2)} s, ${((figureOf(`${name}, ${way}`, 'bytes') ?? 0) / 1_000).toFixed(1)} kB`;
    const times = figures.find((each) => each.name === `${name}, times as fast`);
    return `| ${step} | ${cell('http/1.1')} | ${cell('channel')} | ${times?.value ?? ''} | ${times?.atLeast ?? ''} |`;
  });
  const revalidated = figureOf(`${link}: changed page against revalidation, times as fast`, '');
  return `| | HTTP/1.1 | front-end and back-end | times as fast | wanted |
|---|---|---|---|---|
${rows.join('\n')}
| changed page, against revalidation | | | ${revalidated ?? ''} | |`;
}

function endsTable(figures: Result['figures']): string {
  const rows = figures
    .filter(({ name }) => name.startsWith('both ends: '))
    .map(
      ({ name, value, unit }) =>
        `| ${name.slice('both ends: '.length)} | ${unit === 'bytes' ? `${Math.round(value / 1_048_576)} MiB` : `${Math.round(value)} ${unit}`} |`,
    );
  return `| for a cold, a next and a changed page | |\n|---|---|\n${rows.join('\n')}`;
}

/** Draws the chart of the thin link into `docs/`. */
export async function writePerformanceChart(root: string): Promise<void> {
  const figures = readResult(root)?.figures;
  if (figures === undefined) return;
  const rows = STEPS.flatMap((step) =>
    (['http/1.1', 'channel'] as const).map((way) => {
      const ms = figures.find(({ name, unit }) => name === `${LINKS[0]}: ${step}, ${way}` && unit === 'ms')?.value ?? 0;
      return `"${step.replace(' page', '')}: ${way === 'channel' ? 'channel' : 'direct'}",${(ms / 1_000).toFixed(2)}`;
    }),
  );
  const { table: measured } = readData('text/csv', `page,seconds\n${rows.join('\n')}\n`);
  const svg = await renderChart(measured, parseChartRequest({ mark: 'bar', x: 'page', y: 'seconds' })).svg();
  writeFileSync(join(root, CHART), await sharp(Buffer.from(svg)).webp({ quality: 90 }).toBuffer());
}

/**
 * Main content: how well it is found, and what finding it costs.
 *
 * The program as its users start it serves each page as Markdown from an origin on loopback: F1 of words by type of page,
 * and processor time of all its processes by the page. Then the chain alone (parse, find, write Markdown), page by page.
 */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { parseDocument } from '../formatters/document/parse.ts';
import toArticle from '../formatters/html-article/index.ts';
import toMarkdown from '../formatters/html-to-markdown/index.ts';
import { type CorpusPage, readPages } from './page-corpus.ts';
import { processorMsOf } from './processor-time.ts';
import { openProgram } from './program.ts';
import { format } from './run-formatter.ts';
import { type Figure, quantile, type Round, type Study, type StudyOptions, type StudyResult } from './study.ts';
import { plainMarkdown, scoreWords } from './word-score.ts';

/** F1 that is wanted, in hundredths, by type of page; `all` of all pages. */
const AIMS: Readonly<Record<string, number>> = {
  all: 81,
  article: 94,
  documentation: 92,
  service: 83,
  listing: 73,
  forum: 72,
  collection: 68,
  product: 67,
};
const ROUNDS = 5;

interface Truth {
  readonly id: string;
  readonly type: string;
  readonly content: string;
}

interface Page extends CorpusPage {
  readonly truth: Truth | undefined;
}

/** What one round through the program gave. */
interface Pass {
  readonly bodies: readonly string[];
  /** Processor time of the program for one page. */
  readonly processorMs: number;
}

/**
 * `--corpus FOLDER`: pages to measure with, `*.html` or `*.html.gz`, and beside them `truth.json.gz`: a list of `id` (name
 * of the page's file without its ending), `type` and `main_content`. Without it the examples of the formatters, whose truth
 * nobody wrote down: then only time is measured. `--rounds N`: five without it. `worst`: tells the twenty worst pages.
 */
export const extraction: Study = { name: 'extraction', run };

async function run({ isShort, corpus, args, rounds = ROUNDS }: StudyOptions): Promise<StudyResult> {
  const all = readTruths(readPages(corpus), corpus);
  const pages = isShort ? all.slice(0, 5) : all;
  const times = isShort ? 1 : rounds;
  // First: what the rest of this keeps in memory would be searched for garbage at the chain's cost.
  const chain = await timeChain(pages, times);
  const passes = await askProgram(pages, times);
  const scored = scorePages(pages, passes[0]!.bodies);
  if (args.includes('worst'))
    for (const each of [...scored].sort((a, b) => Number(a['f1']) - Number(b['f1'])).slice(0, 20))
      console.error(JSON.stringify(each));
  return {
    about: { pages: pages.length, bytes: pages.reduce((sum, { html }) => sum + html.length, 0), rounds: times },
    figures: [
      ...scoreFigures(scored),
      { name: 'empty pages', value: passes[0]!.bodies.filter((body) => words(body) === '').length, unit: '', aim: 0 },
      {
        name: 'program, a page',
        value: quantile(
          passes.map((each) => each.processorMs),
          0.5,
        ),
        unit: 'ms',
      },
      { name: 'chain, a page', value: chain.reduce((sum, ms) => sum + ms, 0) / chain.length, unit: 'ms', aim: 9 },
      { name: 'chain, worst page', value: Math.max(...chain), unit: 'ms', aim: 60 },
    ],
    rounds: corpus === undefined ? scored : [],
  };
}

function readTruths(pages: readonly CorpusPage[], corpus: string | undefined): Page[] {
  const path = corpus === undefined ? undefined : join(corpus, 'truth.json.gz');
  if (path === undefined || !existsSync(path)) return pages.map((page) => ({ ...page, truth: undefined }));
  const entries: unknown = JSON.parse(gunzipSync(readFileSync(path)).toString('utf8'));
  const truths = new Map(Array.isArray(entries) ? entries.map(readTruth).map((truth) => [truth.id, truth]) : []);
  return pages.flatMap((page) => {
    const truth = truths.get(basename(page.name).replace(/\.html(?:\.gz)?$/, ''));
    return truth === undefined ? [] : [{ ...page, truth }];
  });
}

function readTruth(entry: Readonly<Record<string, unknown>>): Truth {
  return { id: String(entry['id']), type: String(entry['type']), content: String(entry['main_content'] ?? '') };
}

/** All pages in turn, so often and once before that: code is compiled then, and every page of a round is new to caches. */
async function askProgram(pages: readonly Page[], times: number): Promise<Pass[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const origin = await openOrigin(pages);
  const program = await openProgram({ DATA_DIR: folder, UPSTREAM_ALLOW: '127.0.0.1' });
  try {
    const before = `${program.origin}/-/as/markdown/http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
    const passes: Pass[] = [];
    for (let round = 0; round <= times; round++) {
      const started = processorMsOf(program.child.pid!);
      const bodies: string[] = [];
      for (const index of pages.keys()) bodies.push(await ask(`${before}/${round}/${index}`));
      passes.push({ bodies, processorMs: (processorMsOf(program.child.pid!) - started) / pages.length });
    }
    return passes.slice(1);
  } finally {
    await program.close();
    origin.close();
    origin.closeAllConnections();
    await rm(folder, { recursive: true, force: true });
  }
}

async function openOrigin(pages: readonly Page[]): Promise<Server> {
  const origin = createServer((incoming, response) => {
    const page = pages[Number(incoming.url?.split('/')[2])];
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(page?.html);
  }).listen(0, '127.0.0.1');
  await once(origin, 'listening');
  return origin;
}

/** The answer, as scores see it: nothing where there is none. */
async function ask(url: string): Promise<string> {
  const response = await fetch(url, { headers: { accept: 'text/markdown' } });
  const body = await response.text();
  return response.ok ? body : '';
}

/** Processor time of this process, its collector of garbage and compiler included: for each page the median of the rounds. */
async function timeChain(pages: readonly Page[], times: number): Promise<number[]> {
  const texts = pages.map(({ html }) => html.toString('utf8'));
  const measured = texts.map((): number[] => []);
  for (let round = 0; round <= times; round++)
    for (const [index, html] of texts.entries()) {
      const before = process.cpuUsage();
      const document = parseDocument(html);
      await format(toArticle, document, { article: { styles: 'none' } });
      await format(toMarkdown, document, {});
      const { user, system } = process.cpuUsage(before);
      if (round > 0) measured[index]!.push((user + system) / 1000);
      // Weak references are let go between turns alone.
      await setImmediate();
    }
  return measured.map((each) => quantile(each, 0.5));
}

function words(markdown: string): string {
  return plainMarkdown(markdown).trim();
}

function scorePages(pages: readonly Page[], bodies: readonly string[]): Round[] {
  return pages.flatMap(({ truth }, index) =>
    truth === undefined
      ? []
      : [{ id: truth.id, type: truth.type, ...scoreWords(words(bodies[index]!), truth.content) }],
  );
}

function scoreFigures(scored: readonly Round[]): Figure[] {
  const types = [...new Set(scored.map((each) => String(each['type'])))].sort();
  return (scored.length === 0 ? [] : ['all', ...types]).map((type): Figure => {
    const own = scored.filter((each) => type === 'all' || each['type'] === type);
    const value = (100 * own.reduce((sum, each) => sum + Number(each['f1']), 0)) / own.length;
    const aim = AIMS[type];
    return { name: `F1 of ${type}`, value, unit: '%', ...(aim === undefined ? {} : { atLeast: aim }) };
  });
}

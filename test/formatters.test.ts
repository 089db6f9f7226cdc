/** Every formatter that ships with us: its examples through the runner, and what each must keep (style parts 5 and 10). */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { isComment, isDirective, isTag, isText, type ParentNode } from 'domhandler';
import iconv from 'iconv-lite';
import sharp from 'sharp';
import { systemClock } from '../core/clock.ts';
import type { Formatter, PlainRecord } from '../core/component.ts';
import { FormatFailure, type FormatOutcome } from '../core/executor.ts';
import { describeFormatter } from '../formatters/descriptor.ts';
import { parseDocument } from '../formatters/document/parse.ts';
import { runPlan } from '../formatters/runner.ts';

const ROOT = join(import.meta.dirname, '..', 'formatters');
const UPDATES = process.env['UPDATE_EXAMPLES'] === '1';
const MAX_EXAMPLE_BYTES = 40_960;
const EXTENSIONS: Readonly<Record<string, string>> = {
  'application/json': 'json',
  'application/x-ndjson': 'ndjson',
  'application/vnd.wap.xhtml+xml': 'xhtml',
  'image/svg+xml': 'svg',
  'application/epub+zip': 'epub',
  'text/css': 'css',
  'text/csv': 'csv',
  'text/gemini': 'gmi',
  'text/html': 'html',
  'text/markdown': 'md',
  'text/plain': 'txt',
  'text/tab-separated-values': 'tsv',
  'text/vnd.wap.wml': 'wml',
};

/** What `case.json` says. */
interface Case {
  readonly why: string;
  readonly from?: string;
  readonly to?: string;
  readonly url?: string;
  readonly charset?: string;
  readonly demands?: PlainRecord;
  readonly options?: PlainRecord;
  readonly fields?: Readonly<Record<string, string>>;
  /** Kind of failure that is expected. */
  readonly fails?: string;
}

interface Example extends Case {
  readonly folder: string;
  readonly name: string;
  readonly input: Buffer;
  readonly inputType: string;
}

const names = readdirSync(ROOT).filter((name) => existsSync(join(ROOT, name, 'index.ts')));
const formatters: Formatter[] = await Promise.all(
  names.map(async (name) => ((await import(join(ROOT, name, 'index.ts'))) as { default: Formatter }).default),
);

function readExamples(formatter: Formatter): Example[] {
  const examples = join(ROOT, formatter.name, 'examples');
  if (!existsSync(examples)) return [];
  return readdirSync(examples).map((name) => {
    const folder = join(examples, name);
    const file = readdirSync(folder).find((each) => each.startsWith('input.'))!;
    const given = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as Case;
    const byName = Object.entries(EXTENSIONS).find(([, extension]) => file === `input.${extension}`)?.[0];
    const inputType = given.from ?? byName ?? formatter.edges[0]!.from;
    return { ...given, folder, name, input: readFileSync(join(folder, file)), inputType };
  });
}

/** Inputs of another charset are kept in UTF-8, for people to read. */
function bodyOf({ input, charset }: Example): Buffer {
  return charset === undefined ? input : iconv.encode(input.toString(), charset);
}

async function run(formatter: Formatter, example: Example): Promise<FormatOutcome> {
  const { inputType: from, to = formatter.edges.find((edge) => edge.from === from)?.to ?? from } = example;
  const edge = formatter.edges.find((each) => each.from === from && each.to === to);
  if (edge === undefined) throw new Error(`${example.folder}: there is no edge from ${from} to ${to}`);
  const { demands = {}, options = {}, url = 'https://site.example/' } = example;
  const { keeps, cost, meets = [] } = edge;
  const step = { formatter: formatter.name, version: formatter.version, from, to, keeps, cost, meets, options };
  const plan = { from, to, steps: [step], demands, keeps, cost, deterministic: true };
  const job = {
    plan,
    body: bodyOf(example),
    mediaType: from,
    charset: example.charset,
    url,
    fields: example.fields ?? {},
  };
  return await runPlan(job, {
    clock: systemClock,
    limits: { maxInputBytes: 1e7, maxOutputBytes: 1e7, timeoutMs: 10_000, maxPixels: 5e7 },
    signal: new AbortController().signal,
    async load() {
      await formatter.open?.({ log() {} });
      return formatter;
    },
    fetch: () => Promise.reject(new Error('no network in this test')),
    log() {},
    onStep() {},
    track() {},
  });
}

/** A document as one line for each node, so that a difference names the node. */
function nodesOf(html: string): string[] {
  const lines: string[] = [];
  const walk = (parent: ParentNode, path: string): void => {
    for (const [i, node] of parent.children.entries()) {
      if (isTag(node)) {
        const here = `${path}/${node.name}[${i}]`;
        lines.push(`${here} ${JSON.stringify(Object.entries(node.attribs).sort())}`);
        walk(node, here);
      } else if (isText(node)) lines.push(`${path}/text[${i}] ${JSON.stringify(node.data)}`);
      else if (isComment(node) || isDirective(node)) lines.push(`${path}/${node.type}[${i}] ${node.data}`);
    }
  };
  walk(parseDocument(html).root()[0]!, '');
  return lines;
}

async function compare(t: ExecutionContext, example: Example, outcome: FormatOutcome): Promise<void> {
  // A drawing is text.
  const isPicture = outcome.mediaType.startsWith('image/') && outcome.mediaType !== 'image/svg+xml';
  const found = readdirSync(example.folder).find((file) => file.startsWith('expected.'));
  const file = join(example.folder, found ?? `expected.${EXTENSIONS[outcome.mediaType] ?? 'bin'}`);
  // Pictures are drawn and written by their own test.
  if (!isPicture && (UPDATES || found === undefined)) writeFileSync(file, outcome.body);
  const expected = readFileSync(file);
  const where = `${example.folder}: ${example.why}`;
  t.true(expected.byteLength <= MAX_EXAMPLE_BYTES, `${where} is over ${MAX_EXAMPLE_BYTES} bytes`);
  if (outcome.mediaType === 'text/html')
    t.deepEqual(nodesOf(String(Buffer.from(outcome.body))), nodesOf(String(expected)), where);
  else if (!isPicture) t.is(String(Buffer.from(outcome.body)), String(expected), where);
  else if (outcome.mediaType !== 'image/vnd.wap.wbmp') {
    const [is, should] = await Promise.all([sharp(outcome.body).metadata(), sharp(expected).metadata()]);
    t.deepEqual([is.format, is.width, is.height], [should.format, should.width, should.height], where);
  }
}

for (const formatter of formatters) {
  const examples = readExamples(formatter);

  test(`${formatter.name} keeps the contract: its folder's name, a version, edges, three examples, one hostile`, (t) => {
    const manifest = describeFormatter(formatter);
    t.true(names.includes(manifest.name));
    t.regex(manifest.version, /^\d+\.\d+\.\d+$/);
    t.not(manifest.title, manifest.name, 'a title for people');
    t.true(examples.length >= 3, `${examples.length} examples`);
    t.true(
      examples.some(({ name }) => name.startsWith('hostile')),
      'no hostile example',
    );
    for (const { folder, why } of examples) t.true(why.length > 20, `${folder} does not say why`);
    const readme = readFileSync(join(ROOT, formatter.name, 'README.md'), 'utf8');
    t.true(readme.startsWith(`# ${formatter.name}\n`));
    for (const type of new Set(formatter.edges.flatMap(({ from, to }) => [from, to])))
      t.true(
        readme.toLowerCase().includes(type.replace(/^image\/(?:vnd\.wap\.|svg\+)?|\+xml$/g, '')),
        `the README names ${type}`,
      );
    const options = Object.keys((formatter as { optionsSchema?: PlainRecord }).optionsSchema?.['properties'] ?? {});
    for (const option of options) t.true(readme.includes(`\`${option}\``), `the README names the option ${option}`);
  });

  for (const example of examples)
    test(`${formatter.name}: the example ${example.name}, and the same bytes again`, async (t) => {
      if (example.fails !== undefined) {
        const failure = await t.throwsAsync(run(formatter, example), { instanceOf: FormatFailure });
        t.is(String(failure?.kind), example.fails);
        return;
      }
      const outcome = await run(formatter, example);
      await compare(t, example, outcome);
      const again = await run(formatter, example);
      t.true(Buffer.from(again.body).equals(Buffer.from(outcome.body)), 'equal input gave other bytes');
      t.deepEqual(again.notes, outcome.notes);
    });
}

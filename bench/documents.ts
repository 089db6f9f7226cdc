/**
 * What simplifying pages keeps and costs, through the whole gateway: bytes of `lite` and of Markdown against the
 * original's, both after brotli; links, controls, headings and alternative texts kept. Then Markdown alone: pages there and
 * back, the examples of the specifications, the rate of writing.
 */
import { brotliCompressSync, constants } from 'node:zlib';
import { type DocumentGateway, openDocumentGateway } from './document-gateway.ts';
import { countCommonMark, countGfm } from './markdown-examples.ts';
import { markdownRate } from './markdown-rate.ts';
import { type RoundTrip, roundTrip, structures } from './markdown-round-trip.ts';
import { type CorpusPage, readPages } from './page-corpus.ts';
import { type Inventory, LOOSE, lostFrom, takeInventory } from './page-inventory.ts';
import type { Figure, Round, Study, StudyOptions, StudyResult } from './study.ts';

const KINDS = ['links', 'controls', 'headings', 'alts'] as const;

/**
 * `--corpus FOLDER`: pages to measure with; without it the examples of the formatters, which are small. `gfm=FILE`: the
 * specification of GFM (`test/spec.txt` of github.com/github/cmark-gfm). `lost`: tells what got lost.
 */
export const documents: Study = { name: 'documents', run };

async function run({ isShort, corpus, args }: StudyOptions): Promise<StudyResult> {
  const all = readPages(corpus);
  const pages = isShort ? all.slice(0, 5) : all;
  const gateway = await openDocumentGateway(pages.map(({ html }) => html));
  try {
    const rounds: Round[] = [];
    for (const [index, page] of pages.entries())
      rounds.push(await measurePage(gateway, page, index, args.includes('lost')));
    return {
      about: { pages: pages.length, brotli: 5 },
      figures: [...figuresOf(rounds), ...(await markdownFigures(pages, isShort)), ...exampleFigures(args)],
      rounds: corpus === undefined ? rounds : [],
    };
  } finally {
    await gateway.close();
  }
}

async function measurePage(
  gateway: DocumentGateway,
  { name, html }: CorpusPage,
  index: number,
  tells: boolean,
): Promise<Round> {
  const lite = await gateway.ask('lite', index);
  const markdown = await gateway.ask('markdown', index);
  const url = gateway.pageUrl(index);
  // The charset of a page that is not UTF-8 does not matter to counts.
  const before = takeInventory(html.toString('utf8'), url, false);
  const after = takeInventory(lite.toString('utf8'), url, true);
  const round: Record<string, string | number> = { name };
  for (const kind of KINDS) {
    round[kind] = before[kind].length;
    const gone = lostOf(kind, before, after);
    round[`${kind}Lost`] = gone.length;
    if (tells) for (const each of gone.slice(0, 8)) console.error(`${name} ${kind} ${each.slice(0, 150)}`);
  }
  round['original'] = sizeOf(html);
  // What no simplification that keeps every word and link can go below: they alone, without spaces and markup.
  round['floor'] = sizeOf(Buffer.from([before.text, ...new Set(before.links)].join('\n')));
  round['lite'] = sizeOf(lite);
  round['markdown'] = sizeOf(markdown);
  return round;
}

/**
 * A menu that a page has twice may be there once: a link is lost when nothing leads there any more, a button outside of forms
 * or a picture in a link when there is none of its kind.
 */
function lostOf(kind: (typeof KINDS)[number], before: Inventory, after: Inventory): string[] {
  if (kind === 'links') {
    const known = new Set(after.links);
    return before.links.filter((each) => !known.has(each));
  }
  const lost = lostFrom(before[kind], after[kind]);
  if (kind === 'controls') return lost.filter((each) => !(each.endsWith(LOOSE) && after.controls.includes(each)));
  // A drawing's name may stand among a heading's words.
  if (kind === 'headings')
    return lost.filter((each) => {
      const [level, words] = [each.slice(0, 2), each.slice(3)];
      return !after.headings.some((heading) => heading.startsWith(level) && heading.includes(words));
    });
  // Alternative text may stand as words in its picture's place.
  return lost.filter((alt) => !after.text.includes(alt) && !(before.linkedAlts.has(alt) && after.alts.includes(alt)));
}

function sizeOf(body: Buffer): number {
  return brotliCompressSync(body, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: body.length },
  }).length;
}

function figuresOf(rounds: readonly Round[]): Figure[] {
  const sum = (key: string) => rounds.reduce((total, round) => total + Number(round[key]), 0);
  const share = (key: string) => (100 * sum(key)) / sum('original');
  const meanShare = (key: string) =>
    rounds.reduce((total, round) => total + (100 * Number(round[key])) / Number(round['original']), 0) / rounds.length;
  return [
    { name: 'lite of the original', value: share('lite'), unit: '%', aim: 15 },
    { name: 'lite of the original, mean of pages', value: meanShare('lite'), unit: '%' },
    { name: 'words and addresses alone, of the original', value: share('floor'), unit: '%' },
    { name: 'Markdown of the original', value: share('markdown'), unit: '%', aim: 6.5 },
    { name: 'Markdown of the original, mean of pages', value: meanShare('markdown'), unit: '%' },
    ...KINDS.map(
      (kind): Figure => ({
        name: `${kind} kept`,
        value: 100 * (1 - sum(`${kind}Lost`) / Math.max(1, sum(kind))),
        unit: '%',
        atLeast: 100,
      }),
    ),
  ];
}

/** What main contents keep on the way through Markdown, and how fast they get there. */
async function markdownFigures(pages: readonly CorpusPage[], isShort: boolean): Promise<Figure[]> {
  const trips: RoundTrip[] = [];
  for (const { html } of pages) trips.push(await roundTrip(html.toString('utf8'), 'article'));
  const f1 = trips.reduce((sum, { wordF1 }) => sum + wordF1, 0) / Math.max(1, trips.length);
  const rate = await markdownRate(
    trips.map(({ html }) => html),
    isShort ? 1 : 5,
  );
  return [
    { name: 'HTML to Markdown and back, F1 of words', value: 100 * f1, unit: '%', atLeast: 99.9 },
    ...structures.flatMap((name): Figure[] => {
      const before = trips.reduce((sum, trip) => sum + trip.before[name], 0);
      const kept = trips.reduce((sum, trip) => sum + trip.kept[name], 0);
      if (before === 0) return [];
      return [{ name: `${name} there again`, value: (100 * kept) / before, unit: '%', atLeast: 100 }];
    }),
    { name: 'parsed pages to Markdown', value: rate, unit: 'MB/s', atLeast: 30 },
  ];
}

function exampleFigures(args: readonly string[]): Figure[] {
  const gfm = args.find((each) => each.startsWith('gfm='))?.slice('gfm='.length);
  return [
    { name: 'CommonMark 0.31.2', value: countCommonMark().right, unit: 'examples', atLeast: 652 },
    ...(gfm === undefined
      ? []
      : [{ name: 'GFM 0.29', value: countGfm(gfm).right, unit: 'examples', atLeast: 671 } satisfies Figure]),
  ];
}

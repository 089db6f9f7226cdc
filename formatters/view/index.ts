import type { FormatEnv, FormatInput, FormatResult, Formatter, PlainRecord, Want } from '../../core/component.ts';
import { DATA_TYPES, type DataType, readData } from '../data/read-data.ts';
import { writeData } from '../data/write-data.ts';
import { finishPage } from '../document/finish-page.ts';
import { readPageDemand } from '../document/page-demand.ts';
import { makeMarkdownPage } from '../markdown/markdown-page.ts';
import { decodeView, findFences, MAX_FENCES, VIEW_TYPE, type ViewDocument } from '../view-fences.ts';
import { type FenceLook, readLook } from './fence-look.ts';
import { placeFences } from './place-fences.ts';
import { writeFenceHtml, writeFenceMarkdown } from './write-fence.ts';

/**
 * Views: Markdown whose `chart` and `table` fences name raw data, with the data in their place.
 *
 * Browsers get drawings with their numbers to be opened, phones pictures of their width, text clients and screen readers
 * tables, agents Markdown with the numbers, programs that name a type of data those of the first fence. What is wrong
 * with a fence stands as a note in its place, and the rest of the page is there. The data come with the document: nothing
 * is fetched here. `demands.view` says who looks: `show` (`drawing`, `picture` or `table`), the width, and the address of
 * charts as pictures.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'view',
  version: '1.0.1',
  title: 'Views of data',
  reads: 'text',
  edges: [
    { from: VIEW_TYPE, to: 'text/html', keeps: 0.98, cost: 80, meets: ['view'] },
    { from: VIEW_TYPE, to: 'text/markdown', keeps: 0.95, cost: 30, meets: ['view'] },
    ...DATA_TYPES.map((to) => ({ from: VIEW_TYPE, to, keeps: 0.5, cost: 10 })),
  ],
  format: toView,
} satisfies Formatter;

async function toView(input: FormatInput, want: Want, env: FormatEnv): Promise<FormatResult> {
  const view = decodeView(String(input.body));
  const { mediaType } = want;
  const look = readLook(want.demands['view']);
  if (mediaType === 'text/html') return await toPage(view, look, { input, want, env });
  if (mediaType === 'text/markdown') return await toMarkdown(view, look);
  return { mediaType, body: toData(view, mediaType as DataType, env) };
}

interface Call {
  readonly input: FormatInput;
  readonly want: Want;
  readonly env: FormatEnv;
}

async function toPage(view: ViewDocument, look: FenceLook, { input, want, env }: Call): Promise<FormatResult> {
  const { markdown, tokens } = placeFences(view.markdown);
  const $ = makeMarkdownPage(markdown, input, env);
  const parts: string[] = [];
  for (const [index, fence] of findFences(view.markdown).slice(0, MAX_FENCES).entries()) {
    parts.push(await writeFenceHtml(fence, view.data[index], look));
    env.signal.throwIfAborted();
  }
  tokens.fill($, parts);
  finishPage($, readPageDemand(want.demands['lite'] ?? want.demands['article']));
  return { mediaType: want.mediaType, document: $ };
}

async function toMarkdown({ markdown, data }: ViewDocument, look: FenceLook): Promise<FormatResult> {
  const lines = markdown.split(/\r?\n/);
  const fences = findFences(markdown).slice(0, MAX_FENCES);
  let text = '';
  let from = 0;
  for (const [index, fence] of fences.entries()) {
    text += `${lines.slice(from, fence.from).join('\n')}\n${writeFenceMarkdown(fence, data[index], look)}\n`;
    from = fence.to;
  }
  text += lines.slice(from).join('\n');
  const notes: PlainRecord = { 'x-markdown-tokens': Math.ceil(text.length / 4) };
  return { mediaType: 'text/markdown', body: text, notes };
}

function toData({ data }: ViewDocument, mediaType: DataType, env: FormatEnv): string {
  const first = data[0];
  if (first === undefined || first.kind === 'fault')
    return env.cannot(first === undefined ? 'the view holds no data' : `the data cannot be had: ${first.why}`);
  return writeData(readData(first.mediaType, first.text).table, mediaType);
}

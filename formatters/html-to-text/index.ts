import type { FormatEnv, FormatInput, FormatResult, Formatter, PlainData, Want } from '../../core/component.ts';
import { readLinkMap, readUrl, toClient, toTarget } from '../../core/links/address-map.ts';
import { findElement } from '../document/edit-tree.ts';
import { isBlank } from '../document/flow/inline-run.ts';
import type { Block } from '../document/flow/model.ts';
import { readFlow } from '../document/flow/read-flow.ts';
import { nameOfAddress, readPageFacts } from '../document/page-facts.ts';
import { preparePage } from '../document/prepare-page.ts';
import { readWrapDemand } from '../document/text/wrap-demand.ts';
import { References } from './references.ts';
import { writeSpeech } from './write-speech.ts';
import { TextWriter } from './write-text.ts';

/**
 * HTML to plain text as a text browser shows it: for terminals, mail and whoever reads line by line.
 *
 * Links bear numbers that a list at the end explains by their original addresses; tables line up, lists and quotes are
 * indented, fields of forms are drawn, pictures are their words, preformatted text stays as it is. Lines are filled by
 * what they take on the screen (ideographs two columns, combining marks none) to the width of `demands.wrap`, by default
 * 72. With its `emphasis: ansi` headings and emphasis are bold and underlined. Escape sequences of a page never pass. With the
 * option `speech` the text is for a voice: what lines, columns and signs would show is said in words, a block a line.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'html-to-text',
  version: '1.1.10',
  title: 'HTML to plain text',
  reads: 'document',
  edges: [{ from: 'text/html', to: 'text/plain', keeps: 0.7, cost: 4, meets: ['wrap'] }],
  optionsSchema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      speech: {
        type: 'boolean',
        default: false,
        description:
          'Text to be read aloud: headings, lists, tables, links and fields are announced in words, nothing is drawn.',
      },
    },
  },
  parseOptions(raw) {
    const { speech = false } = (raw ?? {}) as Record<string, PlainData>;
    if (typeof speech !== 'boolean')
      throw new RangeError(`\`speech\` must be true or false, got \`${JSON.stringify(speech)}\``);
    return { speech };
  },
  format: toText,
} satisfies Formatter;

function toText(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const $ = input.document!;
  const prepared = preparePage(input, env);
  const root = $.root()[0]!;
  const facts = readPageFacts($);
  const { width, emphasis } = readWrapDemand(want.demands['wrap']);
  const blocks = readFlow(findElement(root, 'body') ?? root, {
    pageUrl: input.url,
    resolve: (address) => original(address, input.url, want.demands['links']),
    pictureWidth: 480,
    notes: false,
  });
  const titled = withTitle(blocks, facts.title ?? nameOfAddress(input.url));
  if ((want.options as { speech?: boolean } | undefined)?.speech === true)
    return { mediaType: want.mediaType, body: `${writeSpeech(titled).join('\n')}\n`, ...prepared };
  const references = new References();
  const writer = new TextWriter({ references, ansi: emphasis === 'ansi' });
  const lines = writer.blocks(titled, width);
  const links = references.lines();
  const body = `${(links.length === 0 ? lines : [...lines, '', ...links]).join('\n')}\n`;
  return { mediaType: want.mediaType, body, ...prepared };
}

/** Never empty: a page without a heading begins with its title. */
function withTitle(blocks: readonly Block[], title: string): readonly Block[] {
  const hasHeading = blocks.some((block) => block.kind === 'heading' && !isBlank(block.content));
  return hasHeading ? blocks : [{ kind: 'heading', level: 1, content: [{ kind: 'text', text: title }] }, ...blocks];
}

/** The address that anyone can use, whatever became of it on the way. */
function original(address: string, base: string, links: PlainData | undefined): string {
  if (address.startsWith('#')) return address;
  const map = readLinkMap(links);
  const target = map?.mode === 'prefix' ? toTarget(address)?.href : undefined;
  const url = readUrl(target ?? address, base)?.href ?? '';
  return map?.mode === 'reverse' ? (toClient(map, url, base) ?? '') : url;
}

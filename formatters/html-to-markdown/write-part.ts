/** The text of a page, or of the part of it that a budget of tokens lets through. */
import type { PlainData, Want } from '../../core/component.ts';
import type { Block } from '../document/flow/model.ts';
import { destination } from './escape.ts';
import type { MarkdownOptions } from './markdown-options.ts';
import { References, shapePieces } from './shape-pieces.ts';
import { splitBlocks } from './split-blocks.ts';
import { type Losses, writeBlocks } from './write-blocks.ts';

/** Characters of a token, as everybody who sends `x-markdown-tokens` counts. */
const CHARACTERS = 4;
/** Front matter, and what leads to the next part, take so many characters. */
const AROUND = 400;

export interface WrittenPart {
  /** Without a line feed at the end; never empty. */
  readonly text: string;
  /** `undefined` when the page is whole. */
  readonly part: { readonly part: number; readonly of: number } | undefined;
}

/** Tokens a text takes, estimated. */
export function tokensOf(text: string): number {
  return Math.ceil(text.length / CHARACTERS);
}

/** @param title stands where there is nothing else */
export function writePart(blocks: readonly Block[], title: string, want: Want, losses: Losses): WrittenPart {
  const options = want.options as MarkdownOptions;
  const references = new References();
  const shaped = shapePieces(blocks, options, references);
  const write = (some: readonly Block[], counted: Losses) => {
    const text = writeBlocks(some, counted);
    const list = references.listFor(text);
    return list === '' ? text : `${text}\n\n${list}`;
  };
  const whole = write(shaped, losses) || writeBlocks([titleBlock(title)], losses);
  if (options.tokens === 0 || tokensOf(whole) <= options.tokens) return { text: whole, part: undefined };
  const notes = shaped.filter((block) => block.kind === 'note');
  const room = Math.max(AROUND, options.tokens * CHARACTERS - AROUND);
  const parts = splitBlocks(
    shaped.filter((block) => block.kind !== 'note'),
    room,
    (some) => write(some, { nestedTables: 0, columns: 0 }),
  );
  if (parts.length < 2) return { text: whole, part: undefined };
  const place = readPlace(want.demands['parts']);
  const part = Math.min(place?.part ?? 1, parts.length);
  const blocksOfPart = parts[part - 1]!;
  const unlisted = writeBlocks(blocksOfPart, { nestedTables: 0, columns: 0 });
  const own = notes.filter((note) => unlisted.includes(`[^${note.label}]`));
  const text = write([...blocksOfPart, ...own], { nestedTables: 0, columns: 0 });
  return { text: `${text}\n\n${tellPart(part, parts.length, place)}`, part: { part, of: parts.length } };
}

interface Place {
  readonly part: number;
  readonly before: string;
  readonly after: string;
}

/** The demand `parts`: which part, and where the others are: `before` number `after`. */
function readPlace(value: PlainData | undefined): Place | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { part, before, after } = value;
  if (typeof before !== 'string' || typeof after !== 'string') return undefined;
  return { part: typeof part === 'number' && part >= 1 ? Math.floor(part) : 1, before, after };
}

function tellPart(part: number, of: number, place: Place | undefined): string {
  const link = (to: number, words: string) =>
    place === undefined ? '' : ` [${words}](${destination(`${place.before}${to}${place.after}`)})`;
  const back = part > 1 ? link(part - 1, 'Part before') : '';
  const next = part < of ? link(part + 1, 'Next part') : '';
  return `---\n\nPart ${part} of ${of}.${back}${next}`;
}

function titleBlock(title: string): Block {
  return { kind: 'heading', level: 1, content: [{ kind: 'text', text: title }] };
}

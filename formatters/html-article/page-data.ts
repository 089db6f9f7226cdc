/**
 * The content of pages that scripts draw: many bring it as JSON, for the script to start with. Read only when the page
 * itself says next to nothing.
 */
import type { CheerioAPI } from 'cheerio';
import { type Element, isText } from 'domhandler';
import { walkElements } from '../document/edit-tree.ts';

const MAX_JSON = 4_000_000;
const MAX_PIECES = 500;
const MAX_DEPTH = 24;
const DATA_ATTRIBUTE = /^data-(?:preloaded|page|props|state|initial-state|react-props)$/;
const TEXT_KEYS =
  /^(?:articleBody|body|body_?html|content|cooked|copy|description|html|markup|paragraphs?|rendered|summary|text|value)$/i;
/** A string this long under such a key is content; shorter ones are labels. */
const MIN_PIECE = 120;

/** JSON in scripts and attributes, as text. Call it while scripts are in the tree. */
export function findPageData($: CheerioAPI): string[] {
  const found: string[] = [];
  walkElements($.root()[0]!, (element) => {
    if (element.name === 'script' && /^application\/(?:ld\+)?json$/i.test(element.attribs['type'] ?? ''))
      found.push(textIn(element));
    for (const name in element.attribs) if (DATA_ATTRIBUTE.test(name)) found.push(element.attribs[name]!);
  });
  return found.filter((json) => json.length <= MAX_JSON);
}

/** The pieces of HTML or text in page data, in order, none twice. */
export function readPageData(data: readonly string[]): string[] {
  const pieces = new Set<string>();
  for (const json of data) collect(parse(json), '', { pieces, depth: 0 });
  return [...pieces];
}

function collect(value: unknown, key: string, { pieces, depth }: { pieces: Set<string>; depth: number }): void {
  if (depth > MAX_DEPTH || pieces.size >= MAX_PIECES) return;
  if (typeof value === 'string') {
    // Some put JSON into strings of JSON.
    if (/^\s*[[{]"/.test(value)) collect(parse(value), key, { pieces, depth: depth + 1 });
    else if (TEXT_KEYS.test(key) && isContent(value)) pieces.add(value);
  } else if (Array.isArray(value)) for (const each of value) collect(each, key, { pieces, depth: depth + 1 });
  else if (typeof value === 'object' && value !== null)
    for (const [name, each] of Object.entries(value)) collect(each, name, { pieces, depth: depth + 1 });
}

function isContent(text: string): boolean {
  return (
    /<p[\s>]/i.test(text) ||
    (text.length >= MIN_PIECE && /\s\S+\s\S+\s/.test(text) && !/^(?:https?:|data:)|[{}]\s*$/.test(text))
  );
}

function parse(json: string): unknown {
  if (json.length > MAX_JSON) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    // Not JSON after all: nothing to read.
    return undefined;
  }
}

function textIn(element: Element): string {
  return element.children.map((child) => (isText(child) ? child.data : '')).join('');
}

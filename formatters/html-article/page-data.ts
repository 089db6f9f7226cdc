/**
 * The content of pages that scripts draw: many bring it as JSON, for the script to start with. Read only when the page
 * itself says next to nothing.
 */
import { type ChildNode, type Element, isText } from 'domhandler';

const MAX_JSON = 4_000_000;
const MAX_PIECES = 500;
const MAX_DEPTH = 24;
const JSON_TYPE = /^application\/(?:ld\+)?json$/i;
const DATA_ELEMENTS = new Set(['body', 'div', 'main', 'section']);
const DATA_ATTRIBUTES = ['preloaded', 'page', 'props', 'state', 'initial-state', 'react-props'].map(
  (name) => `data-${name}`,
);
const TEXT_KEYS =
  /^(?:articleBody|body|body_?html|content|cooked|copy|description|html|markup|paragraphs?|rendered|summary|text|value)$/i;
/** A string this long under such a key is content; shorter ones are labels. */
const MIN_PIECE = 120;

/** JSON of an element, where it holds some: a script of data, or a place where frameworks put them. */
export function pageDataOf({ name, attribs, children }: Element): readonly string[] {
  const found: string[] = [];
  if (name === 'script') {
    const type = attribs['type'];
    if (type !== undefined && JSON_TYPE.test(type)) found.push(textIn(children));
  } else if (DATA_ELEMENTS.has(name))
    for (const key of DATA_ATTRIBUTES) if (attribs[key] !== undefined) found.push(attribs[key]);
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

function textIn(children: readonly ChildNode[]): string {
  return children.map((child) => (isText(child) ? child.data : '')).join('');
}

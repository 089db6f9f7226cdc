/** Text to a parsed document: the one way HTML enters, parsed as a browser with scripts off would. */
import { type CheerioAPI, load } from 'cheerio';
import { FormatFailure } from '../../core/executor.ts';
import { BoundedParser } from './bounded-parser.ts';

/** Longest page that is parsed, in UTF-16 code units. */
const MAX_CHARACTERS = 8 * 1024 * 1024;

const losses = new WeakMap<object, number>();
const names = new WeakMap<object, ReadonlySet<string>>();

/**
 * Parses a page by the HTML standard. Linear in time; the tree is at most a few hundred levels deep.
 *
 * Nesting and node counts beyond the bounds of `BoundedParser` are flattened, not refused, while text remains: ask
 * `droppedTags` for how many tags that cost. In the `head` a `noscript` holds its content as one raw text node.
 *
 * Throws `FormatFailure` of kind `too-large` for a page over 8 Mi characters or 500,000 nodes.
 */
export function parseDocument(html: string): CheerioAPI {
  if (html.length > MAX_CHARACTERS)
    throw new FormatFailure('too-large', 'document', `the page is longer than ${MAX_CHARACTERS} characters`);
  const parser = new BoundedParser();
  parser.tokenizer.write(html, true);
  parser.associateFields();
  const $ = load(parser.document);
  names.set($, parser.names);
  if (parser.dropped > 0) losses.set($, parser.dropped);
  return $;
}

/** Number of start tags that were left out because the page was nested too deeply or had too many of them. */
export function droppedTags($: CheerioAPI): number {
  return losses.get($) ?? 0;
}

/**
 * Names of all elements that the page had when it was parsed, with `[refresh]` where a `meta` led elsewhere and
 * `[hidden]` where a streamed part waits under it; `undefined` for a document that was not parsed here.
 */
export function parsedNames($: CheerioAPI): ReadonlySet<string> | undefined {
  return names.get($);
}

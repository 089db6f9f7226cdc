/** What every formatter of whole pages does first. */
import type { ParentNode } from 'domhandler';
import type { FormatEnv, FormatInput } from '../../core/component.ts';
import { walkElements } from './edit-tree.ts';
import { keepFormCharset } from './forms.ts';
import { loadLazyImages } from './lazy-images.ts';
import { unwrapNoscript } from './noscript.ts';
import { droppedTags } from './parse.ts';
import { takeRefresh } from './refresh-meta.ts';
import { resolveBase } from './resolve-base.ts';
import { placeStreamedParts } from './streamed.ts';

/**
 * Makes a page stand on its own, as a browser without scripts would show it: lazily loaded pictures are real, `noscript`
 * is unwrapped, the `base` is applied, forms say what charset their origin reads.
 *
 * @returns what to add to the result: the note `refresh`, when the page had one
 */
export function preparePage(input: FormatInput, env: FormatEnv): { notes?: { refresh: string } } {
  const $ = input.document!;
  if (droppedTags($) > 0) env.note('document.flattened', { tags: droppedTags($) });
  if (input.charset !== 'utf-8') keepFormCharset($, input.charset);
  const names = namesOnPage($.root()[0]!);
  const has = (...some: readonly string[]) => some.some((name) => names.has(name));
  if (has('hidden')) placeStreamedParts($);
  if (has('img', 'source')) loadLazyImages($);
  if (has('noscript', 'noframes')) unwrapNoscript($);
  // What was raw text in a `noscript` may be any of these.
  const refresh = has('meta', 'noscript', 'noframes') ? takeRefresh($, input.url) : undefined;
  if (has('base', 'noscript', 'noframes')) resolveBase($, input.url);
  return refresh === undefined ? {} : { notes: { refresh } };
}

const TELLING = new Set(['base', 'img', 'meta', 'noframes', 'noscript', 'source']);

/** Which of the elements that have to be seen to are there at all, and `hidden` where one is: one walk instead of five. */
function namesOnPage(root: ParentNode): Set<string> {
  const names = new Set<string>();
  walkElements(root, ({ name, attribs }) => {
    if (TELLING.has(name)) names.add(name);
    if ('hidden' in attribs) names.add('hidden');
  });
  return names;
}

/** What every formatter of whole pages does first. */
import type { FormatEnv, FormatInput } from '../../core/component.ts';
import { keepFormCharset } from './forms.ts';
import { loadLazyImages } from './lazy-images.ts';
import { unwrapNoscript } from './noscript.ts';
import { droppedTags, parsedNames } from './parse.ts';
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
  const names = parsedNames($);
  // A document that another made may hold anything.
  const has = (...some: readonly string[]) => names === undefined || some.some((name) => names.has(name));
  if (has('[hidden]')) placeStreamedParts($);
  if (has('img', 'source')) loadLazyImages($);
  const unwrapped = has('noscript', 'noframes') ? unwrapNoscript($) : new Set<string>();
  const refresh = has('[refresh]') || unwrapped.has('[refresh]') ? takeRefresh($, input.url) : undefined;
  if (has('base') || unwrapped.has('base')) resolveBase($, input.url);
  return refresh === undefined ? {} : { notes: { refresh } };
}

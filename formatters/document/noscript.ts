/** What a page shows where scripts do not run. */
import type { CheerioAPI } from 'cheerio';
import { type ChildNode, type Element, isText } from 'domhandler';
import { editTree, findElement, isHtml } from './edit-tree.ts';
import { parseDocument, parsedNames } from './parse.ts';

const IN_HEAD = new Set(['link', 'meta', 'style']);

/**
 * Puts what `noscript` and `noframes` hold in their places.
 *
 * @returns names of the elements that were raw text until now, as `parsedNames` tells them
 */
export function unwrapNoscript($: CheerioAPI): ReadonlySet<string> {
  const names = new Set<string>();
  editTree($.root()[0]!, {
    leave(node) {
      if (!isHtml(node)) return node;
      if (node.name === 'noframes') return parsedChildren(node, 'body', names);
      if (node.name !== 'noscript') return node;
      const isInHead = node.parent !== null && isHtml(node.parent) && node.parent.name === 'head';
      return isInHead
        ? parsedChildren(node, 'head', names).filter((each) => isHtml(each) && IN_HEAD.has(each.name))
        : node.children;
    },
  });
  return names;
}

/** The parser left the content of these as one raw text. */
function parsedChildren(element: Element, part: 'body' | 'head', names: Set<string>): ChildNode[] {
  const raw = element.children.map((child) => (isText(child) ? child.data : '')).join('');
  const $ = parseDocument(`<!DOCTYPE html><${part}>${raw}`);
  for (const name of parsedNames($) ?? []) names.add(name);
  return findElement($.root()[0]!, part)?.children ?? [];
}

/** What a page shows where scripts do not run. */
import type { CheerioAPI } from 'cheerio';
import { type ChildNode, type Element, isText } from 'domhandler';
import { editTree, findElement, isHtml } from './edit-tree.ts';
import { parseDocument } from './parse.ts';

const IN_HEAD = new Set(['link', 'meta', 'style']);

/** Puts what `noscript` and `noframes` hold in their places. */
export function unwrapNoscript($: CheerioAPI): void {
  editTree($.root()[0]!, {
    leave(node) {
      if (!isHtml(node)) return node;
      if (node.name === 'noframes') return parsedChildren(node, 'body');
      if (node.name !== 'noscript') return node;
      const isInHead = node.parent !== null && isHtml(node.parent) && node.parent.name === 'head';
      return isInHead
        ? parsedChildren(node, 'head').filter((each) => isHtml(each) && IN_HEAD.has(each.name))
        : node.children;
    },
  });
}

/** The parser left the content of these as one raw text. */
function parsedChildren(element: Element, part: 'body' | 'head'): ChildNode[] {
  const raw = element.children.map((child) => (isText(child) ? child.data : '')).join('');
  const $ = parseDocument(`<!DOCTYPE html><${part}>${raw}`);
  return findElement($.root()[0]!, part)?.children ?? [];
}

/** Parts of a page that were streamed out of order and wait, hidden, for a script to put them in their places. */
import type { CheerioAPI } from 'cheerio';
import { type ChildNode, type Element, isTag } from 'domhandler';
import { editTree, isHtml } from './edit-tree.ts';

// React's streaming renderer: `<template id="B:0"></template>` is the place of `<div hidden id="S:0">`.
const PLACE = /^[BP]:([0-9a-f]+)$/i;
const PART = /^S:([0-9a-f]+)$/i;

/** Puts streamed parts in their places, as the page's own script would; one without a place is shown where it stands. */
export function placeStreamedParts($: CheerioAPI): void {
  const parts = new Map<string, Element>();
  const placed = new Set<Element>();
  const root = $.root()[0]!;
  editTree(root, {
    enter(node) {
      const number = isHtml(node) && 'hidden' in node.attribs ? PART.exec(node.attribs['id'] ?? '')?.[1] : undefined;
      if (number !== undefined && isTag(node)) {
        delete node.attribs['hidden'];
        parts.set(number, node);
      }
      return true;
    },
  });
  if (parts.size === 0) return;
  editTree(root, {
    leave(node) {
      const number = isHtml(node) && node.name === 'template' ? PLACE.exec(node.attribs['id'] ?? '')?.[1] : undefined;
      const part = number === undefined ? undefined : parts.get(number);
      if (part === undefined || placed.has(part) || isInside(node, part)) return node;
      placed.add(part);
      return part.children;
    },
  });
  editTree(root, { enter: (node) => !(isTag(node) && placed.has(node)) });
}

function isInside(node: ChildNode, ancestor: Element): boolean {
  for (let up = node.parent; up !== null; up = up.parent) if (up === ancestor) return true;
  return false;
}

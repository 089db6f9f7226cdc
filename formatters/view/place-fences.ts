/** Fences of a document, held open while it is rendered: what a page's author writes never stands beside our markup unparsed. */
import { createHash } from 'node:crypto';
import type { CheerioAPI } from 'cheerio';
import type { ChildNode } from 'domhandler';
import { editTree, findElement, isHtml, textOf } from '../document/edit-tree.ts';
import { parseDocument } from '../document/parse.ts';
import { findFences, MAX_FENCES } from '../view-fences.ts';

export interface Placed {
  /** The document with a word of its own in the place of each fence. */
  readonly markdown: string;
  readonly tokens: {
    /** Puts parts of pages, safe already, in the places. */
    fill($: CheerioAPI, parts: readonly string[]): void;
  };
}

export function placeFences(markdown: string): Placed {
  // Nobody can write the word into the document: it is made from the document.
  const word = `view${createHash('sha256').update(markdown).digest('hex').slice(0, 24)}`;
  const lines = markdown.split(/\r?\n/);
  const out: string[] = [];
  let from = 0;
  for (const [index, fence] of findFences(markdown).entries()) {
    out.push(...lines.slice(from, fence.from), '', index < MAX_FENCES ? `${word}n${index}` : beyond(), '');
    from = fence.to;
  }
  return { markdown: [...out, ...lines.slice(from)].join('\n'), tokens: { fill: ($, parts) => fill($, parts, word) } };
}

/** What stands in the place of a fence too many. */
function beyond(): string {
  return `*A view shows at most ${MAX_FENCES} charts and tables: this one is left out.*`;
}

function fill($: CheerioAPI, parts: readonly string[], word: string): void {
  const place = new RegExp(`^${word}n(\\d+)$`);
  editTree($.root()[0]!, {
    leave(node) {
      if (!isHtml(node) || node.name !== 'p') return node;
      const index = place.exec(textOf(node).trim())?.[1];
      return index === undefined ? node : nodesOf(parts[Number(index)] ?? '');
    },
  });
}

function nodesOf(markup: string): readonly ChildNode[] {
  const $ = parseDocument(`<!DOCTYPE html><body>${markup}`);
  return findElement($.root()[0]!, 'body')?.children ?? [];
}

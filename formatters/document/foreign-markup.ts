/** Markup of others as a part of a page of ours: whole by itself, so that none of it reaches into what follows. */
import { type Element, isTag, type ParentNode } from 'domhandler';
import { editTree, findElement, isHtml, walkElements } from './edit-tree.ts';
import { parseDocument } from './parse.ts';
import { resolveBase } from './resolve-base.ts';
import { sanitiseDocument } from './sanitise.ts';
import { escapeAttribute, serialiseNodes } from './serialise.ts';

const HEADING = /^h([1-6])$/;

export interface ForeignMarkup {
  /** What its relative addresses are relative to. Default: the page's own address. */
  readonly base?: string | undefined;
  /** Address of the page. */
  readonly pageUrl: string;
  /** The level that its highest heading gets; absent leaves headings as they are. */
  readonly topHeading?: number;
  /** Changes the parsed document before it is sanitised: what only its own kind of document understands. */
  before?(root: ParentNode): void;
  /** Changes the sanitised body before it is written. */
  edit?(body: Element): void;
}

/** Sanitised, well nested markup of what stands in the body of `html`. @throws FormatFailure too-large */
export function embedMarkup(html: string, { base, pageUrl, topHeading, before, edit }: ForeignMarkup): string {
  const head = base === undefined ? '' : `<base href="${escapeAttribute(base)}">`;
  const $ = parseDocument(`<!DOCTYPE html>${head}${html}`);
  resolveBase($, pageUrl);
  before?.($.root()[0]!);
  sanitiseDocument($, 'fragment');
  const body = findElement($.root()[0]!, 'body');
  if (body === undefined) return '';
  if (topHeading !== undefined) lowerHeadings(body, topHeading);
  edit?.(body);
  return serialiseNodes(body.children);
}

function lowerHeadings(body: Element, topHeading: number): void {
  let highest = 7;
  walkElements(body, ({ name }) => {
    const level = HEADING.exec(name)?.[1];
    if (level !== undefined) highest = Math.min(highest, Number(level));
  });
  const by = topHeading - highest;
  if (by <= 0) return;
  editTree(body, {
    leave(node) {
      const level = isTag(node) && isHtml(node) ? HEADING.exec(node.name)?.[1] : undefined;
      if (level !== undefined) (node as Element).name = `h${Math.min(6, Number(level) + by)}`;
      return node;
    },
  });
}

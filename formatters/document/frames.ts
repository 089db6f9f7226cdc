/** Frames as links: what they hold is a page of its own. */
import type { CheerioAPI } from 'cheerio';
import type { ChildNode, Element } from 'domhandler';
import { cleanAddress, readUrl } from '../../core/links/address-map.ts';
import { editTree, isHtml, makeElement, makeText, setChildren } from './edit-tree.ts';
import { isBeacon, isTinyPicture } from './furniture.ts';

/**
 * Replaces each `iframe` by a link that bears its title, and a frameset by a list of its frames.
 * Frames that show nothing (beacons, 1 pixel, no address) go.
 */
export function linkFrames($: CheerioAPI, pageUrl: string): void {
  const root = $.root()[0]!;
  editTree(root, {
    leave(node) {
      if (!isHtml(node)) return node;
      if (node.name === 'iframe' || node.name === 'embed') return frameLink(node, pageUrl);
      return node.name === 'frameset' ? framesetBody(node, pageUrl) : node;
    },
  });
}

/** The link that stands for a frame, or `undefined` when the frame shows nothing. */
export function frameLink(frame: Element, pageUrl: string): Element | undefined {
  const src = cleanAddress(frame.attribs['src'] ?? frame.attribs['data-src'] ?? '');
  const url = src === '' ? undefined : readUrl(src, pageUrl);
  if (url === undefined || !/^https?:$/.test(url.protocol) || isTinyPicture(frame) || isBeacon(src)) return undefined;
  const title = frame.attribs['title'] || frame.attribs['aria-label'] || frame.attribs['name'] || hostOf(url);
  return makeElement('a', { href: src }, [makeText(title)]);
}

function framesetBody(frameset: Element, pageUrl: string): Element | readonly ChildNode[] {
  if (frameset.parent !== null && isHtml(frameset.parent) && frameset.parent.name === 'frameset') return frameset;
  const items: ChildNode[] = [];
  const rest: ChildNode[] = [];
  collectFrames(frameset, pageUrl, { items, rest });
  const body = makeElement('body');
  setChildren(body, [makeElement('ul', {}, items), ...rest]);
  return body;
}

/** Frames of this and of inner framesets, and what stands beside them: the content of `noframes`. */
function collectFrames(frameset: Element, pageUrl: string, into: { items: ChildNode[]; rest: ChildNode[] }): void {
  for (const child of frameset.children) {
    if (!isHtml(child)) continue;
    if (child.name === 'frameset') collectFrames(child, pageUrl, into);
    else if (child.name !== 'frame') into.rest.push(child);
    else {
      const link = frameLink(child, pageUrl);
      if (link !== undefined) into.items.push(makeElement('li', {}, [link]));
    }
  }
}

// An address already mapped into the gateway names its own host in the path.
function hostOf(url: URL): string {
  return /^\/https?:\/\/([^/?#]+)/.exec(url.pathname)?.[1] ?? url.host;
}

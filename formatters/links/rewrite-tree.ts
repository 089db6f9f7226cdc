/** Every address in a tree, mapped. */
import { type Element, isTag, isText, type ParentNode } from 'domhandler';
import { type LinkMap, toClient } from '../../core/links/address-map.ts';
import { rewriteCssUrls } from '../../core/links/css-urls.ts';
import { isAddressAttribute } from '../../core/links/html-addresses.ts';
import { formatSrcset, parseSrcset } from '../../core/links/srcset.ts';
import { editTree, isHtml, makeText, setChildren, walkElements } from '../document/edit-tree.ts';
import { isLazyAddress, lazyKind } from '../document/lazy-names.ts';
import { parseDocument } from '../document/parse.ts';
import { serialiseNodes } from '../document/serialise.ts';

// S-4: what a changed page or another origin cannot meet. `srcdoc` is a page of its own that nobody has looked into.
const DROPPED = new Set(['integrity', 'nonce', 'crossorigin', 'ping', 'referrerpolicy', 'manifest', 'attributionsrc']);
const DROPPED_META =
  /^(?:content-security-policy|content-security-policy-report-only|set-cookie|origin-trial|accept-ch)$/i;
// They would open connections past the gateway.
const DROPPED_RELATION = /\b(?:preconnect|dns-prefetch|prerender)\b/i;

/** Maps all addresses below `root`, of whatever attribute, style or `noscript`. */
export function rewriteTree(root: ParentNode, map: LinkMap, base: string): void {
  const rewriter = new TreeRewriter(map, base);
  editTree(root, { enter: (node) => !(isHtml(node) && isTelltale(node)) });
  walkElements(root, (element) => rewriter.element(element));
}

class TreeRewriter {
  readonly #map: LinkMap;
  readonly #base: string;
  // A page links to the same places again and again.
  readonly #known = new Map<string, string | undefined>();
  #isInRaw = false;

  constructor(map: LinkMap, base: string) {
    this.#map = map;
    this.#base = base;
  }

  element(element: Element): void {
    const { attribs } = element;
    for (const name in attribs) {
      const next = this.#attribute(element, name, attribs[name]!);
      if (next === undefined) delete attribs[name];
      else attribs[name] = next;
    }
    if (!isHtml(element)) return;
    if (element.name === 'style') this.#styleSheet(element);
    if (element.name === 'noscript' || element.name === 'noframes') this.#rawMarkup(element);
  }

  #attribute(element: Element, name: string, value: string): string | undefined {
    if (DROPPED.has(name) || (name === 'srcdoc' && this.#map.mode !== 'reverse')) return undefined;
    if (name === 'style') return this.#css(value);
    if (name === 'srcset' || name === 'imagesrcset') return this.#srcset(value);
    if (name === 'rel') return value.replace(/\bnoreferrer\b/gi, 'noopener');
    if (isAddressAttribute(element.name, name)) return this.#address(value);
    if (!isHtml(element) || (element.name !== 'img' && element.name !== 'source')) return value;
    const lazy = lazyKind(name);
    if (lazy === 'source-set') return this.#srcset(value);
    return lazy === 'source' && isLazyAddress(value.trim()) ? this.#address(value) : value;
  }

  #address(value: string): string | undefined {
    if (this.#known.has(value)) return this.#known.get(value);
    const next = toClient(this.#map, value, this.#base);
    this.#known.set(value, next);
    return next;
  }

  #srcset(value: string): string | undefined {
    const mapped = parseSrcset(value).flatMap((candidate) => {
      const url = this.#address(candidate.url);
      return url === undefined ? [] : [{ ...candidate, url }];
    });
    return mapped.length === 0 ? undefined : formatSrcset(mapped);
  }

  #css(css: string): string {
    return rewriteCssUrls(css, (url) => this.#address(url));
  }

  #styleSheet(style: Element): void {
    for (const child of style.children) if (isText(child)) child.data = this.#css(child.data);
  }

  /** What the parser left as raw text for browsers with scripts. */
  #rawMarkup(element: Element): void {
    const raw = element.children.filter((child) => isText(child) && child.data.includes('<'));
    if (raw.length === 0 || element.children.some((child) => isTag(child))) return;
    // Raw text in raw text in raw text … would be parsed as often as it is nested.
    if (this.#isInRaw) {
      setChildren(element, []);
      return;
    }
    const html = element.children.map((child) => (isText(child) ? child.data : '')).join('');
    const inner = parseDocument(`<!DOCTYPE html><body>${html}`);
    const body = inner('body')[0];
    if (body === undefined) return;
    this.#isInRaw = true;
    walkElements(body, (each) => this.element(each));
    this.#isInRaw = false;
    setChildren(element, [makeText(serialiseNodes(body.children))]);
  }
}

function isTelltale({ name, attribs }: Element): boolean {
  if (name === 'link') return DROPPED_RELATION.test(attribs['rel'] ?? '');
  if (name !== 'meta') return false;
  return DROPPED_META.test(attribs['http-equiv']?.trim() ?? '') || attribs['name']?.trim().toLowerCase() === 'referrer';
}

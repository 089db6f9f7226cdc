/** HTML of today in the words of HTML 3.2 and of XHTML Mobile Profile 1.0. */
import type { CheerioAPI } from 'cheerio';
import { type ChildNode, type Element, ProcessingInstruction } from 'domhandler';
import { editTree, isHtml, isWithin, makeElement, makeText, type Replacement, setChildren } from './edit-tree.ts';
import { fitXhtml, inlineOnly } from './xhtml-content.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** A button that a script works says less than this, or is a title. */
const MIN_TITLE = 25;
const HEADING = /^(?:h[1-6]|dt)$/;

interface Markup {
  readonly elements: ReadonlySet<string>;
  readonly attributes: ReadonlySet<string>;
  /** Names that have another word there. */
  readonly renamed: Readonly<Record<string, string>>;
  readonly publicId: string;
  readonly systemId: string;
}

const BOXES = words('article aside details fieldset figure footer header hgroup main nav search section summary');
const FIELDS = words('checkbox file hidden image password radio reset submit text');

const HTML_32: Markup = {
  elements: words(`
    a address area b base big blockquote body br caption center cite code dd dfn dir div dl dt em font form h1 h2 h3 h4
    h5 h6 head hr html i img input kbd li link map menu meta ol option p pre samp select small strike strong sub sup
    table td textarea th title tr tt u ul var`),
  attributes: words(`
    action align alt checked cols colspan content coords enctype height href hspace maxlength method multiple name
    nohref rel rows rowspan selected shape size src start title type usemap value width`),
  renamed: { del: 'strike', s: 'strike', ins: 'u', legend: 'b', figcaption: 'div', q: 'i', label: '', optgroup: '' },
  publicId: '-//W3C//DTD HTML 3.2 Final//EN',
  systemId: '',
};

const XHTML_MP: Markup = {
  elements: words(`
    a abbr acronym address b big blockquote body br caption cite code dd dfn div dl dt em fieldset form h1 h2 h3 h4 h5 h6
    head hr html i img input kbd label li link meta ol optgroup option p pre q samp select small span strong table td
    textarea th title tr ul var`),
  attributes: words(`
    abbr action align alt checked cite cols colspan content enctype for headers height href hreflang id label maxlength method multiple name rel rows rowspan scope selected size src start summary title
    type value width`),
  renamed: {
    del: 'span',
    s: 'span',
    ins: 'span',
    legend: 'b',
    figcaption: 'div',
    tt: 'code',
    u: 'em',
    dir: 'ul',
    menu: 'ul',
  },
  publicId: '-//WAPFORUM//DTD XHTML Mobile 1.0//EN',
  systemId: 'http://www.wapforum.org/DTD/xhtml-mobile10.dtd',
};

/** Turns a lite page into HTML 3.2: boxes without attributes, fields of the five old types, anchors by name. */
export function toHtml32($: CheerioAPI): void {
  translate($, HTML_32);
}

/** Turns a lite page into XHTML Mobile Profile 1.0; `serialiseXhtml` writes it. */
export function toXhtmlMp($: CheerioAPI): void {
  translate($, XHTML_MP);
  const page = $.root()[0]!.children.find(isHtml);
  if (page !== undefined) page.attribs['xmlns'] = 'http://www.w3.org/1999/xhtml';
}

function translate($: CheerioAPI, markup: Markup): void {
  const root = $.root()[0]!;
  editTree(root, { leave: (node) => (isHtml(node) ? translateElement(node, markup) : node) });
  if (markup === XHTML_MP) editTree(root, { leave: (node) => (isHtml(node) ? fitXhtml(node) : node) });
  const doctype = new ProcessingInstruction('!doctype', '!DOCTYPE html');
  doctype['x-name'] = 'html';
  doctype['x-publicId'] = markup.publicId;
  doctype['x-systemId'] = markup.systemId;
  setChildren(root, [doctype, ...root.children.filter(isHtml)]);
}

function translateElement(element: Element, markup: Markup): Replacement {
  const anchor = markup === HTML_32 ? anchorOf(element) : undefined;
  const next = rename(element, markup);
  if (anchor === undefined) return next;
  if (next === undefined) return anchor;
  return Array.isArray(next) ? [anchor, ...next] : [anchor, next as ChildNode];
}

function rename(element: Element, markup: Markup): Replacement {
  const { name, attribs } = element;
  if (name === 'button') return buttonField(element, markup);
  if (name === 'input' && !FIELDS.has(attribs['type'] ?? 'text')) attribs['type'] = 'text';
  const next = Object.hasOwn(markup.renamed, name)
    ? markup.renamed[name]!
    : BOXES.has(name) && !markup.elements.has(name)
      ? 'div'
      : name;
  if (!markup.elements.has(next)) return element.children;
  element.name = next;
  keepAttributes(element, markup);
  if (next === 'a') setChildren(element, inlineOnly(element.children));
  return element;
}

function keepAttributes(element: Element, markup: Markup): void {
  const { attribs, name } = element;
  if (markup === XHTML_MP && attribs['lang'] !== undefined) attribs['xml:lang'] = attribs['lang'];
  if (markup === XHTML_MP && name === 'a' && attribs['name'] !== undefined) {
    attribs['id'] ??= attribs['name'];
    delete attribs['name'];
  }
  for (const attribute in attribs) {
    const isBare = markup === HTML_32 && (name === 'div' || name === 'p');
    const isRoot = attribute === 'xml:lang' || attribute === 'xmlns';
    if (!isRoot && (isBare || !markup.attributes.has(attribute))) delete attribs[attribute];
  }
}

/**
 * A button is a field that sends: `button` came later than both. One without a name sends none; one that only a script
 * would work goes, but where it is the title of a part of the page.
 */
function buttonField(button: Element, markup: Markup): Replacement {
  const type = button.attribs['type'] ?? 'submit';
  const label = labelOf(button);
  if (button.attribs['type'] !== 'submit' && isWithin(button, HEADING)) return button.children;
  if (type === 'button') return label.length < MIN_TITLE ? undefined : [makeElement('b', {}, button.children)];
  const field = makeElement('input', {
    type,
    ...(button.attribs['name'] ? { name: button.attribs['name'] } : {}),
    value: label,
  });
  keepAttributes(field, markup);
  return field;
}

function labelOf(button: Element): string {
  let text = '';
  editTree(button, {
    leave(node) {
      if ('data' in node) text += node.data;
      return node;
    },
  });
  return text.replace(/\s+/g, ' ').trim() || button.attribs['value'] || button.attribs['aria-label'] || 'OK';
}

/** HTML 3.2 knows no `id`: a place that is linked to is named by an anchor before it. */
function anchorOf(element: Element): Element | undefined {
  const { id } = element.attribs;
  if (id === undefined || element.name === 'form') return undefined;
  if (element.name === 'a') {
    element.attribs['name'] ??= id;
    return undefined;
  }
  const isInside = /^(?:li|td|th|tr|dt|dd|caption|option|input|body|html|thead|tbody|tfoot)$/.test(element.name);
  const anchor = makeElement('a', { name: id }, [makeText('')]);
  if (!isInside) return anchor;
  if (/^(?:li|td|th|dt|dd|caption|body)$/.test(element.name)) setChildren(element, [anchor, ...element.children]);
  return undefined;
}

import type { CheerioAPI } from 'cheerio';
import { type ChildNode, type Element, isTag, type ParentNode } from 'domhandler';
import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { findElement, makeElement, makeText, setChildren, textOf, walkElements } from '../document/edit-tree.ts';
import { finishPage } from '../document/finish-page.ts';
import { loadLazyImages } from '../document/lazy-images.ts';
import { tellLeftOut } from '../document/page-bar.ts';
import { type PageDemand, pageOptionsSchema, parsePageOptions, readPageDemand } from '../document/page-demand.ts';
import { FactsReader, nameOfAddress, type PageFacts, tellFacts } from '../document/page-facts.ts';
import { parseDocument } from '../document/parse.ts';
import { preparePage } from '../document/prepare-page.ts';
import { sanitiseDocument } from '../document/sanitise.ts';
import { strip } from '../document/strip.ts';
import { tidy } from '../document/tidy.ts';
import { type Choice, chooseAround, chooseContent } from './choose.ts';
import { omitDialogues } from './dialogues.ts';
import { pageDataOf, readPageData } from './page-data.ts';
import { KindReader, type PageKind } from './page-kind.ts';
import { withoutSite } from './page-title.ts';
import { type ProductFacts, readProductFacts } from './product-facts.ts';
import { countStatistics, type Omission } from './statistics.ts';
import { isInline, type Survey, surveyPage, textLength } from './survey.ts';

/** A page with less text than this is drawn by scripts: its data are looked at. */
const MIN_TEXT = 300;

/**
 * The main content: title, byline, text, pictures, tables, code and lists, without the site around them.
 *
 * Use it for e-readers, for agents, and before a formatter to Markdown, text or books. A scorer on the parsed tree finds
 * an article; where it would lose too much (lists, shops, home pages) all but the site's own parts stay, and where even
 * that is nothing, the page, its data or its description: never empty. In threads what visitors wrote is content, below
 * an article it is not. A page to sign in, to write or to search on is its form and
 * the words beside it. What was left out is told by the note `left-out`. `demands.article` takes what `lite` takes.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'html-article',
  version: '1.4.1',
  title: 'Main content',
  reads: 'document',
  edges: [{ from: 'text/html', to: 'text/html', keeps: 0.8, cost: 7, meets: ['article'] }],
  optionsSchema: pageOptionsSchema,
  parseOptions: parsePageOptions,
  format: formatArticle,
} satisfies Formatter;

function formatArticle(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const $ = input.document!;
  const demand = readPageDemand(want.demands['article'], want.options);
  const prepared = preparePage(input, env);
  const { self, kind, data } = readPage($, input.url);
  const options = { demand, pageUrl: input.url, dropsHidden: true };
  const gone = strip($, options);
  const body = findElement($.root()[0]!, 'body');
  if (body === undefined) return { mediaType: want.mediaType, document: $, ...prepared };
  const survey = surveyPage(body);
  const form = findForm(survey, data);
  if (form !== undefined) {
    env.note('left-out', { found: 'form', wholePage: self.canonical ?? input.url });
    const choice = chooseAround(survey, form);
    const leftOut = tellBeside(choice);
    keepChoice(body, choice);
    addTitle(body, self, { isArticle: false, url: input.url });
    tidy(body, { foldsNavigation: false, namesIcons: true });
    sanitiseDocument($, 'lite');
    finishPage($, demand, { shown: 'article', pageUrl: input.url, leftOut, note: env.note });
    return { mediaType: want.mediaType, document: $, ...prepared };
  }
  const omitted: Omission = new Uint8Array(survey.elements.length);
  omitDialogues(survey, omitted);
  const shown = countStatistics(survey, omitted).text[0]!;
  const isFilled = shown < MIN_TEXT && fillFromData(body, { data, shown }, options);
  const filled = isFilled ? surveyPage(body) : survey;
  const choice = chooseContent(filled, kind, isFilled ? new Uint8Array(filled.elements.length) : omitted);
  const leftOut = [tellBeside(choice), tellLeftOut(gone)].filter((each) => each !== '').join(', ');
  noteLeftOut(choice, self.canonical ?? input.url, env);
  keepChoice(body, choice);
  if (kind === 'product') addFacts(body, readProductFacts(data), options);
  addTitle(body, self, { isArticle: kind === 'other' && choice.rung === 'article', url: input.url });
  tidy(body, { foldsNavigation: false, namesIcons: false });
  sanitiseDocument($, 'fragment');
  tellFacts($, self);
  finishPage($, demand, { shown: 'article', pageUrl: input.url, leftOut, note: env.note });
  return { mediaType: want.mediaType, document: $, ...prepared };
}

/** What the page says of itself, in one walk, while its scripts are there. */
function readPage($: CheerioAPI, url: string): { self: PageFacts; kind: PageKind; data: readonly string[] } {
  const self = new FactsReader(true);
  const kind = new KindReader(url);
  const data: string[] = [];
  walkElements($.root()[0]!, (element) => {
    self.read(element);
    kind.read(element);
    const own = pageDataOf(element);
    if (own.length > 0) data.push(...own);
  });
  return { self: self.facts(), kind: kind.kind(), data };
}

/** A page with more text than this (spaces aside) is not there for its form: comments, or a dialogue to sign in, are beside the point. */
const MAX_FORM_TEXT = 2000;
/** Nor is one with more sentences than this besides: an opinion of the page may be given below them. */
const MAX_FORM_PROSE = 600;

/** A page that has next to nothing beside its form, as those to search from, is there for it whatever it asks. */
const MAX_BESIDE_FORM = 200;
const MAX_FORM_LINKS = 5;

/** The form that a page with little else is there for: to sign in, to write in, or the only thing there. */
function findForm(survey: Survey, data: readonly string[]): number | undefined {
  if (textLength(survey, 0) > MAX_FORM_TEXT) return undefined;
  const { elements, ends } = survey;
  const findWith = (accepts: (field: Element) => boolean) =>
    elements.findIndex((form, i) => form.name === 'form' && elements.slice(i + 1, ends[i]).some(accepts));
  const [toFillIn, toAsk] = [findWith(takesText), findWith(asks)];
  if (toFillIn < 0 && toAsk < 0) return undefined;
  const { prose, links } = countStatistics(survey, new Uint8Array(elements.length));
  if (toFillIn >= 0 && prose[0]! - prose[toFillIn]! <= MAX_FORM_PROSE) return toFillIn;
  if (toAsk < 0 || textLength(survey, 0) - textLength(survey, toAsk) > MAX_BESIDE_FORM) return undefined;
  // Some systems put the whole page into a form.
  if (prose[toAsk]! > MAX_BESIDE_FORM || links[toAsk]! > MAX_FORM_LINKS) return undefined;
  // One that scripts would fill says more in its data.
  return readPageData(data).join('').length > MAX_BESIDE_FORM ? undefined : toAsk;
}

function asks({ name, attribs }: Element): boolean {
  const type = attribs['type']?.toLowerCase() ?? 'text';
  return name === 'select' || (name === 'input' && /^(?:text|search|email|tel|url|number|date)$/.test(type));
}

function takesText({ name, attribs }: Element): boolean {
  return name === 'textarea' || (name === 'input' && attribs['type']?.toLowerCase() === 'password');
}

/** Puts the page's data where its text should be, when there is next to none and the data have more. */
function fillFromData(
  body: Element,
  { data, shown }: { data: readonly string[]; shown: number },
  options: { demand: PageDemand; pageUrl: string; dropsHidden: boolean },
): boolean {
  const pieces = readPageData(data);
  if (pieces.join('').length <= shown) return false;
  const $: CheerioAPI = parseDocument(`<!DOCTYPE html><body>${pieces.map((each) => `<div>${each}</div>`).join('')}`);
  loadLazyImages($);
  strip($, options);
  const filled = findElement($.root()[0]!, 'body');
  if (filled !== undefined) setChildren(body, filled.children);
  return filled !== undefined;
}

/** A description of which less than this share of its words is shown is missing. */
const SHOWN_SHARE = 0.5;

/** What the page's data say of the thing for sale and its text does not: description and price. */
function addFacts(
  body: Element,
  facts: ProductFacts | undefined,
  options: { demand: PageDemand; pageUrl: string; dropsHidden: boolean },
): void {
  if (facts === undefined) return;
  const shown = textOf(body).toLowerCase();
  const added: ChildNode[] = [];
  if (facts.description !== undefined) {
    const $ = parseDocument(`<!DOCTYPE html><body><div>${facts.description}</div>`);
    strip($, options);
    const described = findElement($.root()[0]!, 'body');
    const words =
      described === undefined
        ? []
        : (textOf(described)
            .toLowerCase()
            .match(/[\p{L}\p{N}]{4,}/gu) ?? []);
    const known = new Set(shown.match(/[\p{L}\p{N}]{4,}/gu));
    const isMissing = words.filter((word) => known.has(word)).length < words.length * SHOWN_SHARE;
    if (described !== undefined && isMissing) added.push(...described.children);
  }
  const amount = facts.price?.replace(/(?:[.,]0+)?(?: [A-Z]{3})?$/, '');
  if (amount !== undefined && !shown.replace(/[\s,.]/g, '').includes(amount.replace(/[,.]/g, '')))
    added.push(makeElement('p', {}, [makeText(facts.price!)]));
  if (added.length === 0) return;
  const heading = findElement(body, 'h1');
  const parent = heading?.parent;
  if (heading === undefined || !parent || !isTag(parent) || isInline(parent))
    setChildren(body, [...added, ...body.children]);
  else setChildren(parent, parent.children.toSpliced(parent.children.indexOf(heading) + 1, 0, ...added));
}

function keepChoice(body: Element, { root, skipped }: Choice): void {
  const parents = new Set<ParentNode>();
  for (const { parent } of skipped) if (parent !== null) parents.add(parent);
  for (const parent of parents)
    setChildren(
      parent,
      parent.children.filter((child) => !(isTag(child) && skipped.has(child))),
    );
  if (root !== body) setChildren(body, root.children);
}

/**
 * The title as first heading, when the content has none (lists and shops: none at all); under an article's who wrote it when.
 * A page without text is its description, one without any its address.
 */
function addTitle(body: Element, self: PageFacts, { isArticle, url }: { isArticle: boolean; url: string }): void {
  const lead: ChildNode[] = [];
  const title = withoutSite(self.title, self.siteName);
  if (isArticle && title !== undefined) raiseTitle(body, title);
  const hasHeading = (isArticle ? ['h1'] : ['h1', 'h2', 'h3']).some((name) => findElement(body, name) !== undefined);
  if (title !== undefined && !hasHeading) lead.push(makeElement('h1', {}, [makeText(title)]));
  // A page that names its author has a line of its own that tells when, too.
  if (isArticle && self.author !== undefined && !textOf(body).includes(self.author)) {
    const byline = [self.author, self.date?.slice(0, 10)].filter((each) => each !== undefined);
    const line = makeElement('p', {}, [makeText(byline.join(', '))]);
    const heading = findElement(body, 'h1');
    if (heading?.parent)
      setChildren(
        heading.parent,
        heading.parent.children.flatMap((child) => (child === heading ? [child, line] : [child])),
      );
    else lead.push(line);
  }
  const isEmpty = textOf(body).trim() === '';
  if (isEmpty && self.description !== undefined) lead.push(makeElement('p', {}, [makeText(self.description)]));
  if (isEmpty && lead.length === 0) lead.push(makeElement('h1', {}, [makeText(nameOfAddress(url))]));
  setChildren(body, [...lead, ...body.children]);
}

/** Makes the first heading the title where it says the same, the name of the site aside: it would be there twice. */
function raiseTitle(body: Element, title: string): void {
  let heading: Element | undefined;
  walkElements(body, (each) => {
    if (heading === undefined && /^h[1-6]$/.test(each.name) && textOf(each).trim() !== '') heading = each;
    return heading === undefined;
  });
  if (heading === undefined) return;
  const [own, whole] = [textOf(heading), title].map((text) => text.replace(/\s+/g, ' ').trim().toLowerCase());
  const rest = whole!.startsWith(own!) ? whole!.slice(own!.length) : undefined;
  if (rest !== undefined && /^(?:$| [|·•»–—-] )/.test(rest)) heading.name = 'h1';
}

function tellBeside({ whole, kept }: Choice): string {
  return kept < whole ? `${Math.ceil(((whole - kept) / whole) * 100)} % of the text, beside this` : '';
}

function noteLeftOut({ rung, whole, kept }: Choice, wholePage: string, env: FormatEnv): void {
  if (kept < whole) env.note('left-out', { found: rung, characters: whole - kept, of: whole, wholePage });
}

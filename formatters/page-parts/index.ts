import type { Element } from 'domhandler';
import type { FormatEnv, FormatInput, FormatResult, Formatter, PlainData, Want } from '../../core/component.ts';
import { findElement, isHtml, makeElement, makeText, setChildren, walkElements } from '../document/edit-tree.ts';
import { serialiseDocument } from '../document/serialise.ts';
import { serialiseXhtml } from '../document/serialise-xhtml.ts';
import { type SizeOf, sizeIn } from '../document/text/charset-size.ts';
import { splitBody } from './split-body.ts';

/**
 * A long page in parts, for clients that take only so many bytes at a time.
 *
 * Parts end where blocks end: a form, a row, a picture with its words is never cut, a heading stays with what it is the
 * heading of, a list or table that goes on begins anew in the next part. Each part leads to the one before and the one
 * after it, and places that are linked to are found in the part they are in. A page that fits is left alone.
 * `demands.split` is `{ maxBytes, charset, part, before, after }`: bytes are those in the charset, the address of part n is
 * `before` n `after`. Runs last.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'page-parts',
  version: '1.0.1',
  title: 'Long pages in parts',
  reads: 'document',
  edges: [
    { from: 'text/html', to: 'text/html', keeps: 1, cost: 3, meets: ['split'] },
    {
      from: 'application/vnd.wap.xhtml+xml',
      to: 'application/vnd.wap.xhtml+xml',
      keeps: 1,
      cost: 3,
      meets: ['split'],
    },
  ],
  format: formatPart,
} satisfies Formatter;

interface SplitDemand {
  readonly maxBytes: number;
  readonly sizeOf: SizeOf;
  readonly part: number;
  readonly before: string;
  readonly after: string;
}

/** A part holds this much of the page whatever stands around it, bytes. */
const MIN_ROOM = 500;

function formatPart(input: FormatInput, want: Want, env: FormatEnv): FormatResult {
  const $ = input.document!;
  const demand = readDemand(want.demands['split']) ?? env.cannot('the demand `split` says nothing');
  const isXml = want.mediaType !== 'text/html';
  const write = () => (isXml ? serialiseXhtml($) : serialiseDocument($));
  const whole = write();
  const asItWas = isXml ? { mediaType: want.mediaType, body: whole } : { mediaType: want.mediaType, document: $ };
  const body = findElement($.root()[0]!, 'body');
  const { sizeOf } = demand;
  const total = sizeOf(whole);
  if (total <= demand.maxBytes || body === undefined) return asItWas;
  const around = total - sizeOf(contentOf(body, write)) + partsNavigation(demand, { part: 10, of: 99 }).bytes;
  const parts = splitBody(body, Math.max(MIN_ROOM, demand.maxBytes - around), sizeOf);
  if (parts.length < 2) return asItWas;
  const part = Math.min(demand.part, parts.length);
  env.note('page.part', { part, of: parts.length });
  const { element } = partsNavigation(demand, { part, of: parts.length });
  setChildren(body, [...parts[part - 1]!, element]);
  leadToParts(parts, body, { demand, part });
  keepUniqueIds(body);
  return isXml ? { mediaType: want.mediaType, body: write() } : { mediaType: want.mediaType, document: $ };
}

/** The body's content as it is written: what is left of the page is around it. */
function contentOf(body: Element, write: () => string): string {
  const children = body.children;
  const whole = write();
  setChildren(body, []);
  const empty = write();
  setChildren(body, children);
  return whole.slice(0, Math.max(0, whole.length - empty.length));
}

interface Place {
  readonly part: number;
  readonly of: number;
}

function partsNavigation({ before, after }: SplitDemand, { part, of }: Place): { element: Element; bytes: number } {
  const link = (to: number, words: string) => makeElement('a', { href: `${before}${to}${after}` }, [makeText(words)]);
  const content = [
    makeText(`Part ${part} of ${of}`),
    ...(part > 1 ? [makeText(' · '), link(part - 1, 'Back')] : []),
    ...(part < of ? [makeText(' · '), link(part + 1, 'Next part')] : []),
  ];
  const element = makeElement('p', {}, content);
  return { element, bytes: 2 * (before.length + after.length) + 120 };
}

/** Links to a place on the page lead to the part that the place is in. */
function leadToParts(
  parts: ReturnType<typeof splitBody>,
  body: Element,
  { demand, part }: { demand: SplitDemand; part: number },
): void {
  const partOf = new Map<string, number>();
  for (const [index, nodes] of parts.entries())
    for (const node of nodes) {
      if (!isHtml(node)) continue;
      const note = ({ attribs }: Element) => {
        for (const name of [attribs['id'], attribs['name']])
          if (name !== undefined && !partOf.has(name)) partOf.set(name, index + 1);
      };
      note(node);
      walkElements(node, note);
    }
  walkElements(body, ({ name, attribs }) => {
    const href = attribs['href'];
    if (name !== 'a' || href === undefined || !href.startsWith('#')) return;
    const at = partOf.get(href.slice(1));
    if (at !== undefined && at !== part) attribs['href'] = `${demand.before}${at}${demand.after}${href}`;
  });
}

/** What goes on in the next part was begun anew: its name stays with the first. */
function keepUniqueIds(body: Element): void {
  const seen = new Set<string>();
  walkElements(body, ({ attribs }) => {
    const id = attribs['id'];
    if (id === undefined) return;
    if (seen.has(id)) delete attribs['id'];
    seen.add(id);
  });
}

function readDemand(value: PlainData | undefined): SplitDemand | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { maxBytes, charset, part, before, after } = value;
  if (typeof maxBytes !== 'number' || maxBytes <= 0 || typeof before !== 'string' || typeof after !== 'string')
    return undefined;
  const place = typeof part === 'number' && part >= 1 ? Math.floor(part) : 1;
  return { maxBytes, sizeOf: sizeIn(typeof charset === 'string' ? charset : undefined), part: place, before, after };
}

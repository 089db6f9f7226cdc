/** Forms that go on working when the page around them changes. */
import type { CheerioAPI } from 'cheerio';
import { type ChildNode, type Element, hasChildren, isTag, type ParentNode } from 'domhandler';
import { editTree, isHtml, makeElement, setChildren, walkElements } from './edit-tree.ts';

const TABLE_PARTS = new Set([
  'table',
  'thead',
  'tbody',
  'tfoot',
  'tr',
  'colgroup',
  'ul',
  'ol',
  'dl',
  'select',
  'optgroup',
]);

/**
 * Has browsers send what they always sent: the page is served in UTF-8, its forms are read by an origin that wrote in
 * `charset`. A form that names its own charset keeps it.
 */
export function keepFormCharset($: CheerioAPI, charset: string): void {
  walkElements($.root()[0]!, (element) => {
    if (element.name === 'form') element.attribs['accept-charset'] ??= charset;
  });
}

/**
 * Puts fields that stand outside of their form (`form="…"`, as the parser leaves a form that starts between table rows)
 * back into it, for browsers that do not know the attribute: the form moves around the nearest element that holds both.
 * A form that would then hold another stays as it is.
 */
export function encloseFields($: CheerioAPI): void {
  const forms = new Map<string, Element>();
  const fields = new Map<Element, Element[]>();
  walkElements($.root()[0]!, (element) => {
    if (element.name === 'form' && element.attribs['id'] !== undefined) forms.set(element.attribs['id'], element);
  });
  walkElements($.root()[0]!, (element) => {
    const form = forms.get(element.attribs['form'] ?? '');
    if (form === undefined || ancestorsOf(element).includes(form)) return;
    fields.set(form, [...(fields.get(form) ?? []), element]);
  });
  for (const [form, outside] of fields) enclose(form, outside);
}

function enclose(form: Element, outside: readonly Element[]): void {
  let common = ancestorsOf(form);
  for (const field of outside) {
    const above = new Set(ancestorsOf(field));
    common = common.filter((each) => above.has(each));
  }
  const around = common.find((each) => !TABLE_PARTS.has(each.name));
  if (around === undefined || common.some((each) => each.name === 'form')) return;
  const holds = new Set([form, ...outside].flatMap((each) => [each, ...ancestorsOf(each)]));
  const first = around.children.findIndex((child) => isTag(child) && holds.has(child));
  const last = around.children.findLastIndex((child) => isTag(child) && holds.has(child));
  const inside = around.children.slice(first, last + 1);
  if (inside.reduce((sum, child) => sum + countForms(child), 0) > 1) return;
  const moved = makeElement('form', form.attribs);
  setChildren(around, [...around.children.slice(0, first), moved, ...around.children.slice(last + 1)]);
  setChildren(moved, inside);
  editTree(moved, { leave: (node) => (node === form ? form.children : node) });
  for (const field of outside) delete field.attribs['form'];
}

function ancestorsOf(node: Element): Element[] {
  const above: Element[] = [];
  for (let up: ParentNode | null = node.parent; up !== null && isTag(up); up = up.parent) above.push(up);
  return above;
}

function countForms(node: ChildNode): number {
  let count = isHtml(node) && node.name === 'form' ? 1 : 0;
  if (hasChildren(node))
    walkElements(node, (element) => {
      if (element.name === 'form') count++;
    });
  return count;
}

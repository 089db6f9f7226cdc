/** Which element may stand in which by the document type of XHTML Mobile Profile 1.0 (CT-18). */
import type { ChildNode, Element } from 'domhandler';
import { isHtml, makeElement, setChildren } from './edit-tree.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const BLOCKS = words('address blockquote div dl fieldset form h1 h2 h3 h4 h5 h6 hr ol p pre table ul');
const INLINE_ONLY = words(
  'a abbr acronym address b big caption cite code dfn dt em h1 h2 h3 h4 h5 h6 i kbd label p pre q samp small span strong var',
);
const LOOSE = words('li dd dt td th tr caption legend');

/** Makes an element's attributes and children such as its type demands; its children have been fitted already. */
export function fitXhtml(element: Element): Element {
  const { name, attribs } = element;
  if (name === 'img') attribs['alt'] ??= '';
  if (name === 'form') attribs['action'] ??= '';
  if (name === 'textarea') {
    attribs['rows'] ??= '3';
    attribs['cols'] ??= '20';
  }
  if (name === 'ul' || name === 'ol') {
    delete attribs['type'];
    setChildren(element, itemsOnly(element.children, ['li']));
  } else if (name === 'dl') setChildren(element, itemsOnly(element.children, ['dd', 'dt']));
  else if (INLINE_ONLY.has(name)) setChildren(element, inlineOnly(element.children));
  else if (name === 'body' || name === 'form' || name === 'blockquote')
    setChildren(element, boxLines(element.children));
  else if (name === 'div' || name === 'td' || name === 'th' || name === 'li' || name === 'dd')
    setChildren(element, element.children.map(boxLoose));
  if (name === 'head' && !element.children.some((child) => isHtml(child) && child.name === 'title'))
    setChildren(element, [makeElement('title'), ...element.children]);
  return element;
}

/** Children with the blocks among them opened: what they held stands in lines. */
export function inlineOnly(children: readonly ChildNode[]): ChildNode[] {
  return children.flatMap((child, i) => {
    if (!isHtml(child)) return [child];
    setChildren(child, inlineOnly(child.children));
    if (child.name === 'hr') return [makeElement('br')];
    if (!BLOCKS.has(child.name) && !LOOSE.has(child.name)) return [child];
    return i === children.length - 1 ? child.children : [...child.children, makeElement('br')];
  });
}

/** The children of a list: what is no item stands in one. */
function itemsOnly(children: readonly ChildNode[], items: readonly string[]): ChildNode[] {
  return children.flatMap((child) => {
    if (isHtml(child) && items.includes(child.name)) return [child];
    if ('data' in child ? child.data.trim() === '' : isHtml(child) && (child.name === 'br' || child.name === 'hr'))
      return [];
    return [makeElement(items[0]!, {}, [boxLoose(child)])];
  });
}

/** Text and inline elements in a row stand in boxes of their own. */
function boxLines(children: readonly ChildNode[]): ChildNode[] {
  const out: ChildNode[] = [];
  let line: ChildNode[] = [];
  const flush = (): void => {
    if (line.some((each) => !('data' in each) || each.data.trim() !== '')) out.push(makeElement('div', {}, line));
    line = [];
  };
  for (const child of children.map(boxLoose)) {
    if (isHtml(child) && BLOCKS.has(child.name)) {
      flush();
      out.push(child);
    } else line.push(child);
  }
  flush();
  return out.length === 0 ? [makeElement('div')] : out;
}

/** A list item or a cell without its list or table is a box. */
function boxLoose(child: ChildNode): ChildNode {
  return isHtml(child) && LOOSE.has(child.name) ? makeElement('div', {}, child.children) : child;
}

/** Elements that say nothing: wrappers around one thing, empty boxes, spaces between blocks. */
import { type ChildNode, type Element, isTag, isText, type ParentNode } from 'domhandler';
import { editTree, isHtml, makeText, setChildren, walkElements } from './edit-tree.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

const WRAPPERS = words('div section center article main header footer aside hgroup figure');
const BARE = words('span font bdi data big small tt nobr');
const REFERENCES = ['for', 'aria-labelledby', 'aria-describedby', 'headers', 'list', 'form', 'aria-details'];
const REPLACED = words(`
  area audio br button canvas col embed hr iframe img input link math meta meter object option output picture progress
  select source svg td textarea th title track video wbr`);
export const BLOCKS = words(`
  address article aside blockquote body caption center col colgroup dd details dialog dir div dl dt fieldset figcaption
  figure footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li link main menu meta nav ol optgroup option p
  pre search section select style summary table tbody td tfoot th thead title tr ul`);
const KEEPS_SPACE = words('pre textarea listing script style');

/** The `id`s and anchor names that something on the page refers to. */
export function findReferences(root: ParentNode): Set<string> {
  const references = new Set<string>();
  walkElements(root, ({ attribs }) => {
    const href = attribs['href'];
    if (href !== undefined && href.length > 1 && href.startsWith('#')) {
      references.add(href.slice(1));
      references.add(decodeFragment(href.slice(1)));
    }
    if (attribs['usemap'] !== undefined) references.add(attribs['usemap'].slice(1));
    for (const name of REFERENCES) for (const id of attribs[name]?.split(/\s+/) ?? []) references.add(id);
  });
  return references;
}

/**
 * Collapses what is below `body`: boxes in boxes, boxes around nothing, bare spans, runs of spaces. Elements that are
 * referred to, named for assistive technology, or of another language or direction stay. With `namesIcons` an empty
 * element gives way to its label.
 */
export function collapse(body: Element, references: ReadonlySet<string>, namesIcons: boolean): void {
  editTree(body, {
    leave(node) {
      if (isText(node)) return collapseText(node);
      if (!isHtml(node)) return node;
      if (!KEEPS_SPACE.has(node.name)) trimBlocks(node);
      return collapseElement(node, references, namesIcons);
    },
  });
  trimBlocks(body);
}

function collapseElement(
  element: Element,
  references: ReadonlySet<string>,
  namesIcons: boolean,
): ChildNode | readonly ChildNode[] | undefined {
  const { name, children, attribs } = element;
  const speaks = isReferred(element, references) || hasMeaning(attribs);
  const isEmpty = children.every((child) => isText(child) && child.data.trim() === '');
  if (isEmpty && !REPLACED.has(name)) {
    if (isReferred(element, references)) return element;
    // An icon drawn by styles is what its label says.
    const label = attribs['aria-hidden'] === 'true' ? '' : (attribs['aria-label'] ?? attribs['title'] ?? '').trim();
    if (namesIcons && label !== '' && !BLOCKS.has(name)) return makeText(label);
    return children.length === 0 && name !== 'label'
      ? undefined
      : name === 'pre' || name === 'label'
        ? element
        : makeText(' ');
  }
  if (speaks) return element;
  if (BARE.has(name) && Object.keys(attribs).length === 0) return children;
  if (!WRAPPERS.has(name)) return element;
  const isPlain = name === 'div' || name === 'section' || name === 'center';
  const blocks = children.filter((child) => isTag(child) && BLOCKS.has(child.name)).length;
  // A box around blocks alone arranges them; a box around text is its paragraph.
  if (isPlain && blocks === children.length) return children;
  return element;
}

function isReferred({ attribs }: Element, references: ReadonlySet<string>): boolean {
  return (
    (attribs['id'] !== undefined && references.has(attribs['id'])) ||
    (attribs['name'] !== undefined && references.has(attribs['name']))
  );
}

function hasMeaning(attribs: Readonly<Record<string, string>>): boolean {
  for (const name in attribs)
    if (name === 'lang' || name === 'dir' || name === 'role' || name === 'title' || name.startsWith('aria-'))
      return true;
  return false;
}

function collapseText(node: ChildNode & { data: string }): ChildNode {
  for (let up = node.parent; up !== null; up = up.parent) if (isTag(up) && KEEPS_SPACE.has(up.name)) return node;
  node.data = node.data.replace(/[\t\n\f\r ]+/g, ' ');
  return node;
}

/** Joins neighbouring texts and drops the spaces beside blocks. */
function trimBlocks(element: Element): void {
  const kept: ChildNode[] = [];
  for (const child of element.children) {
    const last = kept.at(-1);
    if (isText(child) && last !== undefined && isText(last))
      last.data = (last.data + child.data).replace(/[\t\n\f\r ]+/g, ' ');
    else kept.push(child);
  }
  const isBlock = BLOCKS.has(element.name);
  const trimmed = kept.filter((child, i) => {
    if (!isText(child)) return true;
    const before = kept[i - 1];
    const after = kept[i + 1];
    if (before === undefined ? isBlock : isBlockNode(before)) child.data = child.data.replace(/^[\t\n\f\r ]+/, '');
    if (after === undefined ? isBlock : isBlockNode(after)) child.data = child.data.replace(/[\t\n\f\r ]+$/, '');
    return child.data !== '';
  });
  if (trimmed.length !== element.children.length) setChildren(element, trimmed);
}

function isBlockNode(node: ChildNode): boolean {
  return isTag(node) && (BLOCKS.has(node.name) || node.name === 'br');
}

function decodeFragment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray percent sign: the fragment means itself.
    return text;
  }
}

/**
 * Changing a parsed tree in one pass. Recursion is safe here: `parseDocument` bounds the depth.
 */
import { type AnyNode, type ChildNode, Element, hasChildren, isTag, isText, type ParentNode, Text } from 'domhandler';

export const HTML_NAMESPACE = 'http://www.w3.org/1999/xhtml';

/** What becomes of a node: itself or another, several in its place, or nothing. */
export type Replacement = ChildNode | readonly ChildNode[] | undefined;

export interface TreeEdit {
  /** Asked on the way down; `false` drops the node with all it holds. Default: nothing is dropped. */
  enter?(node: ChildNode): boolean;
  /** Asked on the way up, when the node's children have been edited already. Default: the node stays. */
  leave?(node: ChildNode): Replacement;
}

/** Edits all that `parent` holds. Linear, however many nodes go or come. */
export function editTree(parent: ParentNode, edit: TreeEdit): void {
  const { children } = parent;
  // Most elements keep the children they have: nothing is made for them.
  let kept: ChildNode[] | undefined;
  for (let i = 0; i < children.length; i++) {
    const child = children[i]!;
    if (edit.enter?.(child) === false) {
      kept ??= children.slice(0, i);
      continue;
    }
    if (hasChildren(child)) editTree(child, edit);
    const next = edit.leave === undefined ? child : edit.leave(child);
    if (next === child) kept?.push(child);
    else {
      kept ??= children.slice(0, i);
      if (Array.isArray(next)) for (const each of next) kept.push(each);
      else if (next !== undefined) kept.push(next as ChildNode);
    }
  }
  if (kept !== undefined) setChildren(parent, kept);
}

/** Makes `nodes` the children of `parent`, in order. */
export function setChildren(parent: ParentNode, nodes: ChildNode[]): void {
  parent.children = nodes;
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!;
    node.parent = parent;
    node.prev = nodes[i - 1] ?? null;
    node.next = nodes[i + 1] ?? null;
  }
}

/** An HTML element; its attribute table has no prototype. */
export function makeElement(
  name: string,
  attributes: Readonly<Record<string, string>> = {},
  children: ChildNode[] = [],
): Element {
  const element = new Element(name, Object.assign(Object.create(null), attributes), []);
  element.namespace = HTML_NAMESPACE;
  setChildren(element, children);
  return element;
}

/** A text node. */
export function makeText(text: string): Text {
  return new Text(text);
}

/** True for an element of HTML, not of SVG or MathML. */
export function isHtml(node: AnyNode): node is Element {
  return isTag(node) && (node.namespace === undefined || node.namespace === HTML_NAMESPACE);
}

/** The first HTML element of this name below `parent`, in document order. */
export function findElement(parent: ParentNode, name: string): Element | undefined {
  return findByName(parent, name, isHtml);
}

/** The first element of this name below `parent`, of any namespace, that the test accepts. */
export function findByName(
  parent: ParentNode,
  name: string,
  accept: (element: Element) => boolean = () => true,
): Element | undefined {
  for (const child of parent.children) {
    if (isTag(child) && child.name === name && accept(child)) return child;
    const found = hasChildren(child) ? findByName(child, name, accept) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** True where an element below `parent`, of any namespace, is accepted. */
export function hasBelow(parent: ParentNode, accept: (element: Element) => boolean): boolean {
  return parent.children.some((child) => isTag(child) && (accept(child) || hasBelow(child, accept)));
}

/** True where an element above is called so. */
export function isWithin({ parent }: Element, name: RegExp): boolean {
  for (let up = parent; up !== null && isTag(up); up = up.parent) if (name.test(up.name)) return true;
  return false;
}

/** Calls `visit` for every element below `parent` in document order; one that returns `false` is not entered. */
export function walkElements(parent: ParentNode, visit: (element: Element) => unknown): void {
  for (const child of parent.children) {
    if (isTag(child) && visit(child) === false) continue;
    if (hasChildren(child)) walkElements(child, visit);
  }
}

/** As `textOf`, but no more than is needed to see that it is longer than `max` characters. */
export function textUpTo(node: AnyNode, max: number): string {
  if (isText(node)) return node.data.slice(0, max + 1);
  if (!hasChildren(node) || (isTag(node) && (node.name === 'script' || node.name === 'style'))) return '';
  let text = '';
  for (const child of node.children) {
    text += textUpTo(child, max - text.length);
    if (text.length > max) break;
  }
  return text;
}

/** All text below a node as it stands, raw text (scripts, styles) excepted. */
export function textOf(node: AnyNode): string {
  if (isText(node)) return node.data;
  if (!hasChildren(node) || (isTag(node) && (node.name === 'script' || node.name === 'style'))) return '';
  let text = '';
  for (const child of node.children) text += textOf(child);
  return text;
}

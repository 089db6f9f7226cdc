/** Finding one's way in an XML tree. */
import type { XmlElement } from './parse-xml.ts';

/** The element children, of this local name where one is given. */
export function childrenOf(element: XmlElement | undefined, localName?: string): XmlElement[] {
  const children = element?.children.filter((child): child is XmlElement => typeof child !== 'string') ?? [];
  return localName === undefined ? children : children.filter((child) => child.localName === localName);
}

/** The first element reached by following these local names from child to child. */
export function childAt(element: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
  let found = element;
  for (const name of path) found = childrenOf(found, name)[0];
  return found;
}

/** All text within, as it stands. */
export function xmlText(element: XmlElement | undefined): string {
  let text = '';
  const pending: (XmlElement | string)[] = element === undefined ? [] : [element];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === 'string') text += next;
    else for (let i = next.children.length - 1; i >= 0; i--) pending.push(next.children[i]!);
  }
  return text;
}

/** An attribute by its local name, whatever its prefix. */
export function attributeOf(element: XmlElement | undefined, localName: string): string | undefined {
  for (const [name, value] of element?.attributes ?? [])
    if (name === localName || name.endsWith(`:${localName}`)) return value;
  return undefined;
}

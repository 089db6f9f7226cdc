/** What the styles of an OpenDocument text mean: strong, slanted, quoted, code, a title, a numbered list. */
import { attributeOf, childAt, childrenOf } from '../xml/find-xml.ts';
import type { XmlElement } from '../xml/parse-xml.ts';

export interface Style {
  readonly bold: boolean;
  readonly italic: boolean;
  /** Names of the style and of those it is derived from, decoded. */
  readonly names: readonly string[];
}

export interface Styles {
  styleOf(name: string | undefined): Style;
  isNumbered(listStyle: string | undefined): boolean;
}

const MAX_PARENTS = 10;

/** Reads the styles of these parts of a document. */
export function readStyles(roots: readonly (XmlElement | undefined)[]): Styles {
  const styles = new Map<string, XmlElement>();
  const numbered = new Set<string>();
  for (const root of roots)
    for (const group of [childAt(root, 'styles'), childAt(root, 'automatic-styles')])
      for (const style of childrenOf(group)) {
        const name = attributeOf(style, 'name') ?? '';
        if (style.localName === 'style') styles.set(name, style);
        if (style.localName === 'list-style' && childrenOf(style)[0]?.localName === 'list-level-style-number')
          numbered.add(name);
      }
  return {
    styleOf: (name) => resolve(styles, name),
    isNumbered: (name) => name !== undefined && numbered.has(name),
  };
}

function resolve(styles: ReadonlyMap<string, XmlElement>, name: string | undefined): Style {
  const names: string[] = [];
  let weight: string | undefined;
  let slant: string | undefined;
  let at = name;
  for (let i = 0; at !== undefined && i < MAX_PARENTS; i++) {
    names.push(decodeName(at));
    const style = styles.get(at);
    const text = childAt(style, 'text-properties');
    weight ??= attributeOf(text, 'font-weight');
    slant ??= attributeOf(text, 'font-style');
    at = attributeOf(style, 'parent-style-name');
  }
  return { bold: weight === 'bold' || Number(weight) >= 600, italic: slant === 'italic' || slant === 'oblique', names };
}

/** `Text_20_body` is `Text body`. */
function decodeName(name: string): string {
  return name.replace(/_([0-9a-f]{2})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

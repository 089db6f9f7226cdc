/** Writes a drawing as XML without declaration, comments or sections: HTML that reads it sees the same elements. */
import type { SvgElement } from './svg-tree.ts';

/** The text, in characters of XML alone. */
export function writeSvg({ name, attributes, children }: SvgElement): string {
  const written = [...attributes]
    .map(([key, value]) => ` ${key}="${escapeXml(value).replace(/"/g, '&quot;')}"`)
    .join('');
  const content = children.map((child) => (typeof child === 'string' ? escapeXml(child) : writeSvg(child))).join('');
  return content === '' ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
}

function escapeXml(text: string): string {
  return (
    text
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
      // XML 2.2: a document with such characters is none.
      .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '')
  );
}

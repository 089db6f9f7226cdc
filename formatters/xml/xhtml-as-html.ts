/** XHTML for a parser of HTML, which knows no empty tags, no declarations and no CDATA. */
import { escapeText } from '../document/serialise.ts';
import { withoutDeclarations } from './parse-xml.ts';

const VOID = /^(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)$/i;
const EMPTY_TAG = /<([a-z][\w:-]{0,63})((?:"[^"]*"|'[^']*'|[^<>"'])*)\/>/gi;

/** The same document, as HTML would write it. */
export function xhtmlAsHtml(text: string): string {
  return withoutDeclarations(text)
    .replace(/^\ufeff?\s*<\?xml[^>]*>/, '')
    .replace(/<!\[CDATA\[(.*?)\]\]>/gs, (_, characters: string) => escapeText(characters))
    .replace(EMPTY_TAG, (tag, name: string, attributes: string) =>
      VOID.test(name) ? tag : `<${name}${attributes}></${name}>`,
    );
}

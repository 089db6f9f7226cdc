/** A sanitised document as well-formed XML (XHTML), for clients whose parser stops at the first fault (CT-18). */
import type { CheerioAPI } from 'cheerio';
import { type AnyNode, type Element, isDirective, isTag, isText, type ParentNode } from 'domhandler';
import { isHtml } from './edit-tree.ts';

const VOID = new Set('area base br col hr img input link meta param source track wbr'.split(' '));
const BOOLEAN = new Set('checked disabled multiple readonly required reversed selected'.split(' '));
// XML 1.0 2.2: no other character may stand in a document, not even as a reference.
const NOT_XML = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
const NAME = /^(?:xml:lang|[a-z][a-z0-9-]*)$/;

/** The document as XML text in UTF-8, declaration and document type included. Depth costs no call frames. */
export function serialiseXhtml($: CheerioAPI): string {
  let out = '<?xml version="1.0" encoding="UTF-8"?>\n';
  const pending: (AnyNode | string)[] = [...$.root()[0]!.children].reverse();
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === 'string') out += next;
    else if (isText(next)) out += escapeXml(next.data);
    else if (isTag(next)) {
      if (!isHtml(next) || !NAME.test(next.name)) continue;
      const isEmpty = VOID.has(next.name);
      out += `<${next.name}${attributes(next)}${isEmpty ? '/>' : '>'}`;
      if (isEmpty) continue;
      pending.push(`</${next.name}>`);
      for (let i = next.children.length - 1; i >= 0; i--) pending.push(next.children[i]!);
    } else if (isDirective(next)) out += doctype(next);
    else if ('children' in next) for (const child of [...(next as ParentNode).children].reverse()) pending.push(child);
  }
  return out;
}

function attributes({ attribs }: Element): string {
  let out = '';
  for (const name in attribs) {
    if (!NAME.test(name)) continue;
    out += ` ${name}="${escapeXml(BOOLEAN.has(name) ? name : attribs[name]!)}"`;
  }
  return out;
}

function doctype(node: AnyNode): string {
  const { 'x-publicId': publicId, 'x-systemId': systemId } = node as unknown as Record<string, string>;
  return publicId
    ? `<!DOCTYPE html PUBLIC "${escapeXml(publicId)}" "${escapeXml(systemId ?? '')}">\n`
    : '<!DOCTYPE html>\n';
}

function escapeXml(text: string): string {
  return text
    .replace(NOT_XML, '\ufffd')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}

/**
 * A document to text, by the HTML fragment serialisation algorithm, with a stack of its own: depth costs no call frames.
 *
 * Attribute values and text are escaped beyond what the algorithm asks (`<`, `>` and the back-tick in attributes), so
 * that no parser, however old, sees a tag where the tree has none.
 */
import type { CheerioAPI } from 'cheerio';
import { type AnyNode, type Element, isComment, isDirective, isTag, isText, type ParentNode } from 'domhandler';

const VOID = new Set(
  'area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr'.split(' '),
);
const RAW_TEXT = new Set('iframe noembed noframes plaintext script style xmp'.split(' '));
// The parser drops a line feed right after these start tags.
const EATS_NEWLINE = new Set(['listing', 'pre', 'textarea']);
const HTML_NAMESPACE = 'http://www.w3.org/1999/xhtml';

/** The whole document as HTML text, with its document type. `parseDocument(serialiseDocument($))` is the same tree. */
export function serialiseDocument($: CheerioAPI): string {
  return serialiseNodes($.root()[0]!.children);
}

/** Nodes in a row as HTML text. */
export function serialiseNodes(nodes: readonly AnyNode[]): string {
  let out = '';
  // Nodes still to be written, the next one last; a string is the end tag of an element whose children are done.
  const pending: (AnyNode | string)[] = [];
  pushAll(pending, nodes);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === 'string') out += next;
    else if (isText(next)) out += isRaw(next.parent) ? next.data : escapeText(next.data);
    else if (isTag(next)) {
      out += startTag(next);
      if (next.namespace !== undefined && next.namespace !== HTML_NAMESPACE && next.children.length === 0) {
        out += `</${next.name}>`;
        continue;
      }
      if (VOID.has(next.name)) continue;
      pending.push(`</${next.name}>`);
      pushAll(pending, next.children);
    } else if (isComment(next)) out += `<!--${next.data}-->`;
    else if (isDirective(next)) out += doctype(next);
    else pushAll(pending, (next as ParentNode).children);
  }
  return out;
}

function pushAll(pending: (AnyNode | string)[], nodes: readonly AnyNode[]): void {
  for (let i = nodes.length - 1; i >= 0; i--) pending.push(nodes[i]!);
}

function startTag(element: Element): string {
  let out = `<${element.name}`;
  const { attribs } = element;
  for (const name in attribs) out += ` ${name}="${escapeAttribute(attribs[name]!)}"`;
  out += '>';
  const first = element.children[0];
  if (first !== undefined && EATS_NEWLINE.has(element.name) && isText(first) && first.data.startsWith('\n'))
    out += '\n';
  return out;
}

/** True when the text of this element is written as it stands: a parser reads it up to the end tag. */
function isRaw(parent: ParentNode | null): boolean {
  if (parent === null || !isTag(parent)) return false;
  if (parent.namespace !== undefined && parent.namespace !== HTML_NAMESPACE) return false;
  if (RAW_TEXT.has(parent.name)) return true;
  return parent.name === 'noscript' && parent.parent !== null && isTag(parent.parent) && parent.parent.name === 'head';
}

function doctype(node: AnyNode): string {
  const { 'x-name': name, 'x-publicId': publicId, 'x-systemId': systemId } = node as unknown as Record<string, string>;
  let out = `<!DOCTYPE ${/^[\w:.-]+$/.test(name ?? '') ? name : 'html'}`;
  if (publicId) out += ` PUBLIC ${quote(publicId)}`;
  else if (systemId) out += ' SYSTEM';
  if (systemId) out += ` ${quote(systemId)}`;
  return `${out}>`;
}

function quote(id: string): string {
  const clean = id.replace(/>/g, '');
  return clean.includes('"') ? `'${clean.replace(/'/g, '')}'` : `"${clean}"`;
}

/** Text between tags. */
export function escapeText(text: string): string {
  return /[&<>\u00a0]/.test(text)
    ? text
        .replace(/&/g, '&amp;')
        .replace(/</g, '&lt;')
        .replace(/>/g, '&gt;')
        .replace(/\u00a0/g, '&nbsp;')
    : text;
}

/** An attribute value, for double quotes. */
export function escapeAttribute(value: string): string {
  return /[&"<>`\u00a0]/.test(value)
    ? value
        .replace(/&/g, '&amp;')
        .replace(/"/g, '&quot;')
        .replace(/</g, '&lt;')
        .replace(/>/g, '&gt;')
        .replace(/`/g, '&#96;')
        .replace(/\u00a0/g, '&nbsp;')
    : value;
}

/** What a browser would show of markup, as text that can be compared. */
import { type AnyNode, hasChildren, isComment, isTag, isText } from 'domhandler';
import { BLOCKS } from '../formatters/document/collapse.ts';
import { parseDocument } from '../formatters/document/parse.ts';

/** A fragment's tree: spaces around blocks and line breaks count for nothing, nor does the order of attributes. */
export function shownShape(html: string): string {
  const walk = (node: AnyNode, inPre: boolean): string => {
    if (isComment(node)) return `<!--${node.data}-->`;
    if (isText(node)) return inPre ? JSON.stringify(node.data) : shownText(node);
    if (!hasChildren(node)) return '';
    const name = isTag(node) ? node.name : '';
    const inner = node.children.map((child) => walk(child, inPre || name === 'pre')).join('');
    return isTag(node) ? `<${name} ${JSON.stringify(Object.entries(node.attribs).sort())}>${inner}</>` : inner;
  };
  return walk(parseDocument(`<!DOCTYPE html><body>${html}`)('body')[0]!, false);
}

function shownText(node: AnyNode & { data: string }): string {
  const isBlock = (other: AnyNode | null): boolean =>
    other !== null && isTag(other) && (BLOCKS.has(other.name) || other.name === 'br');
  const atStart = node.prev === null ? isBlock(node.parent) : isBlock(node.prev);
  const atEnd = node.next === null ? isBlock(node.parent) : isBlock(node.next);
  let text = node.data.replace(/\s+/g, ' ');
  if (atStart) text = text.trimStart();
  if (atEnd) text = text.trimEnd();
  return text === '' ? '' : JSON.stringify(text);
}

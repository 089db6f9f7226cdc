/** Preformatted text and the language it is written in. */
import { type Element, hasChildren, isTag, isText, type ParentNode } from 'domhandler';
import { stripControls } from '../control-sequences.ts';
import { isConcealed } from './concealment.ts';

// Line numbers and buttons that highlighters put beside the code.
const GUTTER =
  /(?:^|\s)(?:gutter|lineno[s]?|line-?numbers?(?:-rows)?|blob-num|hljs-ln-numbers|linenodiv|copy(?:-button|btn)?)(?:\s|$)/i;
const LINE = new Set(['div', 'p', 'li', 'tr', 'section']);
const TABLE = new Set(['table', 'tbody', 'td', 'tr']);
const LANGUAGE =
  /(?:^|\s)(?:language|lang|highlight-source|highlight|brush|code|prism|sourceCode)[-:]\s*([a-z][\w+#.-]{0,30})(?:[\s;]|$)/i;
const NO_LANGUAGE =
  /^(?:none|text|plain|plaintext|nohighlight|auto|block|wrap|wrapper|container|toolbar|snippet|example|source)$/i;

/** The text of a `pre` as it stands, and the pictures in it. */
export function codeText(pre: Element): { text: string; pictures: Element[] } {
  const pictures: Element[] = [];
  let text = '';
  const read = (parent: ParentNode): void => {
    for (const child of parent.children) {
      if (isText(child)) text += child.data;
      else if (!isTag(child)) {
        if (hasChildren(child)) read(child);
      } else if (child.name === 'br') text += '\n';
      else if (child.name === 'img') pictures.push(child);
      else if (!/^(?:script|style|button|template)$/.test(child.name) && !isConcealed(child) && !isGutter(child)) {
        const isLine = LINE.has(child.name);
        if (isLine && text !== '' && !text.endsWith('\n')) text += '\n';
        read(child);
        if (isLine && child.next !== null && !text.endsWith('\n')) text += '\n';
      }
    }
  };
  read(pre);
  const plain = stripControls(text.replace(/\r\n?/g, '\n'));
  return { text: plain.replace(/^(?:[ \t]*\n)+/, '').trimEnd(), pictures };
}

/** True for a column of line numbers. */
export function isGutter({ attribs }: Element): boolean {
  return attribs['class'] !== undefined && GUTTER.test(attribs['class']);
}

/** The two boxes around code; a table that only puts numbers beside it is none. */
function boxesAround(pre: Element): Element[] {
  const boxes: Element[] = [];
  for (let up = pre.parent; up !== null && isTag(up) && boxes.length < 2; up = up.parent)
    if (!TABLE.has(up.name)) boxes.push(up);
  return boxes;
}

/** The language that a highlighter was told, else an empty text. */
export function languageOf(pre: Element): string {
  const code = pre.children.find((child): child is Element => isTag(child) && child.name === 'code');
  for (const { attribs } of [...(code === undefined ? [] : [code]), pre, ...boxesAround(pre)]) {
    const given = attribs['data-lang'] ?? attribs['data-language'] ?? LANGUAGE.exec(attribs['class'] ?? '')?.[1];
    if (given !== undefined && /^[a-z][\w+#.-]{0,30}$/i.test(given) && !NO_LANGUAGE.test(given)) return given;
  }
  return '';
}

import test from 'ava';
import type { ChildNode, ParentNode } from 'domhandler';
import { parse } from 'parse5';
import { parseDocument } from '../formatters/document/parse.ts';
import { makeTreeAdapter } from '../formatters/document/tree-adapter.ts';

/** A tree as text, every character and attribute of it. */
function tell(node: ParentNode | ChildNode): string {
  const shown = node as { name?: string; data?: string; attribs?: object; children?: ChildNode[] };
  const below = (shown.children ?? []).map(tell).join('');
  return `<${node.type} ${shown.name ?? ''} ${JSON.stringify(shown.data ?? '')} ${JSON.stringify(shown.attribs ?? {})}>${below}</>`;
}

/** Pieces that end a run of characters, or look as if they did. */
const PIECES = [
  'words and words',
  ' \t\n\f ',
  '\r\n',
  '\r',
  '\n',
  '\0',
  '&amp;',
  '&ampx',
  '&#x1F600;',
  '&',
  '\u{1F600}',
  '\ud83d',
  'ÄÖ\u00a0',
  '<p>',
  '<P CLASS=a\rid="b&quot;c\r\nd" DATA-long-attribute-name=\'e"&lt;f\0\'>',
  '<a href=\'x\u{1F600}y\' title="\r">',
  '</p',
  '>',
  '<',
  '<pre>\n\n a',
  '<pre>\r\nb</pre>',
  '<textarea>\n<b>&amp;</textarea>',
  '<title>\n &lt;</title>',
  '<script>\n if (a < b && "</scr") {\r\n}\0 <!-- <script> </script> --></script>',
  '<style> a > b { }\r </style>',
  '<svg><style>a</style><![CDATA[ <b> \r\n ]]></svg>',
  '<table> <tr>x<td> y\0</table>',
  '<select>\n<option>a\0<option> b</select>',
  '<!-- a\r\n--\u{1F600}> -->',
  '<custom-element-of-some-length attribute=unquoted&amp;value>',
  '="',
  '/',
];

test('reading in runs makes the tree that the standard makes, whatever is next to what', (t) => {
  let seed = 1;
  const next = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  const pages = PIECES.flatMap((first) => PIECES.map((second) => `${first}${second}`));
  for (let i = 0; i < 3000; i++)
    pages.push(Array.from({ length: 3 + next(9) }, () => PIECES[next(PIECES.length)]).join(''));
  // Longer than the part of the input that the tokenizer keeps.
  pages.push(...PIECES.map((piece) => `${'x '.repeat(40_000)}<p title="${'y'.repeat(70_000)}">${piece}`));
  for (const page of pages) {
    const html = `<!DOCTYPE html><body>${page}`;
    const standard = parse(html, { treeAdapter: makeTreeAdapter(), scriptingEnabled: false });
    if (tell(parseDocument(html).root()[0]!) !== tell(standard)) return t.fail(JSON.stringify(page.slice(-200)));
  }
  return t.pass();
});

/** What the drawing library writes, read into a tree: its own plain output, not any SVG. */

export interface SvgNode {
  readonly name: string;
  /** As written, still escaped. */
  readonly attributes: Map<string, string>;
  readonly children: (SvgNode | string)[];
}

const TAG = /<(\/?)([A-Za-z]+)((?:\s[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/y;
const ATTRIBUTE = /([\w:-]+)="([^"]*)"/g;

/** @throws SyntaxError for anything but elements, attributes and text */
export function readSvg(text: string): SvgNode {
  const open: SvgNode[] = [{ name: '', attributes: new Map(), children: [] }];
  TAG.lastIndex = 0;
  while (TAG.lastIndex < text.length) {
    const match = TAG.exec(text);
    if (match === null) throw new SyntaxError('the drawing is not what it should be');
    const [, end, name, attributes = '', empty, data] = match;
    const parent = open.at(-1)!;
    if (data !== undefined) parent.children.push(data);
    else if (end === '/') {
      if (open.length === 1 || open.pop()!.name !== name) throw new SyntaxError('the drawing is not well-formed');
    } else {
      const node = { name: name!, attributes: readAttributes(attributes), children: [] };
      parent.children.push(node);
      if (empty !== '/') open.push(node);
    }
  }
  const root = open[0]!.children[0];
  if (open.length !== 1 || typeof root !== 'object' || root.name !== 'svg')
    throw new SyntaxError('there is no drawing');
  return root;
}

function readAttributes(text: string): Map<string, string> {
  return new Map([...text.matchAll(ATTRIBUTE)].map(([, name, value]) => [name!, value!]));
}

/** The tree as text. */
export function writeSvg({ name, attributes, children }: SvgNode): string {
  const written = [...attributes].map(([key, value]) => ` ${key}="${value}"`).join('');
  if (children.length === 0) return `<${name}${written}/>`;
  return `<${name}${written}>${children.map((each) => (typeof each === 'string' ? each : writeSvg(each))).join('')}</${name}>`;
}

/** The structure of a tagged PDF (ISO 32000-1 14.8.4) as HTML: its author has said what is a heading, a list, a table. */
import { escapeText } from '../document/serialise.ts';
import { joinLines } from './make-blocks.ts';
import type { PdfPage, Piece, Run, StructureNode } from './pdf-page.ts';
import { writePieces } from './write-blocks.ts';

const BLOCKS: Readonly<Record<string, string>> = {
  H: 'h2',
  H1: 'h1',
  H2: 'h2',
  H3: 'h3',
  H4: 'h4',
  H5: 'h5',
  H6: 'h6',
  Title: 'h1',
  P: 'p',
  BlockQuote: 'blockquote',
  L: 'ul',
  LI: 'li',
  TOC: 'ul',
  TOCI: 'li',
  Table: 'table',
  TR: 'tr',
  TH: 'th',
  TD: 'td',
  THead: 'thead',
  TBody: 'tbody',
  TFoot: 'tfoot',
  Caption: 'p',
  Note: 'div',
  Code: 'code',
};
/** Roles that are worth more than what can be seen of the layout. */
const TELLING = /^(?:H[1-6]?|Title|L|Table|TOC)$/;
/** The parser holds no deeper trees. */
const MAX_DEPTH = 60;

/** True when the structure says more than that there is text, and covers nearly all of it. */
export function isWellTagged(pages: readonly PdfPage[]): boolean {
  let marked = 0;
  let all = 0;
  let tagged = 0;
  let tells = false;
  for (const { runs, structure } of pages) {
    const ids = new Set<string>();
    walk(structure, 0, ({ role, id }) => {
      if (id !== undefined) ids.add(id);
      if (role !== undefined && TELLING.test(role)) tells = true;
    });
    for (const { text, mark } of runs) {
      all += text.trim().length;
      if (mark !== undefined) tagged += text.trim().length;
      if (mark !== undefined && ids.has(mark)) marked += text.trim().length;
    }
  }
  return tells && marked >= 0.8 * tagged && marked >= 0.6 * all;
}

/** HTML of one page's structure. */
export function writeStructure({ runs, structure }: PdfPage): string {
  const byMark = new Map<string, Run[]>();
  for (const run of runs) {
    if (run.mark === undefined) continue;
    const known = byMark.get(run.mark);
    if (known === undefined) byMark.set(run.mark, [run]);
    else known.push(run);
  }
  return structure === undefined ? '' : new Writer(byMark).write(structure, 0);
}

class Writer {
  readonly #byMark: ReadonlyMap<string, readonly Run[]>;
  /** Labels that their list counts anew. */
  readonly #numbered = new Set<StructureNode>();

  constructor(byMark: ReadonlyMap<string, readonly Run[]>) {
    this.#byMark = byMark;
  }

  write(node: StructureNode, depth: number): string {
    if (node.type === 'content') return writePieces(piecesOf(this.#byMark.get(node.id ?? '') ?? []));
    if (node.role === 'Lbl' || depth > MAX_DEPTH) return this.#numbered.has(node) ? '' : this.#label(node);
    if (node.role === 'Figure')
      return node.alt?.trim() ? `<p>[${escapeText(node.alt.trim())}]</p>` : this.#inner(node, depth);
    const start = node.role === 'L' ? this.#firstNumber(node) : undefined;
    if (start !== undefined) return `<ol start="${start}">${this.#inner(node, depth)}</ol>\n`;
    const name = BLOCKS[node.role ?? ''];
    const inner = this.#inner(node, depth);
    if (name === undefined) return inner;
    return inner.trim() === '' && name !== 'td' && name !== 'th' ? '' : `<${name}>${inner}</${name}>\n`;
  }

  #inner(node: StructureNode, depth: number): string {
    let html = '';
    for (const child of node.children ?? []) {
      const next = this.write(child, depth + 1);
      const needsSpace = html !== '' && next !== '' && !/[\s>]$/.test(html) && !/^[\s<.,;:!?)]/.test(next);
      const isLinkBeside = /<\/a>$/.test(html) && /^[\p{L}\p{N}]/u.test(next);
      const isTextBeside = /[\p{L}\p{N},;:.]$/u.test(html) && next.startsWith('<a ');
      html += needsSpace || isLinkBeside || isTextBeside ? ` ${next}` : next;
    }
    return html;
  }

  /** Where a list counts up by ones in plain numbers, the first of them. */
  #firstNumber(list: StructureNode): number | undefined {
    const labels = (list.children ?? []).map(({ children = [] }) => children.find(({ role }) => role === 'Lbl'));
    const numbers = labels.map((label) => (label === undefined ? Number.NaN : Number.parseInt(this.#label(label), 10)));
    const start = numbers[0];
    if (start === undefined || numbers.some((number, i) => number !== start + i)) return undefined;
    for (const label of labels) this.#numbered.add(label!);
    return start;
  }

  // The bullet of an item is made anew by the list; a number may be any.
  #label(node: StructureNode): string {
    const inner = (node.children ?? []).map((child) => (child.type === 'content' ? this.write(child, 0) : '')).join('');
    return /[\p{L}\p{N}]/u.test(inner) ? `${inner} ` : '';
  }
}

/** What one mark holds: runs in a line or in several. */
function piecesOf(runs: readonly Run[]): Piece[] {
  const lines: Run[][] = [];
  for (const run of runs) {
    const last = lines.at(-1)?.at(-1);
    if (last !== undefined && Math.abs(last.baseline - run.baseline) < 0.6 * Math.max(last.size, run.size))
      lines.at(-1)!.push(run);
    else lines.push([run]);
  }
  return joinLines(lines);
}

function walk(node: StructureNode | undefined, depth: number, visit: (node: StructureNode) => void): void {
  if (node === undefined || depth > MAX_DEPTH) return;
  visit(node);
  for (const child of node.children ?? []) walk(child, depth + 1, visit);
}

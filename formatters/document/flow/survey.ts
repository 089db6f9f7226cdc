/** One look at the whole tree before it is read: where blocks stand inside of lines, and which links are footnotes. */
import { type Element, isTag, type ParentNode } from 'domhandler';
import { BLOCKS } from '../collapse.ts';
import { isHtml } from '../edit-tree.ts';

/** What is known of a tree before it is read. */
export interface Survey {
  /** Elements of lines (`a`, `span`, …) that hold blocks. */
  readonly holders: ReadonlySet<Element>;
  /** Footnote references: link to label. */
  readonly references: ReadonlyMap<Element, string>;
  /** Footnotes: the element that holds the text to its label. */
  readonly notes: ReadonlyMap<Element, string>;
  /** Identifiers at or around footnote references: links to them lead back. */
  readonly origins: ReadonlySet<string>;
}

const REFERENCE_MARK = /\b(?:footnote-?ref|noteref|fn-?ref)\b/i;
const NOTE_MARK = /\b(?:footnote|endnote|doc-footnote|doc-endnote)s?\b/i;
const MAX_REFERENCES = 5000;

export function surveyTree(root: ParentNode): Survey {
  const surveyor = new Surveyor();
  surveyor.look(root, false);
  return surveyor.result();
}

class Surveyor {
  readonly #holders = new Set<Element>();
  readonly #ids = new Map<string, Element>();
  readonly #candidates: Element[] = [];

  /** True when there is a block below. */
  look(parent: ParentNode, inSuperscript: boolean): boolean {
    let found = false;
    for (const child of parent.children) {
      if (!isTag(child)) continue;
      const { name, attribs } = child;
      const id = attribs['id'] ?? attribs['name'];
      if (id !== undefined && !this.#ids.has(id)) this.#ids.set(id, child);
      if (name === 'a' && attribs['href']?.startsWith('#') && this.#mayRefer(child, inSuperscript))
        this.#candidates.push(child);
      const holds = this.look(child, inSuperscript || name === 'sup');
      if (BLOCKS.has(name) && isHtml(child)) found = true;
      else if (holds) {
        this.#holders.add(child);
        found = true;
      }
    }
    return found;
  }

  result(): Survey {
    const references = new Map<Element, string>();
    const notes = new Map<Element, string>();
    const origins = new Set<string>();
    for (const link of this.#candidates.slice(0, MAX_REFERENCES)) {
      const note = this.#noteOf(link);
      if (note === undefined) continue;
      const label = notes.get(note) ?? String(notes.size + 1);
      notes.set(note, label);
      references.set(link, label);
      let up: ParentNode | null = link;
      for (let i = 0; i < 3 && up !== null && isTag(up); i++, up = up.parent)
        if (up.attribs['id'] !== undefined) origins.add(up.attribs['id']);
    }
    return { holders: this.#holders, references, notes, origins };
  }

  #mayRefer({ attribs, children }: Element, inSuperscript: boolean): boolean {
    if (inSuperscript || 'data-footnote-ref' in attribs || attribs['role'] === 'doc-noteref') return true;
    if (REFERENCE_MARK.test(attribs['class'] ?? '')) return true;
    return children.some((child) => isTag(child) && child.name === 'sup');
  }

  /** The list item or marked block that a reference leads to. */
  #noteOf(link: Element): Element | undefined {
    const target = this.#ids.get(decodeFragment(link.attribs['href']!.slice(1)));
    let up: ParentNode | null = target ?? null;
    for (let i = 0; i < 3 && up !== null && isTag(up); i++, up = up.parent) {
      const marks = `${up.attribs['class'] ?? ''} ${up.attribs['role'] ?? ''} ${up.attribs['id'] ?? ''}`;
      const isMarked = NOTE_MARK.test(marks) && (up.name === 'p' || up.name === 'div' || up.name === 'aside');
      if (up.name === 'li' || (isMarked && up === target)) return isAbove(up, link) ? undefined : up;
    }
    return undefined;
  }
}

function isAbove(ancestor: Element, node: Element): boolean {
  for (let up: ParentNode | null = node.parent; up !== null; up = up.parent) if (up === ancestor) return true;
  return false;
}

function decodeFragment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray percent sign: the fragment means itself.
    return text;
  }
}

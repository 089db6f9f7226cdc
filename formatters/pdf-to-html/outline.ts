/** The contents that a PDF has of itself, as links to its pages. */
import { oneLine } from '../document/page-facts.ts';
import { escapeText } from '../document/serialise.ts';
import type { PdfDocument } from './pdf-library.ts';
import { Places } from './read-pages.ts';

interface Entry {
  readonly title?: string;
  readonly dest?: unknown;
  readonly items?: readonly Entry[];
}

const MAX_ENTRIES = 300;
const MAX_LEVELS = 3;
/** Fewer entries are no help. */
const MIN_ENTRIES = 3;

/** A `nav`, or nothing where there is no outline worth its place. */
export async function writeOutline(pdf: PdfDocument): Promise<string> {
  const budget = { left: MAX_ENTRIES };
  const outline = (await pdf.getOutline()) as readonly Entry[] | null;
  const html = await writeEntries(outline ?? [], new Places(pdf), { budget, level: 1 });
  return MAX_ENTRIES - budget.left < MIN_ENTRIES ? '' : `<nav aria-label="Contents">${html}</nav>`;
}

async function writeEntries(
  entries: readonly Entry[],
  places: Places,
  { budget, level }: { budget: { left: number }; level: number },
): Promise<string> {
  let html = '';
  for (const { title, dest, items = [] } of entries) {
    const words = oneLine(title);
    const page = words === undefined ? undefined : await places.pageOf(dest);
    if (words === undefined || page === undefined || budget.left <= 0) continue;
    budget.left--;
    const inner = level < MAX_LEVELS ? await writeEntries(items, places, { budget, level: level + 1 }) : '';
    html += `<li><a href="#page-${page}">${escapeText(words)}</a>${inner}</li>`;
  }
  return html === '' ? '' : `<ul>${html}</ul>`;
}

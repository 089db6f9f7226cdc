/** Which part of which text a link covers: a PDF knows boxes, not words. */
import type { Run } from './pdf-page.ts';
import type { PageLink } from './read-pages.ts';

/** Runs cut where links begin and end, each with its address. */
export function splitByLinks(runs: readonly Run[], links: readonly PageLink[]): Run[] {
  if (links.length === 0) return [...runs];
  return runs.flatMap((run) => {
    const over = links.filter(({ box: [left, top, right, bottom] }) => {
      const middle = run.baseline - run.size * 0.3;
      return middle >= top && middle <= bottom && run.right > left && run.left < right;
    });
    return over.length === 0 ? [run] : cut(run, over);
  });
}

function cut(run: Run, links: readonly PageLink[]): Run[] {
  const parts: Run[] = [];
  let at = 0;
  const ordered = [...links].sort((a, b) => a.box[0] - b.box[0]);
  for (const { box, address } of ordered) {
    const from = Math.max(at, placeOf(run, box[0]));
    const end = placeOf(run, box[2]);
    // The sign that ends a clause stands in no link.
    const to = end < run.text.length && /[,.;:)]/.test(run.text[end - 1] ?? '') ? end - 1 : end;
    if (to <= from) continue;
    if (from > at) parts.push(partOf(run, at, from));
    parts.push({ ...partOf(run, from, to), address });
    at = to;
  }
  if (at < run.text.length) parts.push(partOf(run, at, run.text.length));
  return parts.filter(({ text }) => text !== '');
}

/** The place in the text at this distance: that of the nearest border of words, as letters differ in width. */
function placeOf({ text, left, right }: Run, x: number): number {
  const guess = Math.round(((x - left) / Math.max(right - left, 0.1)) * text.length);
  if (guess <= 1) return 0;
  if (guess >= text.length - 1) return text.length;
  for (let away = 0; away <= 4; away++)
    for (const at of [guess - away, guess + away])
      if (at > 0 && at < text.length && (text[at] === ' ' || text[at - 1] === ' ')) return at;
  return guess;
}

function partOf(run: Run, from: number, to: number): Run {
  const width = (run.right - run.left) / run.text.length;
  return { ...run, text: run.text.slice(from, to), left: run.left + from * width, right: run.left + to * width };
}

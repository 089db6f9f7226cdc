/** How fast parsed pages become Markdown. */
import { parseDocument } from '../formatters/document/parse.ts';
import toMarkdown from '../formatters/html-to-markdown/index.ts';
import { format } from './run-formatter.ts';

/**
 * Megabytes of HTML a second of this thread's processor time, parsing left out: the best of some passes over all pages.
 *
 * @param pages HTML of pages without scripts and styles, as `html-article` and `html-lite` leave it
 */
export async function markdownRate(pages: readonly string[], passes: number): Promise<number> {
  const bytes = pages.reduce((sum, html) => sum + Buffer.byteLength(html), 0);
  let best = 0;
  for (let pass = 0; pass < passes; pass++) {
    // All are parsed first, and only this thread is counted: what parsing leaves behind is collected by others.
    const trees = pages.map((html) => parseDocument(html));
    const before = process.threadCpuUsage();
    for (const $ of trees) await format(toMarkdown, $, {});
    const { user, system } = process.threadCpuUsage(before);
    best = Math.max(best, bytes / Math.max(1, user + system));
  }
  return best;
}

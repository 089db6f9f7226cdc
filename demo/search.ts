/** The demo's search: a form that sends its words in the query. */
import type { DemoAnswer } from './demo-files.ts';
import { escapeText, makeDemoPage } from './page.ts';

const MAX_WORDS = 100;

/** Pages that hold all the words. */
export function answerSearch(words: string, files: ReadonlyMap<string, DemoAnswer>): DemoAnswer {
  const asked = words.slice(0, MAX_WORDS).trim();
  const wanted = asked.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [...files].flatMap(([path, { type, body }]) => {
    if (!type.startsWith('text/html') || wanted.length === 0) return [];
    const html = Buffer.from(body).toString('utf8');
    const text = html.replace(/<(script|style)[\s\S]*?<\/\1>|<[^>]+>/g, ' ').toLowerCase();
    const title = /<title>([^<]*)/.exec(html)?.[1] ?? path;
    return wanted.every((word) => text.includes(word)) ? [`<li><a href="${path}">${title}</a></li>`] : [];
  });
  const result =
    found.length === 0 ? '<p>Nothing. Try <a href="/search?q=lamp">lamp</a>.</p>' : `<ul>${found.join('')}</ul>`;
  const body = `<h1>Search</h1><form action="/search"><p><label for="q">Words</label><input id="q" name="q" value="${escapeText(asked)}"></p><p><button>Search</button></p></form><h2>Found</h2>${result}`;
  return { status: 200, type: 'text/html; charset=utf-8', body: makeDemoPage('Search', body) };
}

/** The examples of the specifications of Markdown, rendered and compared as trees. */
import { readFileSync } from 'node:fs';
import { tests as commonmark } from 'commonmark-spec';
import { renderMarkdown } from '../formatters/markdown/render.ts';
import { shownShape } from './shown-shape.ts';

interface Example {
  readonly number: number;
  readonly markdown: string;
  readonly html: string;
  /** Of GFM: an example of one of its extensions, whatever it is called. */
  readonly isExtension: boolean;
}

export interface ExampleCount {
  readonly of: number;
  readonly right: number;
  /** Numbers of those that come out otherwise. */
  readonly wrong: readonly number[];
}

/** CommonMark 0.31.2, without GFM. */
export function countCommonMark(): ExampleCount {
  return count(commonmark.map((each) => ({ ...each, isExtension: false })));
}

/**
 * GFM 0.29: its examples of CommonMark without extensions, its extensions with all of them, as its own test does.
 *
 * @param path `test/spec.txt` of https://github.com/github/cmark-gfm
 */
export function countGfm(path: string): ExampleCount {
  const examples: Example[] = [];
  const parts = /^`{32} example( \w+)?\n([\s\S]*?)^\.\n([\s\S]*?)^`{32}$/gm;
  for (const [, extension, markdown, html] of readFileSync(path, 'utf8').matchAll(parts))
    examples.push({
      number: examples.length + 1,
      markdown: markdown!,
      html: html!,
      isExtension: extension !== undefined,
    });
  return count(examples);
}

function count(examples: readonly Example[]): ExampleCount {
  const wrong = examples.filter(({ markdown, html, isExtension }) => {
    const options = { gfm: isExtension, filtersTags: isExtension, forPages: false };
    const made = renderMarkdown(markdown.replaceAll('→', '\t'), options).html;
    return shownShape(made) !== shownShape(html.replaceAll('→', '\t'));
  });
  return { of: examples.length, right: examples.length - wrong.length, wrong: wrong.map(({ number }) => number) };
}

/** What the page says of itself, as YAML before the text. */
import type { PageFacts } from '../document/page-facts.ts';

/** What front matter tells beside the page's own facts. */
export interface FrontMatter {
  readonly title: string;
  /** Where the page is to be found. */
  readonly url: string;
  /** `2 of 5` of a page that comes in parts. */
  readonly part?: string | undefined;
}

/** The front matter, line feed included. */
export function frontMatter(facts: PageFacts, { title, url, part }: FrontMatter): string {
  const { author, date, language, description } = facts;
  const lines = Object.entries({ title, url, author, date, language, description, part })
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name}: ${quoted(value!)}\n`);
  return `---\n${lines.join('')}---\n`;
}

// YAML 1.2 is a superset of JSON but for line separators: in double quotes nothing ends the value.
function quoted(value: string): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

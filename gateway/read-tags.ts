/** Tags of a page as text, for who looks for a few of them: in one pass, whatever the page is made of (threat 46). */

export interface Tag {
  /** In lower case. */
  readonly name: string;
  /** As they are written. */
  readonly attributes: string;
  /** Where the tag ends in the page. */
  readonly end: number;
}

// Its end is optional: a pattern that cannot fail never goes back, and a page of unclosed tags is read once.
const TAG = /<([a-z][a-z0-9-]*)((?:[^>"']+|"[^"]*"|'[^']*')*)>?/gi;

export function* readTags(html: string): Generator<Tag> {
  for (const match of html.matchAll(TAG)) {
    const [whole, name = '', attributes = ''] = match;
    yield { name: name.toLowerCase(), attributes, end: match.index + whole.length };
  }
}

const patterns = new Map<string, RegExp>();

/** The value of an attribute, references undone as far as addresses have them; empty where there is none. @param name in lower case */
export function attributeOf(attributes: string, name: string): string {
  if (attributes.length <= name.length) return '';
  const known = patterns.get(name) ?? new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i');
  patterns.set(name, known);
  const match = known.exec(attributes);
  const value = match?.[1] ?? match?.[2] ?? match?.[3] ?? '';
  return value.includes('&') ? value.replaceAll('&quot;', '"').replaceAll('&amp;', '&') : value;
}

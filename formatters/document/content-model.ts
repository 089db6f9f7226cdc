/**
 * Which element may stand in which, as far as the HTML parser itself enforces it: a tree that keeps to these rules is read
 * back as it was written (no mutation XSS, threat 34).
 */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Start tags that close an open `p`. */
export const CLOSES_P = words(`
  address article aside blockquote center details dd dir div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5
  h6 header hgroup hr li main menu nav ol p pre search section summary table ul`);

/** Elements behind which an outer `p` or `button` is out of the parser's sight. */
export const SCOPE_BOUNDARY = words('button caption table td th');

export const HEADINGS = words('h1 h2 h3 h4 h5 h6');

/** Elements that hide an outer list item from an inner one. */
export const HIDES_ITEM = words(`
  article aside blockquote button caption center details dir dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6
  header hgroup main menu nav ol pre search section select summary table tbody td tfoot th thead tr ul`);

/** Start tags that end what is open within a `ruby`: they stay where they are written directly below it alone. */
export const RUBY_PARTS = words('rb rp rt rtc');

/** Elements with a closed list of children. */
export const CHILDREN: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['table', words('caption colgroup thead tbody tfoot')],
  ['thead', words('tr')],
  ['tbody', words('tr')],
  ['tfoot', words('tr')],
  ['tr', words('td th')],
  ['colgroup', words('col')],
  ['select', words('option optgroup hr')],
  ['optgroup', words('option')],
  ['option', new Set<string>()],
  ['textarea', new Set<string>()],
  ['title', new Set<string>()],
]);

/** Parts of a table, and the parent the parser gives them when they lack one. */
export const TABLE_PART_PARENT: Readonly<Record<string, string>> = {
  caption: 'table',
  colgroup: 'table',
  thead: 'table',
  tbody: 'table',
  tfoot: 'table',
  col: 'colgroup',
  tr: 'tbody',
  td: 'tr',
  th: 'tr',
};

/** YAML before a Markdown text: enough of it to know what the document says of itself. */

/** Names in lower case; values as text, lists joined by commas. */
export interface FrontMatter {
  readonly values: ReadonlyMap<string, string>;
  /** The document without it. */
  readonly text: string;
}

const MAX_LINES = 200;
const LINE = /^([A-Za-z][\w .-]{0,60}?)\s*:(?:\s+(.*))?$/;

/** Reads front matter; a document that does not begin with it is all text. */
export function readFrontMatter(markdown: string): FrontMatter {
  const values = new Map<string, string>();
  const none = { values, text: markdown };
  if (!/^\ufeff?---[ \t]*\r?\n/.test(markdown)) return none;
  const lines = markdown.slice(0, 100_000).split(/\r?\n/, MAX_LINES + 2);
  const end = lines.findIndex((line, i) => i > 0 && /^(?:---|\.\.\.)[ \t]*$/.test(line));
  if (end < 1) return none;
  let name = '';
  for (const line of lines.slice(1, end)) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const entry = LINE.exec(line);
    if (entry !== null) {
      name = entry[1]!.toLowerCase();
      if (!values.has(name)) values.set(name, plainValue(entry[2] ?? ''));
    } else if (/^(?:\s|-)/.test(line) && name !== '') append(values, name, line);
    // Text between two rules, not YAML.
    else return { values: new Map(), text: markdown };
  }
  return { values, text: restAfter(markdown, end) };
}

function append(values: Map<string, string>, name: string, line: string): void {
  const more = plainValue(line.replace(/^\s*(?:-\s+)?/, ''));
  const before = values.get(name) ?? '';
  // A block of text (`|`, `>`) or a list.
  const isBlock = /^[|>][+-]?\d?$/.test(before);
  if (more !== '')
    values.set(name, before === '' || isBlock ? more : `${before}${/^\s*-\s/.test(line) ? ', ' : ' '}${more}`);
}

function restAfter(markdown: string, lines: number): string {
  let at = 0;
  for (let i = 0; i <= lines; i++) {
    const next = markdown.indexOf('\n', at);
    if (next === -1) return '';
    at = next + 1;
  }
  return markdown.slice(at);
}

function plainValue(text: string): string {
  const value = text.trim();
  if (value.startsWith('"')) return readQuoted(value);
  if (value.startsWith("'")) return value.replace(/^'((?:[^']|'')*)'.*$/, '$1').replace(/''/g, "'");
  const plain = value.replace(/\s+#.*$/, '');
  return /^\[.*\]$/.test(plain) ? plain.slice(1, -1).replace(/["']/g, '').trim() : plain;
}

function readQuoted(value: string): string {
  const quoted = /^"(?:[^"\\]|\\.)*"/.exec(value)?.[0];
  if (quoted === undefined) return value.slice(1);
  try {
    return String(JSON.parse(quoted));
  } catch {
    // An escape of YAML's own: shown without its quotes.
    return quoted.slice(1, -1);
  }
}

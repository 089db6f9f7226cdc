/** Comma lists (RFC 9110 5.6.1) and their parameters (5.6.6), scanned once from left to right: linear for any input. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Fields of clients are no longer than this (the server's header limit); of longer ones the rest is not read (threat 46). */
const MAX_CHARACTERS = 16_384;

/** Position of the next `stop` outside a quoted string at or after `from`; the length when there is none. */
function findOutsideQuotes(text: string, stop: number, from: number): number {
  let quoted = false;
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (quoted) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) quoted = false;
    } else if (code === QUOTE) quoted = true;
    else if (code === stop) return i;
  }
  return text.length;
}

/**
 * Members of a comma list, trimmed, empty ones left out; never more than `max`, and nothing beyond them is read.
 *
 * @example splitList('a, "b,c";q=1,, d', 10) // ['a', '"b,c";q=1', 'd']
 */
export function splitList(value: string, max: number): string[] {
  const text = value.length > MAX_CHARACTERS ? value.slice(0, MAX_CHARACTERS) : value;
  const members: string[] = [];
  for (let start = 0; start < text.length && members.length < max; ) {
    const end = findOutsideQuotes(text, 0x2c, start);
    const member = text.slice(start, end).trim();
    if (member !== '') members.push(member);
    start = end + 1;
  }
  return members;
}

/** A parameter or directive: name in lower case, value unquoted; `value` is undefined where there is no `=`. */
export interface Parameter {
  readonly name: string;
  readonly value: string | undefined;
}

/** `name`, `name=token` or `name="quoted"`. Spaces around `=` are forgiven. */
export function parseParameter(text: string): Parameter {
  const equals = text.indexOf('=');
  if (equals === -1) return { name: text.trim().toLowerCase(), value: undefined };
  return { name: text.slice(0, equals).trim().toLowerCase(), value: unquote(text.slice(equals + 1).trim()) };
}

/** The head of a member and its parameters: `text/html;level=1` is `text/html` and one parameter. At most 32. */
export function splitParameters(member: string): { head: string; parameters: Parameter[] } {
  const first = findOutsideQuotes(member, 0x3b, 0);
  const parameters: Parameter[] = [];
  for (let start = first + 1; start < member.length && parameters.length < 32; ) {
    const end = findOutsideQuotes(member, 0x3b, start);
    const parameter = parseParameter(member.slice(start, end));
    if (parameter.name !== '') parameters.push(parameter);
    start = end + 1;
  }
  return { head: member.slice(0, first).trim(), parameters };
}

function unquote(text: string): string {
  if (!text.startsWith('"')) return text;
  const inner = text.endsWith('"') && text.length > 1 ? text.slice(1, -1) : text.slice(1);
  return inner.replace(/\\(.)/g, '$1');
}

/** Dictionaries of RFC 9651 whose members are bare items: enough for targeted cache control (RFC 9213). */

export type StructuredItem = string | number | boolean;

const KEY = /[a-z*][a-z0-9_\-.*]*/y;
const NUMBER = /-?(?:\d{1,12}\.\d{1,3}|\d{1,15})(?![\d.])/y;
const STRING = /"((?:[\u0020-\u0021\u0023-\u005b\u005d-\u007e]|\\["\\])*)"/y;
const TOKEN = /[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*/y;
const BOOLEAN = /\?[01]/y;
const SPACES = /[ \t]*/y;
const PARAMETERS = /(?:; *[a-z*][a-z0-9_\-.*]*(?:=(?:"(?:[^"\\]|\\.)*"|[^;,\s"]+))?)*/y;

/**
 * Members by key, the last of a repeated key; `undefined` when the value is not well-formed, for then the whole field
 * counts as absent (RFC 9651 4.2). Parameters are read over. Inner lists and byte sequences are refused.
 *
 * @example readStructuredDictionary('max-age=60, must-revalidate') // Map { 'max-age' => 60, 'must-revalidate' => true }
 */
export function readStructuredDictionary(value: string): Map<string, StructuredItem> | undefined {
  const members = new Map<string, StructuredItem>();
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(value);
    if (match === null) return undefined;
    at = pattern.lastIndex;
    return match[0];
  };
  take(SPACES);
  while (at < value.length) {
    const key = take(KEY);
    if (key === undefined) return undefined;
    let item: StructuredItem | undefined = true;
    if (value[at] === '=') {
      at++;
      item = takeItem(take);
    }
    if (item === undefined) return undefined;
    take(PARAMETERS);
    members.delete(key);
    members.set(key, item);
    take(SPACES);
    if (at === value.length) break;
    if (value[at++] !== ',') return undefined;
    take(SPACES);
    if (at === value.length) return undefined; // a trailing comma
  }
  return members;
}

function takeItem(take: (pattern: RegExp) => string | undefined): StructuredItem | undefined {
  const number = take(NUMBER);
  if (number !== undefined) return Number(number);
  const text = take(STRING);
  if (text !== undefined) return text.slice(1, -1).replace(/\\(.)/g, '$1');
  const boolean = take(BOOLEAN);
  if (boolean !== undefined) return boolean === '?1';
  return take(TOKEN);
}

/** Text and attributes of WML 1.1: well-formed XML in which no dollar sign names a variable. */
import { stripControls } from '../document/control-sequences.ts';

const REFERENCES: Readonly<Record<string, string>> = {
  '"': '&quot;',
  $: '$$',
  '&': '&amp;',
  "'": '&#39;',
  '<': '&lt;',
  '>': '&gt;',
};

/** Character data or an attribute's value (WML 1.1 10.3: `$$` is a dollar sign). */
export function wmlText(text: string): string {
  // XML 1.0 2.2: neither controls nor half characters nor U+FFFE.
  const plain = stripControls(text)
    .replace(/[\ufffe\uffff]/g, '')
    .toWellFormed();
  return plain.replace(/["$&'<>]/g, (char) => REFERENCES[char]!);
}

/** One line of at most `max` characters. */
export function shortened(text: string, max: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > max
    ? `${line
        .slice(0, max - 1)
        .toWellFormed()
        .trimEnd()}…`
    : line;
}

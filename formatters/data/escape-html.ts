/** Text within HTML and XML. */
import { stripControls } from '../document/control-sequences.ts';

const REFERENCES: Readonly<Record<string, string>> = {
  '"': '&quot;',
  '&': '&amp;',
  "'": '&#39;',
  '<': '&lt;',
  '>': '&gt;',
};

/** Character data or an attribute's value in quotation marks; controls that XML cannot hold are left out. */
export function escapeHtml(text: string): string {
  return stripControls(text)
    .replace(/[\ufffe\uffff]/g, '')
    .toWellFormed()
    .replace(/["&'<>]/g, (char) => REFERENCES[char]!);
}

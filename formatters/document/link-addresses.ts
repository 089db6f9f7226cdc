/** Bare addresses in text as links; everything else escaped. */
import { escapeAttribute, escapeText } from './serialise.ts';

const ADDRESS =
  /(?<![\w@/.])(?:https?:\/\/|www\.(?=[\w-]+\.))[^\s<>"'`{}|\\^\u0000-\u001f]{2,2000}|(?<![\w@/.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}(?![\w@.-]*@)/gi;

/** HTML of a text. `budget.links` is what may still be linked, and is counted down. */
export function linkAddresses(text: string, budget: { links: number }): string {
  let html = '';
  let at = 0;
  for (const match of text.matchAll(ADDRESS)) {
    if (budget.links <= 0) break;
    const address = trimmed(match[0]);
    if (address.length < 5) continue;
    budget.links--;
    html += escapeText(text.slice(at, match.index));
    html += `<a href="${escapeAttribute(targetOf(address))}">${escapeText(address)}</a>`;
    at = match.index + address.length;
  }
  return html + escapeText(text.slice(at));
}

function targetOf(address: string): string {
  if (/^https?:/i.test(address)) return address;
  return /^www\./i.test(address) ? `http://${address}` : `mailto:${address}`;
}

/** Without the punctuation that ends the sentence, and without a bracket that opens outside of the address. */
function trimmed(address: string): string {
  let end = address.length;
  let surplus = 0;
  for (const char of address) surplus += char === ')' || char === ']' ? 1 : char === '(' || char === '[' ? -1 : 0;
  for (; end > 0; end--) {
    const char = address[end - 1]!;
    if ((char === ')' || char === ']') && surplus > 0) surplus--;
    else if (!/[?!.,:;*_~…]/.test(char)) break;
  }
  return address.slice(0, end);
}

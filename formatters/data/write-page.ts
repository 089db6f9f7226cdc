/** The frame of the pages made from data: small, without scripts, readable in anything. */
import { escapeHtml } from './escape-html.ts';

const STYLE = `:root{color-scheme:light dark}body{font:1rem/1.4 system-ui,sans-serif;margin:0 auto;padding:.5rem;max-width:70rem}
h1{font-size:1.3rem;margin:.4rem 0}table{border-collapse:collapse}caption{text-align:left;padding:.3rem 0}th,td{border:1px solid #8886;padding:.2rem .5rem}
th{text-align:left}[align=right]{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.scroll{overflow-x:auto}svg,img{max-width:100%;height:auto;background:#fff}nav{margin:.5rem 0}nav a{margin-right:1rem}`;

/** A page. `body` is markup already. */
export function writePage(title: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title><meta name="viewport" content="width=device-width"><style>${STYLE}</style></head>
<body><main>
<h1>${escapeHtml(title)}</h1>
${body}
</main></body></html>
`;
}

/** Links in a line; those without an address are left out, and so is a line without links. */
export function writeNavigation(
  links: readonly { readonly text: string; readonly address: string | undefined }[],
): string {
  const shown = links
    .filter(({ address }) => address !== undefined && address !== '')
    .map(({ text, address }) => `<a href="${escapeHtml(address!)}">${escapeHtml(text)}</a>`);
  return shown.length === 0 ? '' : `<nav aria-label="Data">${shown.join(' ')}</nav>\n`;
}

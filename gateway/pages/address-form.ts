/** The address box: a form that opens a page in prefix mode. */
import { PRESENTATIONS } from '../../core/presentation.ts';
import { type Html, html } from '../html.ts';

/** The form, with an address in it already where there is one. */
export function addressForm({ value }: { readonly value: string }): Html {
  return html`<form action="/-/go" method="get">
<p><label for="url">Address of a page</label><br><input id="url" name="url" type="text" inputmode="url" autocapitalize="none" placeholder="example.org" value="${value}" required></p>
<p><label for="as">Show it</label> <select id="as" name="as"><option value="">as fits this device</option>${PRESENTATIONS.map((each) => html`<option>${each}</option>`)}</select> <button>Open</button></p>
</form>`;
}

/** What a profile would change for whom. */
import { type Html, html } from '../../../gateway/html.ts';
import type { Impact } from '../../actions/find-impact.ts';
import { table } from './table.ts';

export function impactTable({ examined, affected, clients, hasAddressRules }: Impact): Html {
  return html`<p>Of ${examined} known ${examined === 1 ? 'client' : 'clients'}, ${affected} would be served in another way.${hasAddressRules && ' Its rules for addresses are not counted in: addresses of clients are not kept.'}</p>
${
  affected > 0 &&
  table({
    id: 'impact',
    caption: `Clients for whom something would change${affected > clients.length ? `, the first ${clients.length}` : ''}`,
    columns: [{ label: 'Client' }, { label: 'Profile' }, { label: 'Changes' }],
    rows: clients.map(({ id, class: clientClass, userAgent, profile, changes }) => [
      html`<a class="agent" href="/ui/clients/${id}">${userAgent || clientClass}</a>`,
      profile.before === profile.after
        ? (profile.after ?? 'none')
        : `${profile.before ?? 'none'} → ${profile.after ?? 'none'}`,
      html`<ul>${Object.entries(changes).map(
        ([path, { before, after }]) =>
          html`<li><code>${path}</code>: ${JSON.stringify(before?.value ?? null)} → <strong>${JSON.stringify(after?.value ?? null)}</strong></li>`,
      )}</ul>`,
    ]),
    empty: '',
  })
}`;
}

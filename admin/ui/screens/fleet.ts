/** What this server is in a fleet. */
import { html } from '../../../gateway/html.ts';
import type { Admin } from '../../admin.ts';
import { makeUiPage } from '../page.ts';
import { durationText } from '../parts/figures.ts';
import type { Screen } from '../screen.ts';

export function fleetScreens({ node, stats, registry }: Admin): Screen[] {
  return [
    {
      method: 'GET',
      path: '/ui/fleet',
      handle(call) {
        const { uptimeSeconds, workers } = stats('hour');
        return makeUiPage(call, {
          title: 'Fleet',
          body: html`<p>${node.hasEngine ? 'This server works with others.' : html`This is a fleet of one: <code>NATS_URL</code> is not set, so this server works with no others and does everything itself.`}</p>
<div class="card"><dl class="facts"><dt>Name</dt><dd>${node.name}</dd><dt>Zone</dt><dd>${node.zone}</dd><dt>Version</dt><dd>${node.version}</dd>
<dt>Running for</dt><dd>${durationText(uptimeSeconds)}, ${workers} ${workers === 1 ? 'worker' : 'workers'}</dd>
<dt>Formatters</dt><dd>${registry().list().length}, digest <code>${registry().digest.slice(0, 16)}</code>: servers with the same digest plan alike</dd>
<dt>Function sets</dt><dd>none placed here</dd></dl></div>`,
        });
      },
    },
  ];
}

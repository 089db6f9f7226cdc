/** Formatters: what is installed, how it does, and its switch. */
import { type Html, html } from '../../../gateway/html.ts';
import type { Admin } from '../../admin.ts';
import { makeUiPage, seeOther } from '../page.ts';
import { countText } from '../parts/figures.ts';
import { table } from '../parts/table.ts';
import type { Screen, UiCall } from '../screen.ts';

export function formatterScreens(admin: Admin): Screen[] {
  return [
    {
      method: 'GET',
      path: '/ui/formatters',
      handle(call) {
        const [done, name] = [call.query.get('done'), call.query.get('name') ?? ''];
        const isKnown = admin.registry().get(name) !== undefined && (done === 'on' || done === 'off');
        return makeUiPage(call, {
          title: 'Formatters',
          done: isKnown ? `${name} is ${done} from the next request on.` : undefined,
          body: html`<p>A formatter that is off takes part in no chain; what needed it is made another way, or is sent as it is.</p>${formatterTable(call, admin)}`,
        });
      },
    },
    {
      method: 'POST',
      path: '/ui/formatters/:name',
      handle({ names, form, actor }) {
        const enabled = form.get('enabled') === 'yes';
        const { name } = admin.formatterActions.set(names['name']!, enabled, actor);
        return seeOther(`/ui/formatters?done=${enabled ? 'on' : 'off'}&name=${encodeURIComponent(name)}`);
      },
    },
  ];
}

function formatterTable({ formToken }: UiCall, { formatterActions, registry, stats, traffic }: Admin): Html {
  traffic.flush();
  const counted = stats('hour').formatters;
  return table({
    id: 'formatters',
    caption: 'Faults are those of the last minute; runs are counted since ever',
    columns: [
      { label: 'Name' },
      { label: 'Version' },
      { label: 'State' },
      { label: 'Faults', isNumber: true },
      { label: 'Runs', isNumber: true },
      { label: 'ms a run', isNumber: true },
      { label: 'Edges' },
      { label: 'Switch' },
    ],
    rows: formatterActions.list().map(({ name, version, faults, suspended, enabled }) => {
      const known = registry().get(name);
      const runs = counted[name]?.runs ?? 0;
      const isSuspended = suspended || counted[name]?.suspended === true;
      const state = isSuspended ? 'suspended' : enabled ? 'on' : 'off';
      return [
        html`${name}${known?.source.thirdParty === true && html` <span class="tag">plugin</span>`}`,
        version,
        html`<span class="tag${(isSuspended || !enabled) && ' bad'}">${state}</span>`,
        countText(faults),
        countText(runs),
        runs === 0 ? '' : ((counted[name]?.ms ?? 0) / runs).toFixed(1),
        edgesOf(known?.edges ?? []),
        html`<form class="beside" action="/ui/formatters/${encodeURIComponent(name)}" method="post">${formToken}<input type="hidden" name="enabled" value="${enabled ? 'no' : 'yes'}"><button>Switch ${enabled ? 'off' : 'on'}<span class="unseen"> ${name}</span></button></form>`,
      ];
    }),
    empty: 'None is installed.',
  });
}

interface ShownEdge {
  readonly from: string;
  readonly to: string;
  readonly meets: readonly string[];
}

function edgesOf(edges: readonly ShownEdge[]): Html {
  return html`<details><summary>${edges.length} ${edges.length === 1 ? 'edge' : 'edges'}</summary><ul class="plain">${edges.map(
    ({ from, to, meets }) =>
      html`<li><code>${from === to ? from : `${from} → ${to}`}</code>${meets.length > 0 && ` meets ${meets.join(', ')}`}</li>`,
  )}</ul></details>`;
}

/** What goes through: the newest exchanges, and new ones as they come. */
import { type Html, html } from '../../../gateway/html.ts';
import type { ExchangeEntry } from '../../../gateway/traffic/counts.ts';
import type { Admin } from '../../admin.ts';
import { makeUiPage, makeUiReply } from '../page.ts';
import { bytesText, timeMark } from '../parts/figures.ts';
import { table } from '../parts/table.ts';
import type { Screen } from '../screen.ts';

const SHOWN = 100;

export function trafficScreens({ traffic, live }: Admin): Screen[] {
  return [
    {
      method: 'GET',
      path: '/ui/traffic',
      handle(call) {
        traffic.flush();
        return makeUiPage(call, {
          title: 'Traffic',
          script: 'live-traffic.js',
          body: html`<div class="actions"><p id="live" role="status">As of when this page was opened.</p> <button id="live-switch" type="button" hidden>Pause</button> <a class="button" href="/ui/traffic">Look again</a></div>
${table({
  id: 'exchanges',
  caption: `The newest exchanges, up to ${SHOWN}, times in UTC`,
  columns: [
    { label: 'Time' },
    { label: 'Status', isNumber: true },
    { label: 'Host' },
    { label: 'Class' },
    { label: 'Shown as' },
    { label: 'Chain' },
    { label: 'Original', isNumber: true },
    { label: 'Sent', isNumber: true },
    { label: 'Caches' },
    { label: 'ms', isNumber: true },
  ],
  rows: traffic.store.recent(SHOWN).map(exchangeRow),
  empty: 'Nothing yet. Open a page through the gateway.',
})}`,
        });
      },
    },
    {
      method: 'GET',
      path: '/ui/traffic/events',
      handle({ received, ended }) {
        const isHead = received.method === 'HEAD';
        const body = isHead
          ? undefined
          : live.listen(
              AbortSignal.any([received.connection.signal, ended]),
              lastSeen(received.fields.get('last-event-id')),
            );
        return makeUiReply(200, 'text/event-stream; charset=utf-8', body);
      },
    },
  ];
}

function lastSeen(field: string | undefined): number | undefined {
  return field !== undefined && /^\d{1,15}$/.test(field) ? Number(field) : undefined;
}

function exchangeRow(entry: ExchangeEntry): (Html | string | number)[] {
  const { at, status, host, class: clientClass, mode, presentation, to, chain, failure } = entry;
  return [
    timeMark(at),
    failure === null ? status : html`<span class="tag bad">${status} ${failure}</span>`,
    host || mode,
    clientClass,
    [presentation, to].filter(Boolean).join(', '),
    html`<code>${chain}</code>`,
    bytesText(entry.bytesOriginal),
    bytesText(entry.bytesSent),
    `${entry.origin} / ${entry.variant}`,
    Math.round(entry.ms),
  ];
}

/** `/`: how the gateway does. */
import { type Html, html } from '../../../gateway/html.ts';
import type { Admin } from '../../admin.ts';
import type { Stats } from '../../watch/stats.ts';
import { makeUiPage } from '../page.ts';
import { bars } from '../parts/bars.ts';
import { bytesText, countText, durationText, percentText } from '../parts/figures.ts';
import { table } from '../parts/table.ts';
import type { Screen } from '../screen.ts';

const MINUTE_MS = 60_000;
const MINUTES = 60;

export function overviewScreens({ stats, traffic, clock, readiness }: Admin): Screen[] {
  return [
    {
      method: 'GET',
      path: '/',
      handle(call) {
        traffic.flush();
        const figures = stats('hour');
        const why = readiness.whyNot();
        return makeUiPage(call, {
          title: 'Overview',
          ...(why === undefined ? {} : { fault: `Not ready: ${why}` }),
          body: html`${cards(figures)}
<h2>Last hour</h2>${lastHour(figures, clock.now())}
<h2>By class of client</h2>${byClass(figures)}
<h2>Failures</h2>${failures(figures)}`,
        });
      },
    },
  ];
}

function cards({ total, pool, workers, uptimeSeconds }: Stats): Html {
  const { counts, hitRatio } = total;
  const part = counts.bytesOriginal === 0 ? null : counts.bytesSaved / counts.bytesOriginal;
  const card = (name: string, value: string, more: string) =>
    html`<div class="figure"><dt>${name}</dt><dd><strong>${value}</strong><span>${more}</span></dd></div>`;
  return html`<dl class="figures">
${card('Requests', countText(counts.requests), `${countText(counts.failures)} of them failed`)}
${card('Bytes saved', bytesText(counts.bytesSaved), part === null ? 'nothing formatted yet' : `${percentText(part)} of the originals`)}
${card('Origin cache', percentText(hitRatio.origin), 'answered from it')}
${card('Variant cache', percentText(hitRatio.variant), 'answered from it')}
${card('Running for', durationText(uptimeSeconds), `${workers} ${workers === 1 ? 'worker' : 'workers'}`)}
${card('Formatter processes', `${pool.busy} of ${pool.size}`, `busy, ${pool.queued} waiting`)}
</dl>`;
}

function lastHour({ minutes, lastHour: { counts } }: Stats, now: number): Html {
  const byMinute = new Map(minutes.map((each) => [each.minute, each]));
  const last = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  const row = (value: (minute: Stats['minutes'][number]) => number) =>
    Array.from({ length: MINUTES }, (_, index) => {
      const minute = byMinute.get(last - (MINUTES - 1 - index) * MINUTE_MS);
      return minute === undefined ? 0 : value(minute);
    });
  const drawing = (name: string, values: readonly number[], text: string) =>
    html`<figure><figcaption>${name}: <strong>${text}</strong></figcaption>${bars(values, `${name} by minute over the last hour: ${text} in all`)}</figure>`;
  return html`<div class="drawings">
${drawing(
  'Requests',
  row((minute) => minute.requests),
  countText(counts.requests),
)}
${drawing(
  'Bytes saved',
  row((minute) => minute.bytesSaved),
  bytesText(counts.bytesSaved),
)}
${drawing(
  'Failures',
  row((minute) => minute.failures),
  countText(counts.failures),
)}</div>`;
}

function byClass({ lastDay }: Stats): Html {
  return table({
    id: 'classes',
    caption: 'Requests of the last day by what the client was taken for',
    columns: [
      { label: 'Class' },
      { label: 'Requests', isNumber: true },
      { label: 'Originals', isNumber: true },
      { label: 'Sent', isNumber: true },
      { label: 'Saved', isNumber: true },
    ],
    rows: Object.entries(lastDay.byClass)
      .sort(([, a], [, b]) => b.requests - a.requests)
      .map(([name, counts]) => [
        name || 'nobody in particular',
        countText(counts.requests),
        bytesText(counts.bytesOriginal),
        bytesText(counts.bytesSent),
        bytesText(counts.bytesSaved),
      ]),
    empty: 'No requests yet. Open a page through the gateway and look again.',
  });
}

function failures({ lastDay }: Stats): Html {
  return table({
    id: 'failures',
    caption: 'Requests of the last day that failed, by reason',
    columns: [{ label: 'Reason' }, { label: 'Requests', isNumber: true }],
    rows: Object.entries(lastDay.failures).map(([code, count]) => [html`<code>${code}</code>`, countText(count)]),
    empty: 'None.',
  });
}

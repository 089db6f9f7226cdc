/** Who changed what. */
import { type Html, html } from '../../../gateway/html.ts';
import type { Admin } from '../../admin.ts';
import type { AuditEntry } from '../../audit/audit.ts';
import { makeUiPage } from '../page.ts';
import { timeMark } from '../parts/figures.ts';
import { table } from '../parts/table.ts';
import type { Screen } from '../screen.ts';

const PAGE = 50;
const KINDS = ['profile', 'client', 'formatter', 'sites', 'view', 'fleet'];

export function auditScreens({ audit }: Admin): Screen[] {
  return [
    {
      method: 'GET',
      path: '/ui/audit',
      handle(call) {
        const { query } = call;
        const kind = KINDS.find((each) => each === query.get('kind'));
        const name = query.get('name')?.trim() ?? '';
        const before = Number(/^\d{1,15}$/.exec(query.get('before') ?? '')?.[0] ?? Number.MAX_SAFE_INTEGER);
        const found = audit.list({ limit: PAGE + 1, before, kind, name: name || undefined });
        const shown = found.slice(0, PAGE);
        const older = new URLSearchParams({ kind: kind ?? '', name, before: String(shown.at(-1)?.id ?? 0) });
        return makeUiPage(call, {
          title: 'Audit log',
          body: html`<form class="inline" action="/ui/audit" method="get" role="search"><div class="field"><label for="kind">Changes of</label><select id="kind" name="kind"><option value="">anything</option>${KINDS.map((each) => html`<option value="${each}"${each === kind && html` selected`}>${each}</option>`)}</select></div><div class="field"><label for="name">Named</label><input id="name" name="name" type="search" value="${name}"></div><button class="main">Filter</button></form>
${table({
  id: 'changes',
  caption: 'Changes, the last first, times in UTC',
  columns: [
    { label: 'Time' },
    { label: 'What' },
    { label: 'Name' },
    { label: 'By' },
    { label: 'Came to' },
    { label: 'Before and after' },
  ],
  rows: shown.map(changeRow),
  empty: 'Nothing has been changed.',
})}
<div class="actions">${found.length > PAGE && html`<a class="button" href="/ui/audit?${older.toString()}">Older ones</a>`}</div>`,
        });
      },
    },
  ];
}

function changeRow({ at, action, kind, name, actor, result, before, after }: AuditEntry): (Html | string)[] {
  const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value, null, 2));
  return [
    timeMark(at),
    `${action} ${kind}`,
    html`<span class="agent">${name}</span>`,
    `${actor.kind} ${actor.id} from ${actor.address}`,
    result === 'done' ? 'done' : html`<span class="tag bad">${result}</span>`,
    html`<details><summary>Show<span class="unseen"> what changed of ${name}</span></summary><h2>Before</h2><pre tabindex="0">${shown(before)}</pre><h2>After</h2><pre tabindex="0">${shown(after)}</pre></details>`,
  ];
}

/** The fleet: which server holds which function set and whether it is as planned, and where the plan is changed (design part 8). */
import type { FleetStatus, ServerStatus, SetStatus } from '../../../fleet/fleet-status.ts';
import { tellPlacement } from '../../../fleet/plan/diff-plan.ts';
import { type Html, html } from '../../../gateway/html.ts';
import type { Admin } from '../../admin.ts';
import { makeUiPage } from '../page.ts';
import { countText, durationText } from '../parts/figures.ts';
import { editionsText, placementCell, shortVersion } from '../parts/placement-cell.ts';
import { sentenceList } from '../parts/planned-change.ts';
import { table } from '../parts/table.ts';
import type { Screen, UiCall } from '../screen.ts';

export function fleetScreens(admin: Admin): Screen[] {
  return [
    {
      method: 'GET',
      path: '/ui/fleet',
      handle(call) {
        const status = admin.fleetActions.status();
        return makeUiPage(call, {
          title: 'Fleet',
          done: doneNote(call, status),
          body: html`${summary(admin, status)}
<div class="actions">${status.sets.length > 0 && html`<a class="button main" href="/ui/fleet/move">Move a set</a>`} <a class="button" href="/ui/fleet/plan">Try or apply a plan</a> <a class="button" href="/ui/fleet">Look again</a></div>
<h2>What differs from the plan</h2>${status.drift.length === 0 ? html`<p>${status.serial === 0 ? 'There is no plan yet.' : 'Nothing: all is as planned.'}</p>` : sentenceList('drift', status.drift)}
<h2>Servers and sets</h2>${placements(status)}${servers(status)}${sets(status)}
<h2>Plan</h2>${routes(status)}${sites(status)}${authorities(status)}${planText(status)}
<h2>This server</h2>${thisServer(admin)}`,
        });
      },
    },
  ];
}

function doneNote({ query }: UiCall, { serial, isSettled }: FleetStatus): string | undefined {
  const name = query.get('server') ?? '';
  const settled = isSettled ? 'all is as planned' : 'what is still to come about stands below';
  if (query.get('done') === 'draining') return `${name} is being drained: others take over what it holds.`;
  if (query.get('done') === 'used') return `${name} is in use again.`;
  return query.get('done') === 'applied' ? `Plan ${serial} is in force; ${settled}.` : undefined;
}

function summary({ node }: Admin, { registry, manager, serial, servers: all, server }: FleetStatus): Html {
  const engine =
    registry.kind === 'local'
      ? 'files of this server'
      : registry.isConnected
        ? 'NATS, which answers'
        : html`<span class="tag bad">NATS, which does not answer</span> All goes on by what was known last; the plan and drained servers cannot be changed until it does.`;
  return html`${!node.hasEngine && html`<p>This is a fleet of one: <code>NATS_URL</code> is not set, so this server works with no others and does everything itself.</p>`}
<div class="card"><dl class="facts"><dt>Plan</dt><dd>${serial === 0 ? 'none yet' : `serial ${serial}`}</dd><dt>Registry</dt><dd>${engine}</dd><dt>Manager</dt><dd>${manager ?? 'none: nobody holds its lease at the moment'}</dd>
<dt>Servers</dt><dd>${all.length}; seen from ${server}</dd></dl></div>`;
}

/** Those there are, and those that the plan names. */
function namesOf({ servers: all, sets: planned, plan }: FleetStatus): readonly string[] {
  const placed = Object.values(plan?.placement ?? {}).flatMap((placement) => placement.servers ?? []);
  const named = [...planned.flatMap(({ assigned }) => assigned), ...placed, ...Object.keys(plan?.servers ?? {})];
  return [...new Set([...all.map(({ name }) => name), ...named])].sort();
}

function placements(status: FleetStatus): Html {
  return table({
    id: 'placements',
    caption: 'What each server holds, by function set: version, newest editions of its data, or why not',
    columns: [{ label: 'Server' }, ...status.sets.map(({ name }) => ({ label: name }))],
    rows: namesOf(status).map((name) => [name, ...status.sets.map((set) => placementCell(status, set, name))]),
    empty: 'No server.',
  });
}

function servers(status: FleetStatus): Html {
  const present = new Map(status.servers.map((each) => [each.name, each]));
  return table({
    id: 'servers',
    caption: 'Servers; load is requests under way',
    columns: [
      { label: 'Server' },
      { label: 'Address' },
      { label: 'Zone' },
      { label: 'State' },
      { label: 'Plan', isNumber: true },
      { label: 'Load', isNumber: true },
      { label: 'Problems' },
      { label: 'Use' },
    ],
    rows: namesOf(status).map((name) => {
      const server = present.get(name);
      return server === undefined ? absentRow(name, status) : serverRow(server, status);
    }),
    empty: 'No server.',
  });
}

function absentRow(name: string, { plan }: FleetStatus): (Html | string)[] {
  const url = plan?.servers?.[name]?.url ?? '';
  return [
    name,
    html`<span class="mono">${url}</span>`,
    '',
    html`<span class="tag bad">not there</span>`,
    '',
    '',
    '',
    '',
  ];
}

function serverRow(server: ServerStatus, status: FleetStatus): (Html | string | number)[] {
  const { name, url, zone, isDraining, serial, load, problems } = server;
  const problem = Object.entries(problems).map(([set, why]) => `${set}: ${why}`);
  const to = `/ui/fleet/servers/${encodeURIComponent(name)}`;
  return [
    html`${name}${name === status.server && html` <span class="tag">this server</span>`}${name === status.manager && html` <span class="tag">manager</span>`}`,
    html`<span class="mono">${url}</span>`,
    zone,
    stateTag(server),
    serial,
    countText(load),
    problem.length === 0 ? 'none' : html`<ul class="plain">${problem.map((each) => html`<li>${each}</li>`)}</ul>`,
    isDraining
      ? html`<a href="${to}/use">Take back<span class="unseen"> ${name}</span></a>`
      : html`<a href="${to}/drain">Drain<span class="unseen"> ${name}</span></a>`,
  ];
}

function stateTag({ isDraining, agrees }: ServerStatus): Html {
  if (isDraining) return html`<span class="tag">draining</span>`;
  return agrees ? html`<span class="tag good">in use</span>` : html`<span class="tag">catching up</span>`;
}

function sets(status: FleetStatus): Html {
  return table({
    id: 'sets',
    caption: 'Function sets',
    columns: [
      { label: 'Set' },
      { label: 'Version' },
      { label: 'Ready', isNumber: true },
      { label: 'Wanted', isNumber: true },
      { label: 'Assigned to' },
      { label: 'Placement' },
      { label: 'Newest data' },
      { label: 'Move' },
    ],
    rows: status.sets.map((set) => setRow(set, status)),
    empty: 'None: the plan places nothing.',
  });
}

function setRow({ name, version, ready, replicas, assigned, editions }: SetStatus, { plan }: FleetStatus) {
  const placement = plan?.placement[name];
  return [
    name,
    html`<code>${shortVersion(version)}</code>`,
    ready.length,
    replicas,
    assigned.join(', ') || 'nobody',
    placement === undefined ? '' : tellPlacement(placement),
    editionsText(editions) || 'none',
    html`<a href="/ui/fleet/move?set=${encodeURIComponent(name)}">Move<span class="unseen"> ${name}</span></a>`,
  ];
}

function routes({ plan }: FleetStatus): Html {
  return table({
    id: 'routes',
    caption: 'Routes: the longest match wins; a server that holds the set answers, others go by the mode',
    columns: [
      { label: 'Path' },
      { label: 'Host' },
      { label: 'Set' },
      { label: 'Mode' },
      { label: 'Server chosen by' },
      { label: 'Taken off' },
    ],
    rows: (plan?.routes ?? []).map(({ match, host, set, mode, key, strip }) => [
      html`<span class="mono">${match}</span>`,
      host ?? 'own hosts',
      set,
      mode,
      key,
      strip ?? '',
    ]),
    empty: 'None.',
  });
}

function sites({ plan }: FleetStatus): Html {
  return table({
    id: 'plan-sites',
    caption: 'Sites made by several servers',
    columns: [{ label: 'Host' }, { label: 'Content from' }, { label: 'Functions from' }],
    rows: (plan?.sites ?? []).map(({ host, content, functions }) => [
      host,
      content.set,
      html`<ul class="plain">${Object.entries(functions).map(([path, { set }]) => html`<li><code>${path}</code> ${set}</li>`)}</ul>`,
    ]),
    empty: 'None.',
  });
}

function authorities({ authorities: owners }: FleetStatus): Html {
  return table({
    id: 'authorities',
    caption: 'Who owns the writes',
    columns: [{ label: 'Of' }, { label: 'Server' }],
    rows: Object.entries(owners).map(([of, server]) => [of, server]),
    empty: 'Each server its own.',
  });
}

function planText({ plan, serial }: FleetStatus): Html {
  if (plan === null)
    return html`<p>A plan says which function sets there are, where they go and how requests reach them.</p>`;
  return html`<details><summary>Plan ${serial} as JSON</summary><pre tabindex="0">${JSON.stringify(plan, null, 2)}</pre></details>`;
}

function thisServer({ node, stats, registry }: Admin): Html {
  const { uptimeSeconds, workers } = stats('hour');
  return html`<div class="card"><dl class="facts"><dt>Name</dt><dd>${node.name}</dd><dt>Zone</dt><dd>${node.zone}</dd><dt>Version</dt><dd>${node.version}</dd>
<dt>Running for</dt><dd>${durationText(uptimeSeconds)}, ${workers} ${workers === 1 ? 'worker' : 'workers'}</dd>
<dt>Formatters</dt><dd>${registry().list().length}, digest <code>${registry().digest.slice(0, 16)}</code>: servers with the same digest plan alike</dd></dl></div>`;
}

/** The form that moves a function set: the plan in force with another placement of one set. */
import { GatewayError } from '../../../core/errors.ts';
import type { FleetStatus } from '../../../fleet/fleet-status.ts';
import type { FleetPlan, Placement } from '../../../fleet/plan/fleet-plan.ts';
import { type Html, html } from '../../../gateway/html.ts';

/** One set with another placement. */
export interface Move {
  readonly set: string;
  readonly placement: Placement;
  /** The whole plan with it. */
  readonly plan: FleetPlan;
}

/**
 * What was asked for; before the form was sent, the set as it is.
 *
 * @throws GatewayError BAD_INPUT where there is no such set, or a number is none.
 */
export function readMove(query: URLSearchParams, { plan, sets, servers }: FleetStatus): Move {
  const set = query.get('set') ?? sets[0]?.name ?? '';
  if (plan === null || !Object.hasOwn(plan.functionSets, set))
    throw new GatewayError('BAD_INPUT', { why: set === '' ? 'the plan has no set' : `the plan has no set \`${set}\`` });
  const { affinity, ...now } = plan.placement[set] ?? { replicas: 1 };
  const near = affinity === undefined ? {} : { affinity };
  if (!query.has('try')) {
    const all = servers.map(({ name }) => name);
    const assigned = sets.find(({ name }) => name === set)?.assigned ?? [];
    const isAnywhere = now.servers === undefined && assigned.length === all.length;
    const shown = { ...now, ...near, ...(isAnywhere ? {} : { servers: now.servers ?? assigned }) };
    return { set, placement: shown, plan };
  }
  const chosen = query.getAll('server');
  const [zone, spread] = [query.get('zone') ?? '', query.get('spread')];
  const placement: Placement = {
    ...near,
    replicas: readReplicas(query.get('replicas')?.trim() ?? '', chosen.length),
    ...(chosen.length === 0 ? {} : { servers: chosen }),
    ...(zone === '' ? {} : { zone }),
    ...(spread === 'zone' ? { spread } : {}),
  };
  return { set, placement, plan: { ...plan, placement: { ...plan.placement, [set]: placement } } };
}

function readReplicas(text: string, chosen: number): number {
  if (text === '') return Math.max(chosen, 1);
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new GatewayError('BAD_INPUT', { why: `the number of servers must be 1 to 1000, got \`${text}\`` });
}

/** @param move absent where what was asked for cannot be read: then the form stays as it was filled */
export function moveFields({ sets, servers, plan }: FleetStatus, query: URLSearchParams, move?: Move): Html {
  const set = move?.set ?? query.get('set') ?? '';
  const { servers: chosen = [], zone = '', spread } = move?.placement ?? asFilled(query);
  const names = [...new Set([...servers.map(({ name }) => name), ...Object.keys(plan?.servers ?? {}), ...chosen])];
  const zones = [...new Set([...servers.map((server) => server.zone), ...(zone === '' ? [] : [zone])])];
  const now = move === undefined || move.placement.replicas === chosen.length ? '' : String(move.placement.replicas);
  const replicas = query.has('try') ? (query.get('replicas') ?? '') : now;
  const isWrong = query.has('try') && move === undefined && sets.some(({ name }) => name === set);
  return html`<div class="card"><div class="field"><label for="set">Set</label><select id="set" name="set">${sets.map(({ name }) => html`<option value="${name}"${name === set && html` selected`}>${name}</option>`)}</select></div>
<fieldset class="choices" aria-describedby="servers-help"><legend>Servers</legend>${names.sort().map((name) => html`<label><input type="checkbox" name="server" value="${name}"${chosen.includes(name) && html` checked`}> ${name}</label>`)}<span class="help" id="servers-help">None ticked: any server.</span></fieldset>
<div class="fields"><div class="field"><label for="replicas">On how many</label><input id="replicas" name="replicas" type="text" inputmode="numeric" autocomplete="off" value="${replicas}" aria-describedby="replicas-help${isWrong && ' move-fault'}"${isWrong && html` aria-invalid="true"`}><span class="help" id="replicas-help">left empty: on all that are ticked</span></div>
<div class="field"><label for="zone">Only in zone</label><select id="zone" name="zone"><option value="">any</option>${zones.sort().map((each) => html`<option value="${each}"${each === zone && html` selected`}>${each}</option>`)}</select></div>
<div class="field"><label for="spread">Spread</label><select id="spread" name="spread"><option value="">as it comes</option><option value="zone"${spread === 'zone' && html` selected`}>over zones</option></select></div></div></div>`;
}

function asFilled(query: URLSearchParams): Partial<Placement> {
  const zone = query.get('zone') ?? '';
  return { servers: query.getAll('server'), zone, ...(query.get('spread') === 'zone' ? { spread: 'zone' } : {}) };
}

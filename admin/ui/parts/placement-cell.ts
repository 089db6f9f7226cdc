/** One server and one function set: what it holds of it, and what is to become of that. */
import type { FleetStatus, SetStatus } from '../../../fleet/fleet-status.ts';
import { whyNot } from '../../../fleet/plan/placement-rules.ts';
import { type Html, html } from '../../../gateway/html.ts';

const SHORT_DIGEST = 12;

/** @example shortVersion('sha256:0a1b2c3d4e5f6789…') // '0a1b2c3d4e5f' */
export function shortVersion(version: string): string {
  return version.replace(/^sha256:/, '').slice(0, SHORT_DIGEST);
}

/** @example editionsText({ sales: 4 }) // 'sales edition 4' */
export function editionsText(editions: Readonly<Record<string, number>>): string {
  return Object.entries(editions)
    .map(([name, edition]) => `${name} edition ${edition}`)
    .join(', ');
}

/** Ready with version and editions, being got, to be given up, or why not. */
export function placementCell(status: FleetStatus, set: SetStatus, server: string): Html {
  const { state, why } = stateOf(status, set, server);
  const holder = set.holders.find((each) => each.server === server);
  return html`${state !== '' && html`<span class="tag${TONES[state] ?? ''}">${state}</span> `}${holder !== undefined && html`<span><code>${shortVersion(holder.version)}</code> ${editionsText(holder.editions)}</span>`}${why !== '' && html`<span class="help"> ${why}</span>`}`;
}

type State = 'ready' | 'not there' | 'failed' | 'being got' | 'to be given up' | '';

const TONES: Readonly<Partial<Record<State, string>>> = { ready: ' good', failed: ' bad', 'not there': ' bad' };

function stateOf({ servers, plan }: FleetStatus, set: SetStatus, name: string): { state: State; why: string } {
  const server = servers.find((each) => each.name === name);
  const isAssigned = set.assigned.includes(name);
  if (server === undefined) {
    const isNamed = isAssigned || plan?.placement[set.name]?.servers?.includes(name) === true;
    return { state: isNamed ? 'not there' : '', why: isNamed ? '' : '–' };
  }
  const problem = server.problems[set.name];
  const holder = set.holders.find((each) => each.server === name);
  const isNewest = Object.entries(set.editions).every(([data, edition]) => (holder?.editions[data] ?? 0) >= edition);
  if (isAssigned && set.ready.includes(name) && isNewest) return { state: 'ready', why: '' };
  if (problem !== undefined) return { state: 'failed', why: problem };
  if (isAssigned) return { state: 'being got', why: holder === undefined ? '' : 'is what it has so far' };
  if (holder !== undefined) return { state: 'to be given up', why: '' };
  const reason = plan === null ? undefined : whyNot(plan, set.name, server);
  return { state: '', why: reason ?? (server.isDraining ? 'drained' : '–') };
}

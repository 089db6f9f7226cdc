/** A server is taken out of use, or back into it. */
import { GatewayError } from '../../../core/errors.ts';
import type { FleetStatus, ServerStatus } from '../../../fleet/fleet-status.ts';
import { whyNot } from '../../../fleet/plan/placement-rules.ts';
import { type Html, html } from '../../../gateway/html.ts';
import type { Reply } from '../../../gateway/reply.ts';
import type { Admin } from '../../admin.ts';
import { makeUiPage, seeOther } from '../page.ts';
import type { Screen, UiCall } from '../screen.ts';

export function fleetServerScreens(admin: Admin): Screen[] {
  const change = (verb: 'drain' | 'use'): Screen[] => [
    { method: 'GET', path: `/ui/fleet/servers/:name/${verb}`, handle: (call) => confirmPage(call, admin, { verb }) },
    {
      method: 'POST',
      path: `/ui/fleet/servers/:name/${verb}`,
      async handle(call) {
        const name = call.names['name']!;
        try {
          await admin.fleetActions.drain(name, verb === 'drain', call.actor);
        } catch (error) {
          if (!(error instanceof GatewayError) || error.code !== 'REGISTRY_AWAY') throw error;
          return confirmPage(call, admin, { verb, error });
        }
        return seeOther(`/ui/fleet?done=${verb === 'drain' ? 'draining' : 'used'}&server=${encodeURIComponent(name)}`);
      },
    },
  ];
  return [...change('drain'), ...change('use')];
}

interface Wanted {
  readonly verb: 'drain' | 'use';
  readonly error?: GatewayError;
}

function confirmPage(call: UiCall, { fleetActions }: Admin, { verb, error }: Wanted): Reply {
  const status = fleetActions.status();
  const server = status.servers.find(({ name }) => name === call.names['name']);
  if (server === undefined) throw new GatewayError('NOT_FOUND', { path: call.received.path });
  const isDrain = verb === 'drain';
  const reply = makeUiPage(call, {
    title: isDrain ? `Drain ${server.name}?` : `Take ${server.name} back?`,
    ...(error === undefined ? {} : { status: error.status, fault: error.message }),
    body: html`${isDrain ? whatDraining(server, status) : html`<p>${server.name} will be given sets again where the plan wants more servers than have them; what others have taken over stays with them.</p>`}
<form action="/ui/fleet/servers/${encodeURIComponent(server.name)}/${verb}" method="post">${call.formToken}<div class="actions"><button class="${isDrain ? 'danger' : 'main'}">${isDrain ? 'Drain' : 'Take back'}</button> <a class="button" href="/ui/fleet">Leave it</a></div></form>`,
  });
  for (const [name, value] of error?.fields ?? []) reply.fields.append(name, value);
  return reply;
}

function whatDraining({ name, sets }: ServerStatus, { servers, plan }: FleetStatus): Html {
  const others = servers.filter((other) => other.name !== name && !other.isDraining);
  const heirsOf = (set: string) =>
    others.filter((other) => plan !== null && whyNot(plan, set, other) === undefined).map((other) => other.name);
  const held = Object.keys(sets).map((set) => [set, heirsOf(set)] as const);
  return html`<p>${name} gets no new sets and gives up those that another server can hold, once that one is ready. It goes on answering its clients.</p>
${held.length === 0 ? html`<p>It holds no set now.</p>` : html`<ul class="plain">${held.map(([set, heirs]) => html`<li>${set}: ${heirs.length === 0 ? 'no other server in use may have it, so it stays here' : `may be on ${heirs.join(', ')}`}</li>`)}</ul>`}`;
}

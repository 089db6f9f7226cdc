/** Changes of the fleet's plan: a set moved, a plan tried, a signed one applied. Nothing is applied that was not shown before. */
import { GatewayError } from '../../../core/errors.ts';
import type { PlannedChange } from '../../../fleet/control.ts';
import { html } from '../../../gateway/html.ts';
import type { Reply } from '../../../gateway/reply.ts';
import type { Admin } from '../../admin.ts';
import { makeUiPage, makeUiReply, seeOther } from '../page.ts';
import { howToApply, plannedChange } from '../parts/planned-change.ts';
import type { Screen, UiCall } from '../screen.ts';
import { type Move, moveFields, readMove } from './fleet-move.ts';

const EMPTY = { functionSets: {}, placement: {}, routes: [] };

export function fleetPlanScreens(admin: Admin): Screen[] {
  return [
    { method: 'GET', path: '/ui/fleet/move', handle: (call) => movePage(call, admin) },
    {
      method: 'GET',
      path: '/ui/fleet/plan',
      handle: (call) => planPage(call, admin, { text: textOf(admin.fleetActions.status().plan ?? EMPTY) }),
    },
    { method: 'POST', path: '/ui/fleet/plan', handle: (call) => tryPlan(call, admin) },
    { method: 'POST', path: '/ui/fleet/apply', handle: (call) => applyPlan(call, admin) },
    {
      method: 'POST',
      path: '/ui/fleet/plan.json',
      handle({ form }) {
        const text = textOf(parseJson(form.get('plan') ?? ''));
        const reply = makeUiReply(200, 'application/json', Buffer.from(`${text}\n`));
        reply.fields.set('content-disposition', 'attachment; filename="PLAN.json"');
        return reply;
      },
    },
  ];
}

async function movePage(call: UiCall, admin: Admin): Promise<Reply> {
  const status = admin.fleetActions.status();
  let move: Move | undefined;
  let change: PlannedChange | undefined;
  let error: GatewayError | undefined;
  try {
    move = readMove(call.query, status);
    if (call.query.has('try')) change = await admin.fleetActions.plan(move.plan);
  } catch (thrown) {
    error = faultOf(thrown);
  }
  return makeUiPage(call, {
    title: 'Move a set',
    ...(error === undefined ? {} : { status: error.status, fault: html`<p id="move-fault">${error.message}</p>` }),
    body: html`${
      change !== undefined &&
      html`<section class="card" aria-labelledby="would"><h2 id="would">What would change</h2>${plannedChange(change)}</section>
${change.changes.length > 0 && howToApply(call, { text: textOf(move!.plan), serial: change.serial, origin: originOf(call, admin) })}`
    }
<form action="/ui/fleet/move" method="get"><h2>Where it shall be</h2>${moveFields(status, call.query, move)}<div class="actions"><button class="main" name="try" value="yes">Show what would change</button> <a class="button" href="/ui/fleet">The fleet</a></div></form>`,
  });
}

interface PlanForm {
  readonly text: string;
  readonly change?: PlannedChange;
  readonly isSigned?: boolean;
  readonly error?: GatewayError;
}

function planPage(call: UiCall, admin: Admin, { text, change, isSigned, error }: PlanForm): Reply {
  const invalid = error !== undefined && html` aria-invalid="true"`;
  const reply = makeUiPage(call, {
    title: 'Try or apply a plan',
    ...(error === undefined ? {} : { status: error.status, fault: html`<p id="plan-fault">${error.message}</p>` }),
    body: html`${
      change !== undefined &&
      html`<section class="card" aria-labelledby="would"><h2 id="would">What would change</h2>${plannedChange(change)}${
        isSigned &&
        html`<p>It is signed by a trusted key and newer than plan ${change.serial}.</p><form action="/ui/fleet/apply" method="post">${call.formToken}<input type="hidden" name="plan" value="${text}"><div class="actions"><button class="danger">Apply it to the fleet</button></div></form>`
      }</section>
${!isSigned && change.changes.length > 0 && howToApply(call, { text, serial: change.serial, origin: originOf(call, admin) })}`
    }
<form action="/ui/fleet/plan" method="post">${call.formToken}<div><label for="plan">Plan, or signed plan</label><p class="help" id="plan-help">JSON, as in PLAN.json, or as <code>fleet sign</code> prints it. Nothing is done until you have seen what would change.</p>
<textarea id="plan" name="plan" rows="24" spellcheck="false" required aria-describedby="plan-help${error !== undefined && ' plan-fault'}"${invalid}>
${text}</textarea></div><div class="actions"><button class="main">Show what would change</button> <a class="button" href="/ui/fleet">The fleet</a></div></form>`,
  });
  for (const [name, value] of error?.fields ?? []) reply.fields.append(name, value);
  return reply;
}

async function tryPlan(call: UiCall, admin: Admin): Promise<Reply> {
  const text = call.form.get('plan') ?? '';
  try {
    const json = parseJson(text);
    const isSigned = typeof json === 'object' && json !== null && 'signature' in json;
    const change = await admin.fleetActions.plan(json);
    return planPage(call, admin, { text: isSigned ? JSON.stringify(json) : textOf(json), change, isSigned });
  } catch (thrown) {
    return planPage(call, admin, { text, error: faultOf(thrown) });
  }
}

async function applyPlan(call: UiCall, admin: Admin): Promise<Reply> {
  const text = call.form.get('plan') ?? '';
  try {
    await admin.fleetActions.apply(parseJson(text), call.actor);
    return seeOther('/ui/fleet?done=applied');
  } catch (thrown) {
    return planPage(call, admin, { text, error: faultOf(thrown) });
  }
}

/** What can be told beside the form; all else is thrown on. */
function faultOf(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError && (thrown.status < 500 || thrown.code === 'REGISTRY_AWAY')) return thrown;
  throw thrown;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GatewayError('BAD_INPUT', { why: `this is not JSON: ${(cause as Error).message}` }, { cause });
  }
}

function textOf(plan: unknown): string {
  return JSON.stringify(plan, null, 2);
}

// Something in front speaks TLS where loopback is not trusted.
function originOf({ received }: UiCall, { trustsLoopback }: Admin): string {
  return `${received.peer.secure || !trustsLoopback ? 'https' : 'http'}://${received.authority}`;
}

/** What a fleet plan would change, and how it is carried out: servers have no key that signs. */
import type { PlannedChange } from '../../../fleet/control.ts';
import { type Html, html } from '../../../gateway/html.ts';
import type { UiCall } from '../screen.ts';

export function plannedChange({ changes, shifts, unmet, missing }: PlannedChange): Html {
  const lists: readonly (readonly [string, string, readonly string[]])[] = [
    ['changes', 'In the plan', sentencesOf(changes)],
    ['shifts', 'On servers', sentencesOf(shifts)],
    ['unmet', 'What cannot be met', sentencesOf(unmet)],
    ['missing', 'What no server has', missing.map((digest) => `${digest}: push it first.`)],
  ];
  const told = lists.filter(([, , sentences]) => sentences.length > 0);
  if (told.length === 0) return html`<p>Nothing changes.</p>`;
  return html`${told.map(([id, title, sentences]) => html`<h3>${title}</h3>${sentenceList(id, sentences)}`)}${shifts.length === 0 && html`<p>No server gains or loses a set.</p>`}`;
}

export function sentenceList(id: string, sentences: readonly string[]): Html {
  return html`<ul class="plain" id="${id}">${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>`;
}

function sentencesOf(list: readonly { readonly sentence: string }[]): readonly string[] {
  return list.map(({ sentence }) => sentence);
}

/** A changed plan that is not signed yet. */
export interface UnsignedPlan {
  /** JSON. */
  readonly text: string;
  /** Of the plan in force, from which it was made. */
  readonly serial: number;
  /** Of the admin listener, as the reader reaches it. */
  readonly origin: string;
}

export function howToApply({ formToken }: UiCall, { text, serial, origin }: UnsignedPlan): Html {
  return html`<h2>Carrying it out</h2><p>Plans are signed, and servers have no key that signs: this is done where the key is. It replaces plan ${serial} as a whole; where another is applied meanwhile, make this one again.</p>
<form action="/ui/fleet/plan.json" method="post">${formToken}<input type="hidden" name="plan" value="${text}"><div class="actions"><button class="main">Download PLAN.json</button></div></form>
<p>Then:</p><pre tabindex="0" id="apply-command">format-gateway fleet apply PLAN.json --key signing.key --server ${shellWord(origin)} --wait</pre>
<p>Or, where that machine does not reach this server, sign it there and <a href="/ui/fleet/plan">paste what is printed</a>:</p><pre tabindex="0" id="sign-command">format-gateway fleet sign PLAN.json --key signing.key --serial ${serial + 1}</pre>
<details><summary>The changed plan</summary><pre tabindex="0" id="changed-plan">${text}</pre></details>`;
}

// A host as it was asked for may hold what shells take for signs of their own.
function shellWord(text: string): string {
  return /^[\w.:/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** An explanation as a person reads it: both sides, then why. */
import type { Explanation } from '../../../gateway/explain.ts';
import { type Html, html } from '../../../gateway/html.ts';
import { bytesText, percentText } from './figures.ts';
import { table } from './table.ts';

export interface ExplanationOptions {
  /** Id under which the frames find both bodies. */
  readonly frames: string;
  readonly permalink: string;
}

export function explanationPart(explanation: Explanation, { frames, permalink }: ExplanationOptions): Html {
  const { original, reply } = explanation;
  const frame = (side: 'original' | 'adapted', title: string, type: string, bytes: number | null) =>
    html`<section aria-labelledby="${side}"><h2 id="${side}">${title}</h2><p class="help">${type || 'no type'}, ${bytesText(bytes)}</p><iframe src="/preview/${side}/${frames}" title="${title}" sandbox loading="lazy"></iframe></section>`;
  return html`<p role="status">${summary(explanation)} <a href="${permalink}">Permalink</a></p>
<div class="sides">${frame('original', 'Original', original.type, original.bytes)}${frame('adapted', 'Adapted', reply.type, reply.bytes)}</div>
<p class="help">Frames run no scripts and load nothing: pictures of a page are left out in both.</p>
<h2>Why</h2>${facts(explanation)}
${steps(explanation)}
<h2>Preferences and where each comes from</h2>${preferences(explanation)}
<h2>What else could have been made</h2>${alternatives(explanation)}`;
}

function summary({ original, reply, presentation }: Explanation): string {
  const as = presentation === null ? 'as it is' : `as ${presentation}`;
  const ratio =
    original.bytes === null || reply.bytes === null || original.bytes === 0 ? null : reply.bytes / original.bytes;
  return `Sent ${as}: ${bytesText(reply.bytes)} of ${bytesText(original.bytes)}${ratio === null ? '' : `, ${percentText(ratio)}`}.`;
}

function facts({ target, client, reply, vary, cache, notes, original }: Explanation): Html {
  return html`<dl class="facts"><dt>Address</dt><dd>${target}</dd><dt>Status</dt><dd>${original.status}</dd>
<dt>Client</dt><dd>${client.class}, preset ${client.preset}</dd><dt>Evidence</dt><dd>${client.evidence.join('; ') || 'none'}</dd>
<dt>Profile</dt><dd>${client.profile === null ? 'none stored' : `${client.profile} (${client.reason})`}</dd>
<dt>Chain</dt><dd><code>${reply.chain}</code></dd><dt>Vary</dt><dd>${vary ?? 'nothing'}</dd>
<dt>Caches</dt><dd>origin ${cache.origin}, variant ${cache.variant}</dd>
<dt>Notes</dt><dd>${notes.length === 0 ? 'none' : html`<ul class="plain">${notes.map(({ formatter, event, fields }) => html`<li>${formatter}: ${event} <code>${JSON.stringify(fields)}</code></li>`)}</ul>`}</dd></dl>`;
}

function steps({ steps: taken, plan }: Explanation): Html {
  return table({
    id: 'steps',
    caption: 'Steps that were taken',
    columns: [
      { label: 'Formatter' },
      { label: 'From' },
      { label: 'To' },
      { label: 'Keeps', isNumber: true },
      { label: 'ms', isNumber: true },
      { label: 'In', isNumber: true },
      { label: 'Out', isNumber: true },
    ],
    rows: taken.map(({ formatter, ms, bytesIn, bytesOut }, index) => [
      `${formatter} ${plan[index]?.version ?? ''}`,
      plan[index]?.from ?? '',
      plan[index]?.to ?? '',
      percentText(plan[index]?.keeps ?? null),
      ms.toFixed(1),
      bytesText(bytesIn),
      bytesText(bytesOut),
    ]),
    empty: 'None: the original is sent, or the form was in the variant cache.',
  });
}

function preferences({ preferences: merged }: Explanation): Html {
  return table({
    id: 'preferences',
    caption: 'Merged preferences; of several layers the later one decides',
    columns: [{ label: 'Preference' }, { label: 'Value' }, { label: 'Layer' }],
    rows: Object.entries(merged).map(([path, { value, layer }]) => [
      html`<code>${path}</code>`,
      html`<code>${JSON.stringify(value)}</code>`,
      layer,
    ]),
    empty: 'None.',
  });
}

function alternatives({ alternatives: others }: Explanation): Html {
  return html`<ul>${others.map(({ plan, why }) => html`<li>${plan.length > 0 && html`<code>${plan.map(({ formatter }) => formatter).join(' → ')}</code>: `}${why}</li>`)}</ul>${others.length === 0 && html`<p>Nothing.</p>`}`;
}

/** `/-/waiting?id=…`: what has become of a form that was kept while the link was down. Renews itself without scripts. */
import { GatewayError } from '../../core/errors.ts';
import { Fields } from '../../core/fields.ts';
import { formatHttpDate } from '../../core/http-date.ts';
import { html } from '../html.ts';
import { makePage, makeRedirect } from '../pages/layout.ts';
import type { PageEntry } from '../pages/pages.ts';
import type { Reply } from '../reply.ts';
import type { FormAnswer, KeptForm, Outbox } from './outbox.ts';

const RENEW_SECONDS = 5;

export function makeWaitingPage(outbox: Outbox): PageEntry {
  return {
    methods: ['GET', 'POST'],
    foreign: true,
    handle({ method, body, path }, { query, gatewayPath }) {
      // Nothing of it is read: that it was posted is enough.
      body.resume();
      const name = query.get('id') ?? '';
      // Who knows the name is who was given it.
      const form = outbox.find(name);
      if (form === undefined) throw new GatewayError('NOT_FOUND', { path: `${gatewayPath}waiting` });
      if (method === 'POST')
        return outbox.cancel(name)
          ? makePage({
              title: 'Not sent',
              body: html`<h1>Not sent</h1><p>The form for ${form.url} was thrown away.</p>`,
            })
          : makeRedirect(303, path);
      return form.answer === undefined ? describe(form, path) : replyOf(form.answer);
    },
  };
}

function describe(form: KeptForm, path: string): Reply {
  if (form.state === 'failed')
    return makePage({
      title: 'Not answered',
      body: html`<h1>The form was not answered</h1><p>For ${form.url}: ${form.failure ?? 'it failed.'}</p>`,
    });
  const isWaiting = form.state === 'waiting';
  const reply = makePage({
    title: isWaiting ? 'The form waits' : 'The form is being sent',
    body: html`<h1>${isWaiting ? 'The form waits for the link' : 'The form is being sent'}</h1>
<p role="status">${isWaiting ? `It is number ${form.place} of those that wait, and will be sent when the link to the other side is back, once.` : 'Its answer will be shown here.'}</p>
<p>For ${form.url}, kept on ${formatHttpDate(form.keptAt)}. This page renews itself every ${String(RENEW_SECONDS)} seconds; it can be closed and opened again.</p>
${isWaiting ? html`<form method="post" action="${path}"><button>Do not send it</button></form>` : ''}`,
  });
  reply.fields.set('refresh', String(RENEW_SECONDS));
  return reply;
}

/** As the form would have been answered. */
function replyOf({ status, fields: given, body }: FormAnswer): Reply {
  const fields = Fields.from(given);
  fields.set('cache-control', 'no-store').delete('etag').delete('content-length');
  const location = fields.get('location');
  // A 307 would have the browser send again what has been sent.
  if (status >= 300 && status < 400 && location !== undefined) return makeRedirect(303, location);
  return { status, fields, body: body.byteLength === 0 ? undefined : Buffer.from(body) };
}

/** Errors in the client's own format: WML deck, Markdown, problem+json, HTML or text (threats: every error reply). */
import { errorCatalogue, GatewayError } from '../core/errors.ts';
import type { VaryRecorder } from '../core/vary.ts';
import { aboutError, type ErrorHelp, helpWith } from './error-help.ts';
import { html } from './html.ts';
import { chooseOwnFormat, type OwnFormat } from './own-format.ts';
import { addressForm } from './pages/address-form.ts';
import { inDeck, makeDeck } from './pages/deck.ts';
import { HERE, makePage, makeTextReply, type OwnPlace } from './pages/layout.ts';
import type { Reply } from './reply.ts';

export interface ErrorContext {
  readonly read: VaryRecorder;
  readonly requestId: string;
  /** Our name in Proxy-Status. */
  readonly pseudonym: string;
  /** Path and query of a page on one of our own hosts that was asked for by GET: there is a way back to it. */
  readonly here?: string | undefined;
  /** Where our own pages are. Default: on the host that was asked. */
  readonly place?: OwnPlace | undefined;
}

/** What a page of each format shows. */
interface ErrorContent {
  readonly error: GatewayError;
  readonly requestId: string;
  readonly help: ErrorHelp;
  readonly place: OwnPlace;
}

/** The reply for an error. Anything but a GatewayError becomes INTERNAL; nothing of its text is shown. */
export function makeErrorReply(error: unknown, context: ErrorContext): Reply {
  const known = error instanceof GatewayError ? error : new GatewayError('INTERNAL', {}, { cause: error });
  const { requestId, here, place = HERE } = context;
  const help = helpWith(known.code, here, place);
  const reply = RENDER[chooseOwnFormat(context.read)]({ error: known, requestId, help, place });
  const { fields } = reply;
  for (const [name, value] of known.fields ?? []) fields.append(name, value);
  if (!fields.has('retry-after') && known.details['seconds'] !== undefined)
    fields.set('retry-after', String(known.details['seconds']));
  const { proxyStatus } = errorCatalogue[known.code] as { proxyStatus?: string };
  if (proxyStatus !== undefined)
    fields.set('proxy-status', `${context.pseudonym}; error=${proxyStatus}; details="${known.code}"`);
  fields.set('vary', context.read.vary());
  fields.set('x-request-id', context.requestId);
  return reply;
}

const RENDER: Readonly<Record<OwnFormat, (content: ErrorContent) => Reply>> = {
  json({ error, requestId, help, place }) {
    const code = error.code.toLowerCase();
    const type = aboutError(error.code, place);
    const problem = { type, title: error.message, status: error.status, code, requestId, advice: help.advice };
    return makeTextReply(error.status, 'application/problem+json', `${JSON.stringify(problem)}\n`);
  },
  wml({ error, requestId, help }) {
    const links = help.links.map(({ label, href }) => html`<p><a href="${inDeck(href)}">${inDeck(label)}</a></p>`);
    const advice = help.advice !== undefined && html`<p>${inDeck(help.advice)}</p>`;
    return makeDeck({
      status: error.status,
      title: `Error ${error.status}`,
      body: html`<p>${inDeck(error.message)}</p>${advice}${links}<p>${requestId}</p>`,
    });
  },
  markdown({ error, requestId, help }) {
    const lines = [
      `# Error ${error.status}`,
      escapeMarkdown(error.message),
      ...(help.advice === undefined ? [] : [escapeMarkdown(help.advice)]),
      help.links.map(({ label, href }) => `- ${label}: <${href.replace(/[<>]/g, encodeURIComponent)}>`).join('\n'),
      `Request id: ${requestId}`,
    ];
    return makeTextReply(error.status, 'text/markdown; charset=utf-8', `${lines.join('\n\n')}\n`);
  },
  text({ error, requestId, help }) {
    const lines = [
      `Error ${error.status}: ${error.message}`,
      ...(help.advice === undefined ? [] : [help.advice]),
      ...help.links.map(({ label, href }) => `${label}: ${href}`),
      `Request id: ${requestId}`,
    ];
    return makeTextReply(error.status, 'text/plain; charset=utf-8', `${lines.join('\n')}\n`);
  },
  html({ error, requestId, help, place }) {
    return makePage({
      status: error.status,
      place,
      title: `Error ${error.status}`,
      body: html`<h1>Error ${error.status}</h1><p>${error.message}</p>
${help.advice !== undefined && html`<p>${help.advice}</p>`}
${help.wantsAddress && addressForm({ value: '' })}
<ul>${help.links.map(({ label, href }) => html`<li><a href="${href}">${label}</a></li>`)}</ul>
<p><small>Request id: ${requestId}</small></p>`,
    });
  },
};

function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+!|<>]/g, '\\$&');
}

/** Errors in the client's own format: WML deck, Markdown, problem+json, HTML or text (threats: every error reply). */
import { asks, parseAccept, qualityOf } from '../core/accept.ts';
import { errorCatalogue, GatewayError } from '../core/errors.ts';
import type { VaryRecorder } from '../core/vary.ts';
import { escapeHtml, html } from './html.ts';
import { makePage, makeTextReply } from './pages/layout.ts';
import type { Reply } from './reply.ts';

type ErrorFormat = 'html' | 'wml' | 'markdown' | 'json' | 'text';

export interface ErrorContext {
  readonly read: VaryRecorder;
  readonly requestId: string;
  /** Our name in Proxy-Status. */
  readonly pseudonym: string;
  /** Address to offer for trying again, where there is one. */
  readonly original?: string | undefined;
}

/** The reply for an error. Anything but a GatewayError becomes INTERNAL; nothing of its text is shown. */
export function makeErrorReply(error: unknown, context: ErrorContext): Reply {
  const known = error instanceof GatewayError ? error : new GatewayError('INTERNAL', {}, { cause: error });
  const reply = renderError(known, chooseFormat(context.read), context);
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

function chooseFormat(read: VaryRecorder): ErrorFormat {
  const text = read.get('accept');
  const accept = parseAccept(text);
  const agent = read.get('user-agent') ?? '';
  const named = (type: string) => (asks(accept, type) ? qualityOf(accept, type).q : 0);
  const candidates: [ErrorFormat, number][] = [
    ['html', Math.max(named('text/html'), named('application/xhtml+xml'))],
    ['wml', named('text/vnd.wap.wml')],
    ['markdown', named('text/markdown')],
    ['json', Math.max(named('application/json'), named('application/problem+json'))],
    ['text', named('text/plain')],
  ];
  // Of equals the order in the field decides, as for the resource itself.
  const typeOf = {
    html: 'text/html',
    wml: 'text/vnd.wap.wml',
    markdown: 'text/markdown',
    json: 'application/json',
    text: 'text/plain',
  };
  const best = candidates
    .filter(([, q]) => q > 0)
    .sort((a, b) => b[1] - a[1] || qualityOf(accept, typeOf[a[0]]).index - qualityOf(accept, typeOf[b[0]]).index)[0];
  if (best !== undefined) return best[0];
  return /mozilla|opera|links|lynx|w3m/i.test(agent) ? 'html' : 'text';
}

function renderError(error: GatewayError, format: ErrorFormat, context: ErrorContext): Reply {
  const { status, message } = error;
  const id = context.requestId;
  if (format === 'json')
    return makeTextReply(
      status,
      'application/problem+json',
      `${JSON.stringify({ type: `/-/docs/errors#${error.code.toLowerCase()}`, title: message, status, code: error.code.toLowerCase(), requestId: id })}\n`,
    );
  if (format === 'wml')
    return makeTextReply(
      status,
      'text/vnd.wap.wml; charset=utf-8',
      `<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE wml PUBLIC "-//WAPFORUM//DTD WML 1.1//EN" "http://www.wapforum.org/DTD/wml_1.1.xml">\n<wml><card id="error" title="Error ${status}"><p>${escapeHtml(message).replace(/\$/g, '$$$$')}</p><p>${escapeHtml(id)}</p></card></wml>\n`,
    );
  if (format === 'markdown')
    return makeTextReply(
      status,
      'text/markdown; charset=utf-8',
      `# Error ${status}\n\n${escapeMarkdown(message)}\n\nRequest id: ${id}\n`,
    );
  if (format === 'text')
    return makeTextReply(status, 'text/plain; charset=utf-8', `Error ${status}: ${message}\nRequest id: ${id}\n`);
  return makePage({
    status,
    title: `Error ${status}`,
    body: html`<h1>Error ${status}</h1><p>${message}</p>${status === 503 || status === 504 ? html`<p>Try the same address again in a moment.</p>` : undefined}
<p>${error.code === 'SIGN_IN_NEEDED' ? html`<a href="/-/sign-in">Sign in</a>` : undefined}</p><p><small>Request id: ${id}</small></p>`,
  });
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+!|<>]/g, '\\$&');
}

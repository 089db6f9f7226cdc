/** The frame of our own pages: small, without scripts, readable in anything from Lynx to a desktop browser. */
import { Fields } from '../../core/fields.ts';
import { Html, html } from '../html.ts';
import type { Reply } from '../reply.ts';
import { setOwnSecurity } from '../security-fields.ts';
import type { Site } from '../sites.ts';

const STYLE =
  new Html(`:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:0 auto;padding:1rem}
h1{font-size:1.4rem;margin:.5rem 0}h2{font-size:1.1rem}input,button,select{font:inherit;padding:.4rem .6rem}input[type=url],input[type=text],input[type=password]{width:100%;box-sizing:border-box}
table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #8886;padding:.3rem .5rem;text-align:left;vertical-align:top}td{overflow-wrap:anywhere}nav a{margin-right:1rem}
:focus-visible{outline:3px solid #06c}.number{text-align:right;white-space:nowrap}@media(max-width:34rem){table{display:block;overflow-x:auto}td{overflow-wrap:normal}}caption{text-align:left;padding:.3rem 0}pre{overflow-x:auto;white-space:pre-wrap}dt{font-weight:bold}.note{border-left:4px solid #06c;padding:.2rem .8rem;margin:1rem 0}`);

/** Where our own pages are, for the pages that lead to them. */
export interface OwnPlace {
  /** Empty: where the page itself is. */
  readonly origin?: string;
  readonly gatewayPath: string;
  /** The site that we stand in front of there: home page and set-up are not its visitors'. */
  readonly site: Pick<Site, 'personal'> | undefined;
}

/** On an own host. */
export const HERE: OwnPlace = { gatewayPath: '/-/', site: undefined };

export interface PageContent {
  readonly title: string;
  readonly body: Html;
  readonly status?: number;
  /** Default: an own host, that of the page. */
  readonly place?: OwnPlace | undefined;
}

/** A finished page of our own. Never stored by caches: it depends on who asks. */
export function makePage({ title, body, status = 200, place = HERE }: PageContent): Reply {
  const text = html`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title><meta name="viewport" content="width=device-width"><style>${STYLE}</style></head>
<body><header><nav aria-label="Gateway">${waysFrom(place)}</nav></header><main>
${body}
</main></body></html>
`;
  return makeTextReply(status, 'text/html; charset=utf-8', text.text);
}

function waysFrom({ origin = '', gatewayPath, site }: OwnPlace): Html {
  const before = `${origin}${gatewayPath}`;
  const settings = site?.personal !== false && html`<a href="${before}settings">Settings</a> `;
  const help = html`<a href="${before}docs">Help</a>`;
  if (site !== undefined) return html`${settings}${help}`;
  return html`<a href="${origin}/">Format gateway</a> ${settings}<a href="${before}setup">Set up</a> ${help}`;
}

/** A small textual reply of our own. */
export function makeTextReply(status: number, contentType: string, text: string): Reply {
  const fields = Fields.from({ 'content-type': contentType, 'cache-control': 'no-store' });
  setOwnSecurity(fields);
  return { status, fields, body: Buffer.from(text) };
}

/** A redirect of our own. */
export function makeRedirect(status: 302 | 303 | 307, location: string): Reply {
  const reply = makeTextReply(status, 'text/plain; charset=utf-8', `See ${location}\n`);
  reply.fields.set('location', location);
  return reply;
}

/** `/-/setup`: how to browse through this gateway from each kind of device. */
import { GatewayError } from '../../core/errors.ts';
import type { Mode } from '../config.ts';
import { type Html, html } from '../html.ts';
import { makePage } from './layout.ts';
import type { PageEntry } from './pages.ts';
import { proxyOf } from './proxy-pac.ts';

/** What the instructions are made of. */
interface Place {
  /** `http://gateway.example:8080` */
  readonly origin: string;
  readonly host: string;
  readonly port: number;
  readonly pac: string;
}

export function makeSetupPage(modes: readonly Mode[]): PageEntry {
  return {
    methods: ['GET'],
    handle(received, { site, gatewayPath }) {
      if (site !== undefined) throw new GatewayError('NOT_FOUND', { path: `${gatewayPath}setup` });
      const { host, port, secure } = proxyOf(received);
      const origin = new URL(`${secure ? 'https' : 'http'}://${host}:${port}`).origin;
      const place = { origin, host, port, pac: `${origin}/-/proxy.pac` };
      return makePage({
        title: 'Set up your device',
        body: html`<h1>Set up your device</h1>
${modes.includes('prefix') && withoutSetup(place)}
${modes.includes('forward') ? asProxy(place) : html`<p>Proxy mode is switched off here.</p>`}
${forPrograms(place)}`,
      });
    },
  };
}

function withoutSetup({ origin }: Place): Html {
  const script = `javascript:location.href=${JSON.stringify(`${origin}/`)}+location.href`;
  return html`<h2>Without any set-up</h2>
<p>Put <code>${origin}/</code> before an address: <code>${origin}/https://example.org/</code>. Links on the page stay inside.</p>
<p>Or keep this as a bookmark (drag it to the bar of bookmarks, or copy its address) and choose it on any page: <a href="${script}">Through the gateway</a></p>
<p>As a search keyword, where the browser has them: <code>${origin}/-/go?url=%s</code></p>`;
}

const STEPS: readonly (readonly [device: string, steps: string])[] = [
  [
    'Android',
    'Settings, Network, Wi-Fi, your network, Edit, Advanced, Proxy: choose “Proxy auto-config” and write the address of the file, or “Manual” with host and port.',
  ],
  [
    'iPhone, iPad',
    'Settings, Wi-Fi, the (i) beside your network, Configure Proxy: “Automatic” with the address of the file.',
  ],
  ['Windows', 'Settings, Network & Internet, Proxy, “Use setup script”: the address of the file.'],
  [
    'macOS',
    'System Settings, Network, your network, Details, Proxies, “Automatic proxy configuration”: the address of the file.',
  ],
  ['GNOME, KDE', 'Settings, Network, Proxy, “Automatic”: the address of the file.'],
  ['Firefox', 'Settings, Network Settings, “Automatic proxy configuration URL”: the address of the file.'],
  ['KaiOS, Symbian, Series 40', 'In the settings of the access point (APN): host as proxy address, and port.'],
  ['WAP phone', 'In the connection profile: host as gateway or proxy, and port; bearer HTTP.'],
  ['Kindle, Kobo and other readers', 'Their browser has no proxy setting: use the address before the address, above.'],
  [
    'A computer of the 1990s',
    'In the preferences of the browser: HTTP proxy, host and port. Sites that insist on https are fetched so for you.',
  ],
];

function asProxy({ host, port, pac }: Place): Html {
  return html`<h2>As a proxy</h2>
<table><tbody><tr><th scope="row">File</th><td><a href="/-/proxy.pac">${pac}</a></td></tr><tr><th scope="row">Host</th><td>${host}</td></tr><tr><th scope="row">Port</th><td>${port}</td></tr></tbody></table>
<p>What goes by https passes unseen and unchanged, so only http pages are adapted this way.</p>
<dl>${STEPS.map(([device, steps]) => html`<dt>${device}</dt><dd>${steps}</dd>`)}</dl>`;
}

function forPrograms({ origin, host, port }: Place): Html {
  const curl = `curl -H 'Accept: text/markdown' ${origin}/https://example.org/`;
  const named = `curl -H 'Format-Profile: e-reader' ${origin}/https://example.org/`;
  const why = `curl -H 'Accept: application/json' ${origin}/-/explain/https://example.org/`;
  const agent = `To read a web page, fetch ${origin}/-/as/markdown/ followed by its whole address. You get its main content as Markdown.`;
  return html`<h2>For programs</h2>
<p>curl:</p><pre>${curl}
${named}
${why}</pre>
<p>A text browser:</p><pre>w3m ${origin}/https://example.org/
http_proxy=http://${host}:${port}/ lynx http://example.org/</pre>
<p>A language-model agent, in its instructions:</p><pre>${agent}</pre>`;
}

/** The home page: an address box, who we think asks, and one page as every preset gets it. */
import type { VaryRecorder } from '../../core/vary.ts';
import type { Clients } from '../../profiles/clients.ts';
import type { Detection } from '../../profiles/detection.ts';
import type { Profiles } from '../../profiles/profiles.ts';
import { type Html, html } from '../html.ts';
import { chooseOwnFormat } from '../own-format.ts';
import type { Reply } from '../reply.ts';
import type { SessionStore } from '../session-store.ts';
import { clientKeyOf, findUser } from '../steps/identify.ts';
import type { Users } from '../users.ts';
import { addressForm } from './address-form.ts';
import { inDeck, makeDeck } from './deck.ts';
import { makePage } from './layout.ts';
import type { PageEntry } from './pages.ts';
import type { Showcase } from './showcase.ts';

export interface HomeParts {
  readonly profiles: Profiles;
  readonly clients: Clients;
  readonly users: Users;
  readonly sessions: SessionStore;
  readonly detect: (read: (fieldName: string) => string | undefined) => Detection;
  /** Origin of the demo site, where there is one. */
  readonly demoOrigin: string | undefined;
  /** One page of the demo as every preset gets it. */
  readonly showcase: () => Promise<Showcase>;
}

export function makeHomePage(parts: HomeParts): PageEntry {
  const { profiles, detect, demoOrigin } = parts;
  return {
    methods: ['GET'],
    async handle(received, _page, read: VaryRecorder) {
      const detection = detect((name) => read.get(name));
      const user = findUser(received, parts);
      const chosen = parts.clients.find(clientKeyOf(received, user))?.profile;
      const serving = profiles.get(chosen ?? user?.profile ?? detection.preset)?.profile;
      if (chooseOwnFormat(read) === 'wml') return homeDeck(demoOrigin);
      return makePage({
        title: 'Format gateway',
        body: html`<h1>Format gateway</h1>
${addressForm({ value: demoOrigin === undefined ? '' : `${demoOrigin}/` })}
<p class="note">This looks like: <strong>${detection.class}</strong> (${detection.evidence.join('; ')}). Pages come as <strong>${serving?.title ?? serving?.name ?? detection.preset}</strong> prefers them${chosen !== undefined && ', as you or an admin have chosen'}. <a href="/-/settings">Change it</a></p>
<p>Any address also works behind this one: <code>/https://example.org/</code>; one form of it: <code>/-/as/markdown/https://example.org/</code>; why it looks as it does: <code>/-/explain/https://example.org/</code>. <a href="/-/setup">Set up a phone, an agent, a terminal</a></p>
${demoOrigin !== undefined && tryDemo(demoOrigin, await parts.showcase())}`,
      });
    },
  };
}

/** The address box of a WAP phone. */
function homeDeck(demoOrigin: string | undefined): Reply {
  const variable = '$(url)';
  return makeDeck({
    title: 'Format gateway',
    body: html`<p>Address of a page<br/><input name="url" emptyok="false"/>
<do type="accept" label="Open"><go href="/-/go" method="get"><postfield name="url" value="${variable}"/></go></do>
<anchor>Open<go href="/-/go" method="get"><postfield name="url" value="${variable}"/></go></anchor></p>${demoOrigin !== undefined && html`<p><a href="/${inDeck(demoOrigin)}/">A harbour town</a></p>`}`,
  });
}

function tryDemo(origin: string, { rows, isWhole }: Showcase): Html {
  const page = rows[0]?.target ?? `${origin}/story.html`;
  return html`<h2>Try it without the internet</h2>
<p>A made-up harbour town runs beside this gateway: <a href="/${origin}/">its home page</a>, <a href="/${origin}/gallery.html">pictures</a>, <a href="/${origin}/guest-book">a form</a>, <a href="/${origin}/harbour.md">a page in Markdown</a>, <a href="/${origin}/tides.csv">data</a>, <a href="/-/views/harbour">charts of a database and two services</a>.</p>
<table><caption>One page with its pictures, as each preset gets it: <a href="/${page}">${page}</a></caption>
<thead><tr><th scope="col">Preset</th><th scope="col">Form</th><th scope="col" class="number">Page</th><th scope="col" class="number">Pictures</th><th scope="col">Why</th></tr></thead>
<tbody>${rows.map(
    (row) =>
      html`<tr><th scope="row">${row.title}</th><td><a href="${row.href}">${row.type}</a></td><td class="number">${sizeOf(row.pageBytes)}</td><td class="number">${row.pictureBytes === undefined ? 'none' : sizeOf(row.pictureBytes)}</td><td>${row.chain}</td></tr>`,
  )}</tbody></table>
${!isWhole && html`<p>The rest is being made: open this page again in a moment.</p>`}`;
}

function sizeOf(bytes: number): string {
  return bytes < 1_000 ? `${bytes} B` : `${(bytes / 1_000).toFixed(1)} kB`;
}

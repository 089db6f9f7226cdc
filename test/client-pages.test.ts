/** What people on small and old devices are shown by the gateway itself: the bar, home, set-up, settings, errors. */
import test from 'ava';
import { CLIENTS } from './support/client.ts';
import { inWorld } from './support/gateway.ts';

const STORY = `<!DOCTYPE html><html lang="en"><head><title>A story</title><script>track()</script><script>more()</script><style>p{color:red}</style></head>
<body><nav><a href="/">Home</a></nav><main><article><h1>A story</h1>${'<p>Some words that make a paragraph, long enough to be one and to count.</p>'.repeat(14)}
<img src="/big.jpg" width="1600" height="900" alt="A bay"><img src="icon.png" width="16" height="16" alt="icon"><a href="/x"><img src="/in-link.jpg" width="900" height="90" alt="linked"></a></article></main></body></html>`;

test(
  'a lite page leads to its other forms, tells what was left out, and shows each picture in full',
  inWorld(async (t, { origin, through, get }) => {
    origin.on('/story?a=1', STORY);
    const { text } = await through('/story?a=1', { fields: CLIENTS.kaios });
    const own = (presentation: string) => `/-/as/${presentation}/${origin.url}/story?a=1`;
    for (const presentation of ['article', 'text', 'full', 'original'])
      t.true(text.includes(`<a href="${own(presentation)}">${presentation}</a>`), presentation);
    t.true(text.includes('<b>lite</b>'));
    t.regex(text, /Left out: 2 scripts, 1 style sheet\./);
    t.true(text.includes(`<a href="/-/as/original/${origin.url}/big.jpg"><img`), 'a picture that was made smaller');
    t.false(text.includes(`/-/as/original/${origin.url}/icon.png`), 'an icon is in full already');
    t.false(text.includes(`/-/as/original/${origin.url}/in-link.jpg`), 'no link within a link');
    const article = await get(own('article'), { fields: CLIENTS.kaios });
    t.is(article.status, 200);
    t.true(article.text.includes('<b>article</b>'));
    t.true(article.text.includes(`<a href="${own('lite')}">`));
  }),
);

test(
  'the bar is on pages that are read as pages only, and a profile can switch it off',
  inWorld(async (t, { origin, through, admin }) => {
    origin.on('/story', STORY);
    for (const accept of ['text/markdown', 'text/plain', 'text/vnd.wap.wml']) {
      const { text } = await through('/story', { fields: { accept } });
      t.false(text.includes('/-/as/'), accept);
    }
    const full = await through('/story', { fields: CLIENTS.desktop });
    t.false(full.text.includes('/-/as/'));
    await admin('/api/profiles/plain', {
      method: 'PUT',
      json: { extends: 'kaios', selectable: true, prefers: { formatters: { 'html-lite': { bar: false } } } },
    });
    const { text, fields } = await through('/story', { fields: { ...CLIENTS.kaios, 'format-profile': 'plain' } });
    t.regex(String(fields['format-chain']), /^html-lite/);
    t.false(text.includes('/-/as/'));
  }),
);

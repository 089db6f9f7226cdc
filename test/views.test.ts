/** Views: Markdown whose fences name raw data of other services (design part 6), as every kind of client gets them. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import sharp from 'sharp';
import { findFences } from '../formatters/view-fences.ts';
import { ask, CLIENTS } from './support/client.ts';
import { inWorld, openWorld, type World } from './support/gateway.ts';
import { startOrigin } from './support/origin.ts';

const SALES = 'month,total\nJanuary,12\nFebruary,18\nMarch,9\n';
const VIEW = `# Sales this year

Before the chart.

\`\`\`chart
data: sales.csv
mark: bar
x: month
y: total
\`\`\`

\`\`\`table
data: /top.json
title: Best sellers
\`\`\`

After the table.
`;

function serve(
  { origin }: Pick<World, 'origin'>,
  path: string,
  type: string,
  body: string,
  cacheControl = 'max-age=60',
): void {
  origin.on(path, (_, response) => {
    response.writeHead(200, { 'content-type': type, 'cache-control': cacheControl }).end(body);
  });
}

function serveView(world: World): void {
  serve(world, '/year/view.md', 'text/markdown; charset=utf-8', VIEW);
  serve(world, '/year/sales.csv', 'text/csv', SALES);
  serve(
    world,
    '/top.json',
    'application/json',
    JSON.stringify([
      { name: 'Lamp', sold: 7 },
      { name: 'Öl', sold: 31 },
    ]),
  );
}

test(
  'a browser gets drawings, a phone pictures of its width, a text browser tables, an agent numbers, a program the data',
  inWorld(async (t, world) => {
    serveView(world);
    const { through, get, origin } = world;
    const shown = async (fields: Record<string, string>) => {
      const answer = await through('/year/view.md', { fields });
      t.is(answer.status, 200);
      return answer;
    };
    const browser = await shown(CLIENTS.desktop);
    t.regex(browser.text, /<svg[^>]* role="img"/);
    t.regex(browser.text, /<title[^>]*>[^<]*total[^<]*<\/title>/);
    t.true(browser.text.includes('<caption>Best sellers</caption>'));
    t.true(browser.text.includes('Before the chart.') && browser.text.includes('After the table.'));
    t.regex(String(browser.fields['server-timing']), /gather/);
    const phone = await shown(CLIENTS.kaios);
    t.false(phone.text.includes('<svg'));
    const address = /<img src="([^"]+)"/.exec(phone.text)![1]!.replaceAll('&amp;', '&');
    t.true(address.startsWith(`/-/as/chart/${origin.url}/year/sales.csv?`), address);
    const picture = await get(address, { fields: { ...CLIENTS.kaios, accept: 'image/png,image/jpeg,*/*;q=0.5' } });
    t.is(picture.status, 200, picture.text.slice(0, 300));
    t.true((await sharp(picture.body).metadata()).width <= 240);
    const lynx = await shown(CLIENTS.lynx);
    t.false(/<svg|<img/.test(lynx.text));
    t.true(lynx.text.includes('February') && lynx.text.includes('<th'));
    const terminal = await shown({ ...CLIENTS.curl, accept: 'text/plain' });
    t.regex(terminal.text, /February \|\s+18/);
    const agent = await shown(CLIENTS.agent);
    t.true(agent.text.includes('| February | 18 |'), agent.text);
    t.is(agent.fields['content-type'], 'text/markdown; charset=utf-8');
    const deck = await shown(CLIENTS.wap);
    t.true(deck.text.startsWith('<?xml') && deck.body.byteLength <= 1_400);
    t.is((await shown({ ...CLIENTS.curl, accept: 'text/csv' })).text.replaceAll('\r', ''), SALES);
    t.deepEqual(JSON.parse((await shown({ ...CLIENTS.curl, accept: 'application/json' })).text)[1], {
      month: 'February',
      total: 18,
    });
    t.is((await shown(CLIENTS.curl)).text, VIEW, 'whoever takes anything gets the document');
  }),
);

test(
  'whatever is wrong with a fence leaves a note in its place and the rest of the page',
  inWorld(async (t, world) => {
    const { origin, through } = world;
    serve(world, '/sales.csv', 'text/csv', SALES);
    serve(world, '/page.html', 'text/html', '<p>no data</p>');
    const fence = (kind: string, ...lines: string[]) => `\`\`\`${kind}\n${lines.join('\n')}\n\`\`\`\n`;
    origin.on('/view.md', (_, response) => {
      response
        .writeHead(200, { 'content-type': 'text/markdown' })
        .end(
          [
            '# Faults',
            fence('chart', 'data: /sales.csv', 'x: nowhere'),
            fence('chart', 'data: http://127.0.0.1:1/dead.csv'),
            fence('chart', 'data: http://10.1.2.3/private.csv'),
            fence('chart', 'data: /gone.csv'),
            fence('chart', 'data: /page.html'),
            fence('chart', 'mark: bar'),
            fence('chart', 'mark: ['),
            fence('table', 'data: file:///etc/passwd'),
            fence('table', 'data: /sales.csv', 'colour: red'),
            fence('table', 'data: /sales.csv', 'title: This one is well'),
            'The end.',
          ].join('\n\n'),
        );
    });
    const { text, status } = await through('/view.md', { fields: CLIENTS.desktop });
    t.is(status, 200);
    const notes = [...text.matchAll(/<b>Left out:<\/b>([^<]*)/g)].map((match) => match[1]!);
    t.is(notes.length, 9, notes.join('\n'));
    for (const [index, words] of [
      [0, 'nowhere'],
      [0, 'month'],
      [1, 'does not accept connections'],
      [2, 'does not fetch'],
      [3, 'answered 404'],
      [4, 'text/html'],
      [5, 'must name the data'],
      [6, 'cannot be read'],
      [8, 'colour'],
    ] as const)
      t.true(notes[index]!.includes(words), `${words}: ${notes[index]}`);
    t.true(text.includes('<caption>This one is well</caption>') && text.includes('The end.'));
  }),
);

test(
  'design 6: a whole Vega-Lite specification may name its data itself, relative to the document, or hold it',
  inWorld(async (t, world) => {
    serve(world, '/year/sales.csv', 'text/csv', SALES);
    const drawn = { mark: 'bar', encoding: { x: { field: 'month' }, y: { field: 'total', type: 'quantitative' } } };
    const held = { values: [{ month: 'March', total: 7 }] };
    const fence = (line: string) => `\`\`\`chart\n${line}\n\`\`\``;
    const spec = (data: object) => fence(`spec: ${JSON.stringify({ data, ...drawn })}`);
    const document = [
      spec({ url: 'sales.csv' }),
      spec(held),
      fence(`spec: '${JSON.stringify({ data: held, ...drawn })}'`),
    ];
    serve(world, '/year/whole.md', 'text/markdown', document.join('\n\n'));
    const { text } = await world.through('/year/whole.md', { fields: CLIENTS.desktop });
    t.is(text.match(/<svg/g)?.length, 3, text);
    const numbers = (await world.through('/year/whole.md', { fields: CLIENTS.agent })).text;
    t.true(numbers.includes('| February | 18 |'), numbers);
    t.is(numbers.match(/\| March \| 7 \|/g)?.length, 2);
    const phone = (await world.through('/year/whole.md', { fields: CLIENTS.kaios })).text;
    t.is(phone.match(/<img/g)?.length, 3, phone);
    const data = await world.through('/year/whole.md', { fields: { ...CLIENTS.curl, accept: 'text/csv' } });
    t.true(data.text.startsWith('month,total'), data.text);
  }),
);

test(
  'a changed row changes the chart at the next request within its freshness, and a view is as fresh as its data',
  inWorld(async (t, world) => {
    serveView(world);
    serve(world, '/year/sales.csv', 'text/csv', SALES, 'no-cache');
    const { through, origin } = world;
    const first = await through('/year/view.md', { fields: CLIENTS.agent });
    t.regex(String(first.fields['cache-control']), /no-cache/);
    serve(world, '/year/sales.csv', 'text/csv', SALES.replace('18', '99'), 'no-cache');
    const second = await through('/year/view.md', { fields: CLIENTS.agent });
    t.true(second.text.includes('| February | 99 |'));
    t.not(second.fields.etag, first.fields.etag);
    const again = await through('/year/view.md', {
      fields: { ...CLIENTS.agent, 'if-none-match': String(second.fields.etag) },
    });
    t.is(again.status, 304);
    t.is(origin.requests.filter(({ path }) => path === '/top.json').length, 1, 'fresh data is not fetched again');
  }),
);

test(
  'a view asks for the data of all fences at once, once each, without anything of the client',
  inWorld(async (t, world) => {
    const { origin, through } = world;
    const waiting: (() => void)[] = [];
    for (const name of ['a', 'b'])
      origin.on(`/${name}.csv`, (_, response) => {
        waiting.push(() => response.writeHead(200, { 'content-type': 'text/csv' }).end('x,y\n1,2\n'));
        if (waiting.length === 2) for (const answer of waiting) answer();
      });
    const fences = ['a', 'b', 'a'].map((name) => `\`\`\`table\ndata: ${name}.csv\n\`\`\`\n`).join('\n');
    serve(world, '/view.md', 'text/markdown', fences);
    const { status } = await through('/view.md', {
      fields: { ...CLIENTS.desktop, cookie: 'a=b', authorization: 'Basic x', referer: 'http://x.example/' },
    });
    t.is(status, 200);
    const asked = origin.requests.filter(({ path }) => path.endsWith('.csv'));
    t.is(asked.length, 2);
    for (const { fields } of asked)
      for (const name of ['cookie', 'authorization', 'referer', 'user-agent']) t.is(fields[name], undefined, name);
  }),
);

test(
  'at most sixteen fences are looked at; the others are told of',
  inWorld(async (t, world) => {
    serve(world, '/d.csv', 'text/csv', 'x,y\n1,2\n');
    serve(world, '/view.md', 'text/markdown', '```table\ndata: d.csv\n```\n\n'.repeat(18));
    const { text } = await world.through('/view.md', { fields: CLIENTS.lynx });
    t.is([...text.matchAll(/<table/g)].length, 16);
    t.is([...text.matchAll(/A view shows at most 16/g)].length, 2);
  }),
);

test(
  'views kept by admins are there at once, in every form, and change with the next request',
  inWorld(async (t, world) => {
    serve(world, '/d.csv', 'text/csv', SALES);
    const { admin, get, origin } = world;
    const put = (markdown: string) => admin('/api/views/sales', { method: 'PUT', json: { markdown } });
    t.is((await put(`# One\n\n\`\`\`chart\ndata: ${origin.url}/d.csv\n\`\`\`\n`)).status, 201);
    const browser = await get('/-/views/sales', { fields: CLIENTS.desktop });
    t.is(browser.status, 200);
    t.regex(browser.text, /<svg/);
    t.true((await get('/-/views/sales', { fields: CLIENTS.agent })).text.includes('| February | 18 |'));
    t.is((await put('# Two\n')).status, 200);
    t.true((await get('/-/views/sales', { fields: CLIENTS.desktop })).text.includes('Two'));
    t.is((await get('/-/views/other')).status, 404);
    t.is((await get('/-/views/sales', { method: 'DELETE' })).status, 405);
  }),
);

test('in reverse mode a view may fetch from the site itself and its data hosts, from nowhere else', async (t) => {
  const data = await startOrigin();
  const site = await startOrigin();
  const folder = mkdtempSync(join(tmpdir(), 'sites-'));
  const host = (url: string) => new URL(url).host;
  writeFileSync(
    join(folder, 'sites.json'),
    JSON.stringify([{ host: 'stats.example', upstream: site.url, data: [host(data.url)] }]),
  );
  const open = await openWorld({ environment: { SITES: join(folder, 'sites.json'), UPSTREAM_ALLOW: 'none' } });
  try {
    serve({ origin: data }, '/far.csv', 'text/csv', SALES);
    serve({ origin: site }, '/near.csv', 'text/csv', SALES);
    const addresses = [
      'near.csv',
      `${data.url}/far.csv`,
      `${open.world.origin.url}/other.csv`,
      'http://stats.example/near.csv',
    ];
    const fences = addresses.map((address) => `\`\`\`table\ndata: ${address}\n\`\`\`\n`);
    serve({ origin: site }, '/view.md', 'text/markdown', fences.join('\n'));
    const { text, status } = await ask(open.world.server.origin, '/view.md', {
      fields: { ...CLIENTS.lynx, host: 'stats.example' },
    });
    t.is(status, 200);
    t.is([...text.matchAll(/<table/g)].length, 3, text);
    t.regex(text, /Left out:.*not among the data hosts of this site/);
    t.is(open.world.origin.requests.length, 0);
  } finally {
    await open.close();
    await data.close();
    await site.close();
  }
});

test(
  'the demo holds a view over a database service of ours and two sets of an origin; an admin may put another in its place',
  inWorld(async (t, { get, admin }) => {
    const browser = await get('/-/views/harbour', { fields: CLIENTS.desktop });
    t.is(browser.status, 200);
    t.false(browser.text.includes('Left out'), browser.text.slice(0, 2_000));
    t.is([...browser.text.matchAll(/<svg[^>]* role="img"/g)].length, 4);
    t.true(browser.text.includes('visitors, three nights at most'));
    const phone = await get('/-/views/harbour', { fields: CLIENTS.kaios });
    const addresses = [...phone.text.matchAll(/<img src="([^"]+)"/g)].map((match) =>
      match[1]!.replaceAll('&amp;', '&'),
    );
    t.is(addresses.length, 4);
    for (const address of addresses) {
      const picture = await get(address, { fields: { ...CLIENTS.kaios, accept: 'image/*' } });
      t.is(picture.status, 200, `${address}: ${picture.text.slice(0, 200)}`);
      t.true((await sharp(picture.body).metadata()).width <= 240);
    }
    const numbers = await get('/-/views/harbour', { fields: { ...CLIENTS.curl, accept: 'text/csv' } });
    t.regex(numbers.text, /^month,species,tonnes\r?\n/);
    await admin('/api/views/harbour', { method: 'PUT', json: { markdown: '# Ours now\n' } });
    t.true((await get('/-/views/harbour', { fields: CLIENTS.desktop })).text.includes('Ours now'));
  }),
);

test('fences are found where Markdown has them, and nowhere else', (t) => {
  const found = (text: string) => findFences(text).map(({ kind, from, to }) => [kind, from, to]);
  t.deepEqual(found('```chart\ndata: a\n```'), [['chart', 0, 3]]);
  t.deepEqual(found('~~~ table\ndata: a\n~~~~\nx'), [['table', 0, 3]]);
  t.deepEqual(found('````\n```chart\ndata: a\n```\n````'), [], 'within other code');
  t.deepEqual(found('```charts\n```\n```js\n```'), []);
  t.deepEqual(found('text\r\n```chart\r\ndata: a\r\n```\r\n'), [['chart', 1, 4]]);
  t.deepEqual(found('```chart\ndata: a'), [['chart', 0, 3]], 'open to the end');
  t.deepEqual(findFences('```chart\ndata: a\nspec:\n  mark: bar\n  encoding: {x: {field: b}}\n```')[0]!.options, {
    data: 'a',
    spec: { mark: 'bar', encoding: { x: { field: 'b' } } },
  });
  t.regex(findFences('```chart\na: &x [1]\nb: [*x, *x]\ndata: z\n```')[0]!.fault ?? '', /cannot be read/);
});

/** One site of two servers (S4): content from one, functions from the other, whichever they are; the front puts them together. */
import test, { type ExecutionContext } from 'ava';
import type { BuiltBundle } from '../fleet/bundle/build-bundle.ts';
import { type Answer, type Ask, CLIENTS } from './support/client.ts';
import { serviceText } from './support/components.ts';
import { eventually, type Node, openFleet, type PlanJson, type TestFleet, withFleet } from './support/fleet.ts';

const HOST = 'shop.example';

/** Pages by path; what is not there is the path itself. */
const PAGES: Readonly<Record<string, string>> = {
  '/': `<!DOCTYPE html><html lang="en"><head><title>Shop</title></head><body><main><h1>Goods</h1>
<p>Fine goods, and many of them.</p>
<div><esi:include src="/cart/items?of=1&amp;and=2"/></div>
<div><esi:include src="/cart/total" onerror="continue"></esi:include></div>
</main></body></html>`,
  '/alt': '<p><esi:include src="/cart/fails" alt="/cart/total"/></p>',
  '/continue': '<p>before <esi:include src="/cart/fails" onerror="continue"/>after</p>',
  '/missing': '<p>before <esi:include src="/nowhere/at/all"/>after</p>',
  '/marks': `<p>kept</p><esi:remove><p>removed</p></esi:remove><esi:comment text="nobody reads this"/><!--esi <b>with esi</b> <esi:include src="/cart/total"/>--><!-- a comment --><p>end</p>`,
  '/quotes': `<p><esi:include alt='/cart/none?a=">"' src='/cart/total'/></p>`,
  '/nested': '<p><esi:include src="/cart/nests"/></p>',
  '/foreign': [
    'http://127.0.0.1:1/x',
    '//127.0.0.1:1/x',
    'https://shop.example/cart/total',
    'http://other.example/cart/total',
    'file:///etc/passwd',
    '/-/docs/errors',
    'javascript:1',
  ]
    .map((src) => `<i><esi:include src="${src}"/></i>`)
    .join(''),
  '/own': `<p><esi:include src="http://${HOST}/cart/total"/></p>`,
  '/utf8': '<!DOCTYPE html><meta charset="utf-8"><p>Grüße – 你好 <esi:include src="/cart/words"/></p>',
  '/fresh': '<p><esi:include src="/cart/total"/></p>',
};

function pagesText(): string {
  return serviceText(
    'pages',
    `const pages = ${JSON.stringify(PAGES)};
     const page = pages[url.pathname];
     if (page === undefined) return new Response('no page ' + url.pathname, { status: 404, headers: { 'content-type': 'text/plain' } });
     return new Response(page, { headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'max-age=600', etag: '"content"' } });`,
  );
}

const CART = serviceText(
  'cart',
  `const html = (text, fields) => new Response(text, { headers: { 'content-type': 'text/html; charset=utf-8', ...fields } });
   if (url.pathname === '/cart/items') return html('<ul><li>' + url.search + '</li></ul>', { 'cache-control': 'max-age=60' });
   if (url.pathname === '/cart/total') return html('<b>12.50</b>', { 'cache-control': 'max-age=30' });
   if (url.pathname === '/cart/words') return html('schön');
   if (url.pathname === '/cart/nests') return html('<esi:include src="/cart/total"/>');
   if (url.pathname === '/cart/who') return html('<i>' + (request.headers.get('cookie') ?? 'nobody') + '</i>', { 'cache-control': 'private' });
   if (url.pathname === '/cart/add')
     return new Response(request.method + ' ' + (await request.text()), { status: 201, headers: { 'content-type': 'text/plain', 'set-cookie': 'cart=7; Path=/; HttpOnly' } });
   throw new Error('out of order');`,
);

let opened: Awaited<ReturnType<typeof openFleet>>;
let a: Node;
let b: Node;
let pages: BuiltBundle;
let cart: BuiltBundle;

async function build(fleet: TestFleet, node: Node): Promise<readonly [BuiltBundle, BuiltBundle]> {
  const built = await Promise.all([fleet.build({ 'index.ts': pagesText() }), fleet.build({ 'index.ts': CART })]);
  for (const each of built) await fleet.push(node, each);
  return built;
}

test.before(async (t) => {
  t.timeout(120_000);
  opened = await openFleet();
  [a, b] = await Promise.all([opened.start('a'), opened.start('b')]);
  [pages, cart] = await build(opened, a);
});
test.after.always(async () => await opened?.close());

function planOf(content: readonly string[], functions: readonly string[], built = [pages, cart]): PlanJson {
  return {
    functionSets: { pages: { bundles: [built[0]!.digest] }, cart: { bundles: [built[1]!.digest] } },
    placement: {
      pages: { replicas: content.length, servers: content },
      cart: { replicas: functions.length, servers: functions },
    },
    sites: [{ host: HOST, content: { set: 'pages' }, functions: { '/cart/*': { set: 'cart' } } }],
  };
}

function visit(node: Node, path: string, { fields, ...asked }: Ask = {}): Promise<Answer> {
  return node.get(path, { ...asked, fields: { ...CLIENTS.curl, ...fields, host: HOST } });
}

/** Tests of one fleet follow each other. */
function inFleet(title: string, work: (t: ExecutionContext) => Promise<void>): void {
  test.serial(title, async (t) => {
    t.timeout(100_000);
    await work(t);
  });
}

async function settle(plan: PlanJson): Promise<void> {
  await opened.apply(a, plan);
  await opened.settled();
}

inFleet(
  'content on one server and functions on another, the reverse, functions on both, all on both: the client gets equal bytes (S4)',
  async (t) => {
    const placements = [
      [['a'], ['b']],
      [['b'], ['a']],
      [['a'], ['a', 'b']],
      [
        ['a', 'b'],
        ['a', 'b'],
      ],
    ] as const;
    const seen = new Map<string, Set<string>>();
    for (const [content, functions] of placements) {
      await settle(planOf(content, functions));
      for (const node of [a, b])
        for (const path of Object.keys(PAGES))
          for (const [client, fields] of Object.entries({
            curl: CLIENTS.curl,
            desktop: CLIENTS.desktop,
            lynx: CLIENTS.lynx,
          })) {
            const { status, text, fields: given } = await visit(node, path, { fields });
            t.is(status, 200, `${path} for ${client} of ${node.name}: ${text}`);
            const kind = given['content-type'];
            const key = `${path} for ${client}`;
            seen.set(
              key,
              (seen.get(key) ?? new Set()).add(JSON.stringify([kind, given.etag, given['cache-control'], text])),
            );
          }
    }
    for (const [key, forms] of seen) t.is(forms.size, 1, `${key}: ${[...forms].join('\n')}`);
  },
);

inFleet(
  'includes are filled in their places; src, alt, onerror, remove, comment and <!--esi mean what ESI 1.0 says',
  async (t) => {
    await settle(planOf(['a'], ['b']));
    const expected: Readonly<Record<string, string>> = {
      '/': PAGES['/']!.replace(
        '<esi:include src="/cart/items?of=1&amp;and=2"/>',
        '<ul><li>?of=1&and=2</li></ul>',
      ).replace('<esi:include src="/cart/total" onerror="continue"></esi:include>', '<b>12.50</b>'),
      '/alt': '<p><b>12.50</b></p>',
      '/continue': '<p>before after</p>',
      '/missing': '<p>before after</p>',
      '/marks': '<p>kept</p> <b>with esi</b> <b>12.50</b><!-- a comment --><p>end</p>',
      '/quotes': '<p><b>12.50</b></p>',
      '/own': '<p><b>12.50</b></p>',
      '/utf8': '<!DOCTYPE html><meta charset="utf-8"><p>Grüße – 你好 schön</p>',
    };
    for (const [path, text] of Object.entries(expected)) t.is((await visit(b, path)).text, text, path);
  },
);

inFleet('an include of an include stays as it is: a function cannot make the front ask on and on', async (t) => {
  await settle(planOf(['a'], ['b']));
  const { text } = await visit(a, '/nested');
  t.notRegex(text, /12\.50/);
});

inFleet("includes that lead out of the site are nobody's: nothing is asked, nothing is shown (threat 3)", async (t) => {
  await settle(planOf(['a'], ['b']));
  const { status, text } = await visit(a, '/foreign');
  t.is(status, 200);
  t.is(text, '<i></i>'.repeat(7));
});

inFleet('a page is fresh for as long as the least fresh of its parts, and not kept where one is missing', async (t) => {
  await settle(planOf(['a'], ['b']));
  t.regex(String((await visit(a, '/fresh')).fields['cache-control']), /max-age=(?:[1-9]|[12]\d|30)\b/);
  t.regex(String((await visit(a, '/continue')).fields['cache-control']), /no-store/);
});

inFleet('cookies of the site reach its functions, and what one client is told is for that client alone', async (t) => {
  await settle(planOf(['a'], ['b']));
  for (const node of [a, b])
    for (const cookie of ['cart=1', 'cart=2']) {
      const { text, fields } = await visit(node, '/cart/who', { fields: { cookie } });
      t.is(text, `<i>${cookie}</i>`);
      t.regex(String(fields['cache-control']), /private|no-store/);
    }
});

inFleet('a form is posted to a function through any server, and its cookie comes back', async (t) => {
  await settle(planOf(['a'], ['b']));
  for (const node of [a, b]) {
    const { status, text, fields } = await visit(node, '/cart/add', {
      method: 'POST',
      body: 'item=4',
      fields: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    t.is(status, 201);
    t.is(text, 'POST item=4');
    t.deepEqual(fields['set-cookie'], ['cart=7; Path=/; HttpOnly']);
  }
});

inFleet('another host is no part of the site', async (t) => {
  await settle(planOf(['a'], ['b']));
  const { status, text } = await a.get('/', { fields: { ...CLIENTS.curl, host: 'other.example' } });
  t.notRegex(text, /Fine goods/);
  t.not(status, 500);
});

test.serial('when the second server dies, the page is partial or stale, never an error of 500 (S4)', (t) =>
  withFleet(async (fleet) => {
    t.timeout(110_000);
    const front = await fleet.start('front');
    let second = await fleet.start('second', { isProgram: true });
    const built = await build(fleet, front);
    const apply = async (content: string, functions: string) => {
      await fleet.apply(front, planOf([content], [functions], [...built]));
      await fleet.settled();
    };
    await apply('front', 'second');
    t.regex((await visit(front, '/alt')).text, /12\.50/);
    await second.kill();
    const answers = await Promise.all(['/', '/alt', '/marks', '/utf8'].map((path) => visit(front, path)));
    for (const { status, text } of answers) {
      t.is(status, 200, text);
      t.notRegex(text, /esi:include/);
    }
    t.regex(answers[0]!.text, /Fine goods/);
    t.true((await visit(front, '/cart/total?new')).status === 503);
    second = await fleet.start('second', { isProgram: true });
    await eventually(async () => (await visit(front, '/cart/total?again')).text === '<b>12.50</b>');
    await apply('second', 'front');
    const whole = await visit(front, '/');
    t.regex(whole.text, /Fine goods/);
    await second.kill();
    const stale = await visit(front, '/');
    t.is(stale.status, 200);
    t.is(stale.text, whole.text);
    const never = await visit(front, '/quotes');
    t.true(never.status === 503 || never.status === 200, `${never.status}`);
    t.is((await visit(front, '/cart/total?last')).status, 200, 'functions go on');
  }),
);

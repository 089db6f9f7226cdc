import test from 'ava';
import fc from 'fast-check';
import { parseSettings, SettingsError } from '../core/config.ts';
import { errorCatalogue, GatewayError } from '../core/errors.ts';
import { parseAllowedUpstream } from '../egress/allowed-upstream.ts';
import { egressSettings } from '../egress/config.ts';
import { isGloballyReachable, readAddress } from '../egress/ip-address.ts';
import { parseTargetUrl } from '../egress/target-url.ts';
import { codeOf, openTestEgress, send, textOf } from './support/open-egress.ts';
import { openRawOrigin } from './support/raw-origin.ts';

import { openTrap } from './support/trap.ts';

/** A busy machine is no slow origin. */
const PATIENT = { CONNECT_TIMEOUT_MS: '30000' };

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

const good: [text: string, href: string][] = [
  ['http://EXAMPLE.org:80/a?b#c', 'http://example.org/a?b'],
  ['https://example.org', 'https://example.org/'],
  ['HTTPS://example.org:443/%7Ea/../b', 'https://example.org/b'],
  ['http://example.org./', 'http://example.org./'],
  ['http://bücher.example/', 'http://xn--bcher-kva.example/'],
  ['http://example。org/', 'http://example.org/'],
  ['http://example.org/a b', 'http://example.org/a%20b'],
  ['http://example.org/?q=a\\b@c', 'http://example.org/?q=a\\b@c'],
  ['http://example.org/x@y', 'http://example.org/x@y'],
  [`http://${'a'.repeat(63)}.example/`, `http://${'a'.repeat(63)}.example/`],
];
for (const [text, href] of good)
  test(`threat 7: \`${text.slice(0, 60)}\` is a target`, (t) => {
    t.is(parseTargetUrl(text).href, href);
  });

const bad: string[] = [
  ...[
    'file:///etc/passwd',
    'ftp://h/',
    'gopher://h/',
    'data:text/html,x',
    'javascript:alert(1)',
    'ws://h/',
    'wss://h/',
  ],
  ...[
    'dict://h/',
    'ldap://h/',
    'jar:http://h!/',
    'blob:http://h/x',
    'view-source:http://h/',
    'about:blank',
    'mailto:a@b',
  ],
  ...[
    'http://good@127.0.0.1/',
    'http://u:p@h/',
    'http://@h/',
    'http://good#@evil/',
    'http://good?@evil/',
    'http://good\\@evil/',
  ],
  ...[
    'http://good\\evil/',
    'http://h/a\\b',
    'http:\\\\h\\',
    'http:/h/',
    'http:h',
    'http:///h/',
    'http:////h/',
    'http://',
    'http:///',
  ],
  ...[
    'http://h\t/',
    'http://h/\n',
    'ht\ntp://h/',
    'http://h/\u0000',
    '\u0000http://h/',
    'http://h/%00',
    'http://h%00/',
    'http://h\u007f/',
  ],
  ...[
    'http://h h/',
    ' http://h/',
    'http://%2531%2532%2537.0.0.1/',
    'http://h%2f@x/',
    'http://h%5c/',
    'http://[::1/',
    'http://[::1%25lo]/',
  ],
  ...['http://h:99999/', 'http://h:x/', 'http://1.2.3.4.5/', 'http://256.1.1.1/', 'http://a..b/', 'http://./'],
  ...[`http://${'a'.repeat(64)}.example/`, `http://${'a.'.repeat(126)}aa/`, 'example.org', '/path', '', '//h/'],
];
for (const text of bad)
  test(`threats 5, 7, 8, 10: ${JSON.stringify(text).slice(0, 70)} is 400 and nothing of a password is shown`, (t) => {
    const error = t.throws(() => parseTargetUrl(text), { instanceOf: GatewayError });
    t.is(error?.code, 'BAD_TARGET');
    t.notRegex(error?.message ?? '', /u:p|[\u0000-\u001f]/);
  });

test('threat 10: an address beyond 8,192 characters is 414', (t) => {
  const error = t.throws(() => parseTargetUrl(`http://h/${'a'.repeat(8192)}`), { instanceOf: GatewayError });
  t.is(error?.status, 414);
});

// The spellings of loopback, private and special addresses: research 2.5 and threat 1. PORT is that of the trap.
const SPELLINGS = `
  127.0.0.1 127.0.0.1. 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0x7f.0.0.1 0x7f.0x0.0x0.0x1 017700000001 0177.0.0.1
  0177.0.1 00000177.1 127.0.0.2 127.255.255.254 127.127.127.127 0 0.0.0.0 00 0x0 %31%32%37.0.0.1 127%2e0%2e0%2e1
  ①②⑦.⓪.⓪.① 127。0。0。1 １２７.０.０.１ 2852039166 0xa9fea9fe 169.254.169.254 0251.0376.0251.0376 10.0.0.1 10.1 172.16.0.1
  192.168.0.1 192.168.257 100.64.0.1 100.100.100.200 192.0.0.192 198.18.0.1 224.0.0.1 255.255.255.255 240.0.0.1
  192.0.2.1 203.0.113.9 [::1] [::] [0:0:0:0:0:0:0:1] [0000::0001] [::127.0.0.1] [::7f00:1] [::ffff:127.0.0.1]
  [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [::ffff:0.0.0.0] [::ffff:10.0.0.1] [64:ff9b::7f00:1] [64:ff9b::127.0.0.1]
  [64:ff9b:1::7f00:1] [2002:7f00:1::] [2002:0a00:0001::1] [2001:0::] [2001:0:4136:e378:8000:63bf:80ff:fffe]
  [2001:db8::5efe:7f00:1] [2606:4700::5efe:127.0.0.1] [2606:4700::200:5efe:7f00:1] [fe80::1] [fc00::1] [fd00:ec2::254]
  [fec0::1] [ff02::1] [100::1] [5f00::1] [3fff::1] [2001:10::1] [2001:20::1] [::ffff:0:127.0.0.1] localhost LOCALHOST
  localhost. loopback.example v6.example mapped.example compatible.example metadata.example`
  .trim()
  .split(/\s+/);
const NAMES: Record<string, string[]> = {
  localhost: ['127.0.0.1', '::1'],
  'loopback.example': ['127.0.0.1'],
  'v6.example': ['::1'],
  'mapped.example': ['::ffff:127.0.0.1'],
  'compatible.example': ['::127.0.0.1'],
  'metadata.example': ['169.254.169.254'],
};

test('threat 1: none of 83 spellings of private addresses gets a packet through', async (t) => {
  const trap = await openTrap('::');
  const egress = openTestEgress(
    { ...PATIENT, UPSTREAM_PORTS: String(trap.port) },
    { resolve: async (host) => NAMES[host] ?? [] },
  );
  try {
    t.true(new Set(SPELLINGS).size >= 83);
    for (const host of SPELLINGS) {
      const text = `http://${host}:${trap.port}/`;
      const code = await codeOf((async () => send(egress, parseTargetUrl(text)))());
      t.is(code, 'BLOCKED_TARGET', host);
    }
    t.is(trap.hits(), 0);
    t.is(errorCatalogue.BLOCKED_TARGET.status, 403);
  } finally {
    await egress.close();
    trap.server.close();
  }
});

const REACHABLE = [
  '8.8.8.8',
  '1.1.1.1',
  '93.184.216.34',
  '172.15.0.1',
  '172.32.0.1',
  '100.63.0.1',
  '100.128.0.1',
  '223.255.255.255',
];
const REACHABLE_6 = [
  '2606:4700:4700::1111',
  '2001:4860:4860::8888',
  '2a00::1',
  '64:ff9b::808:808',
  '::ffff:8.8.8.8',
  '2606:4700::5efe:808:808',
];
test('threat 1: what is globally reachable stays reachable, also by NAT64', (t) => {
  for (const text of [...REACHABLE, ...REACHABLE_6]) t.true(isGloballyReachable(readAddress(text)!), text);
});

test('threat 1: addresses come in canonical spellings only', (t) => {
  for (const text of ['127.1', '0x7f.0.0.1', '1.2.3', '01.2.3.4', 'x', '', '1.2.3.4.5', ':::'])
    t.is(readAddress(text), undefined, text);
  t.deepEqual(readAddress('[::ffff:1.2.3.4]'), [1, 2, 3, 4]);
});

// Pieces of addresses that URL parsers have been fooled with, put together at random.
const piece = fc.constantFrom(
  ...[
    'http:',
    'https:',
    '/',
    '//',
    '\\',
    '@',
    ':',
    '?',
    '#',
    '%',
    '%2e',
    '%2f',
    '%00',
    '%40',
    '\t',
    ' ',
    '.',
    '..',
    '[',
    ']',
  ],
  ...[
    '127.0.0.1',
    '::1',
    '[::1]',
    '0x7f',
    '2130706433',
    '0',
    'good.example',
    'evil.example',
    'localhost',
    '。',
    '①',
    'ß',
    'xn--',
    '80',
    'PORT',
  ],
);
const address = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => `http://${pieces.join('')}`);

test('threat 7: of 20,000 addresses put together at random none is fetched from another host than the one checked, or from here', async (t) => {
  const trap = await openTrap();
  const asked: string[] = [];
  const resolve = async (host: string) => {
    asked.push(host);
    return ['127.0.0.1'];
  };
  const egress = openTestEgress({ ...PATIENT, UPSTREAM_PORTS: `80,443,${trap.port}` }, { resolve });
  let fetched = 0;
  const check = async (text: string): Promise<void> => {
    let url: URL;
    try {
      url = parseTargetUrl(text.replaceAll('PORT', String(trap.port)));
    } catch (error) {
      t.true(error instanceof GatewayError && error.status === 400, text);
      return;
    }
    // A number may well be a public address: nothing is sent there from a test.
    const literal = readAddress(url.hostname);
    if (literal !== undefined && isGloballyReachable(literal)) return;
    fetched++;
    asked.length = 0;
    t.is(await codeOf(send(egress, url)), 'BLOCKED_TARGET', text);
    t.true(
      asked.every((host) => host === url.hostname.replace(/\.$/, '')),
      text,
    );
  };
  try {
    await fc.assert(fc.asyncProperty(address, check), { numRuns: 20_000, seed: 7 });
    t.true(fetched > 2000);
    t.is(trap.hits(), 0);
  } finally {
    await egress.close();
    trap.server.close();
  }
});

test('threat 2: names with a private address, alone or in a mixed set, get no packet', async (t) => {
  const trap = await openTrap();
  const sets = [['127.0.0.1'], ['93.184.216.34', '127.0.0.1'], ['127.0.0.1', '93.184.216.34'], ['2606:4700::1', '::1']];
  let set: string[] = [];
  const egress = openTestEgress({ ...PATIENT, UPSTREAM_PORTS: String(trap.port) }, { resolve: async () => set });
  try {
    for (set of sets)
      t.is(await codeOf(send(egress, `http://name.example:${trap.port}/`)), 'BLOCKED_TARGET', String(set));
    set = [];
    t.is(await codeOf(send(egress, `http://name.example:${trap.port}/`)), 'UPSTREAM_DNS');
    t.is(trap.hits(), 0);
  } finally {
    await egress.close();
    trap.server.close();
  }
});

test('threat 2: a name that rebinds on every look-up never reaches the private address in 200 tries', async (t) => {
  const allowed = await openTrap('127.0.0.2');
  const trap = await openTrap('127.0.0.1', allowed.port);
  let lookups = 0;
  const resolve = async () => [lookups++ % 2 === 0 ? '127.0.0.2' : '127.0.0.1'];
  const egress = openTestEgress({ ...PATIENT, UPSTREAM_ALLOW: '127.0.0.2/32', ORIGIN_CACHE_BYTES: '0' }, { resolve });
  try {
    let reached = 0;
    for (let i = 0; i < 200; i++) {
      const code = await codeOf(send(egress, `http://rebind.example:${trap.port}/`).then(textOf));
      if (code === 'no error') reached++;
      else t.is(code, 'BLOCKED_TARGET');
    }
    t.is(trap.hits(), 0);
    t.is(reached, 100);
    t.is(allowed.hits(), 100);
  } finally {
    await egress.close();
    trap.server.close();
    allowed.server.close();
  }
});

test('threat 4: own listeners are never a target, whoever allows them, by whatever address', async (t) => {
  const trap = await openTrap('0.0.0.0');
  const environment = { UPSTREAM_ALLOW: 'localhost,127.0.0.0/8,10.9.9.9,::/0,own.example' };
  const own = [{ address: '0.0.0.0', port: trap.port }];
  const parts = { ownListeners: () => own, localAddresses: () => ['10.9.9.9'], resolve: async () => ['127.0.0.1'] };
  const egress = openTestEgress({ ...PATIENT, ...environment }, parts);
  try {
    const hosts = [
      'localhost',
      '127.0.0.1',
      '127.9.9.9',
      '0.0.0.0',
      '10.9.9.9',
      '[::1]',
      '[::]',
      '[::ffff:127.0.0.1]',
      '[::127.0.0.1]',
      'own.example',
    ];
    for (const host of hosts) t.is(await codeOf(send(egress, `http://${host}:${trap.port}/`)), 'BLOCKED_TARGET', host);
    const grant = { host: 'own.example', port: trap.port };
    t.is(await codeOf(send(egress, `http://own.example:${trap.port}/`, { grant })), 'BLOCKED_TARGET');
    t.is(trap.hits(), 0);
    own.pop();
    t.is((await send(egress, `http://own.example:${trap.port}/`)).status, 200);
  } finally {
    await egress.close();
    trap.server.close();
  }
});

test('design part 2: UPSTREAM_ALLOW opens what it names, by name, address or range, and its port alone where it has one', async (t) => {
  const origin = await openRawOrigin((socket) => socket.write(OK));
  const { port } = origin;
  const cases: [allow: string, host: string, code: string][] = [
    ['127.0.0.1', '127.0.0.1', 'no error'],
    [`127.0.0.1:${port}`, '127.0.0.1', 'no error'],
    [`127.0.0.1:${port - 1}`, '127.0.0.1', 'BLOCKED_TARGET'],
    ['127.0.0.0/8', '127.0.0.1', 'no error'],
    [`127.0.0.0/8:${port}`, 'any.example', 'no error'],
    ['127.0.0.2', '127.0.0.1', 'BLOCKED_TARGET'],
    ['named.example', 'named.example', 'no error'],
    ['NAMED.example.', 'named.example', 'no error'],
    [`named.example:${port}`, 'named.example', 'no error'],
    ['named.example:1', 'named.example', 'BLOCKED_TARGET'],
    ['named.example', 'other.example', 'BLOCKED_TARGET'],
    ['named.example', '127.0.0.1', 'BLOCKED_TARGET'],
    ['none', '127.0.0.1', 'BLOCKED_TARGET'],
  ];
  try {
    for (const [allow, host, code] of cases) {
      const egress = openTestEgress({ ...PATIENT, UPSTREAM_ALLOW: allow }, { resolve: async () => ['127.0.0.1'] });
      t.is(await codeOf(send(egress, `http://${host}:${port}/`).then(textOf)), code, `${allow} ${host}`);
      await egress.close();
    }
  } finally {
    await origin.close();
  }
});

test('threat 6: other ports are refused before any name is looked up', async (t) => {
  let lookups = 0;
  const egress = openTestEgress(
    {},
    {
      resolve: async () => {
        lookups++;
        return [];
      },
    },
  );
  try {
    for (const port of [0, 1, 22, 25, 81, 3306, 6379, 65_535])
      t.is(await codeOf(send(egress, `http://public.example:${port}/`)), 'BLOCKED_TARGET', String(port));
    for (const port of [80, 443, 8080, 8443])
      t.is(await codeOf(send(egress, `http://public.example:${port}/`)), 'UPSTREAM_DNS');
    t.is(lookups, 4);
    t.is(await codeOf(send(egress, 'http://8.8.8.8:25/')), 'BLOCKED_TARGET');
  } finally {
    await egress.close();
  }
});

test('design part 2: TARGETS_ALLOW bounds where clients go; a grant is for one use and one port', async (t) => {
  const origin = await openRawOrigin((socket) => socket.write(OK));
  const resolve = async () => ['127.0.0.1'];
  const environment = { TARGETS_ALLOW: 'one.example,.two.example,*.three.example', UPSTREAM_ALLOW: '127.0.0.1' };
  const egress = openTestEgress({ ...PATIENT, ...environment }, { resolve });
  const strict = openTestEgress({ ...PATIENT, TARGETS_ALLOW: 'none' }, { resolve });
  const ask = (host: string, rest = {}) => codeOf(send(egress, `http://${host}:${origin.port}/`, rest));
  try {
    for (const host of ['one.example', 'one.example.', 'two.example', 'a.b.two.example', 'x.three.example'])
      t.is(await ask(host), 'no error');
    for (const host of ['sub.one.example', 'xtwo.example', 'example', '127.0.0.1'])
      t.is(await ask(host), 'BLOCKED_TARGET', host);
    const url = `http://site.example:${origin.port}/`;
    t.is(await codeOf(send(strict, url)), 'BLOCKED_TARGET');
    t.is(await codeOf(send(strict, url, { grant: { host: 'site.example', port: origin.port } })), 'no error');
    // A kept connection or a stored answer of the grant must not serve those who have none.
    t.is(await codeOf(send(strict, url)), 'BLOCKED_TARGET');
    t.is(await codeOf(send(strict, url, { grant: { host: 'site.example', port: 1 } })), 'BLOCKED_TARGET');
    t.is(await codeOf(send(strict, url, { grant: { host: 'other.example', port: origin.port } })), 'BLOCKED_TARGET');
  } finally {
    await Promise.all([egress.close(), strict.close()]);
    await origin.close();
  }
});

test('settings of the way out have defaults, and mistakes are told together', (t) => {
  const defaults = parseSettings(egressSettings, {});
  t.deepEqual(defaults.upstreamPorts, [80, 443, 8080, 8443]);
  t.is(defaults.targetsAllow, 'any');
  const environment = {
    TARGETS_ALLOW: 'http://x',
    UPSTREAM_PORTS: '0',
    UPSTREAM_ALLOW: 'a b',
    CONNECT_PORTS: 'x',
    IDLE_TIMEOUT_MS: '1',
  };
  const error = t.throws(() => parseSettings(egressSettings, environment), { instanceOf: SettingsError });
  t.deepEqual(
    error?.faults.map((fault) => fault.variable),
    ['TARGETS_ALLOW', 'UPSTREAM_PORTS', 'CONNECT_PORTS', 'UPSTREAM_ALLOW', 'IDLE_TIMEOUT_MS'],
  );
});

test('UPSTREAM_ALLOW entries are read by name, address, range and port', (t) => {
  t.like(parseAllowedUpstream('[fd00::1]:8080'), { port: 8080 });
  t.like(parseAllowedUpstream('fd00::/8'), { port: undefined });
  t.like(parseAllowedUpstream('[fd00::]/8:81'), { port: 81, block: { prefix: 8 } });
  t.like(parseAllowedUpstream('Data.Example:9'), { host: 'data.example', port: 9 });
  for (const text of ['10.0.0.0/33', 'a/b', 'http://x', 'x:0', 'x:70000', 'user@x', ':80', ''])
    t.throws(() => parseAllowedUpstream(text), { instanceOf: RangeError }, text);
});

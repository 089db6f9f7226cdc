/** Origins as DNS labels, and back: in prefix mode each may have a subdomain of its own (S-2). */

const MAX_LABEL = 63;
const HOST = /^[a-z0-9]+(?:-+[a-z0-9]+)*(?:\.[a-z0-9]+(?:-+[a-z0-9]+)*)*$/;
const BASE_32 = 'abcdefghijklmnopqrstuvwxyz234567';
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

/**
 * The label of an origin; `undefined` where 63 characters (RFC 1035 2.3.4) do not hold it.
 *
 * A dot becomes a hyphen and a hyphen two, which a run of hyphens tells apart; `---` is in no host written so, and what
 * stands behind it says what is not usual: `x` for a host in base 32 (one that holds other characters, or whose
 * label would begin with `xn--`, which is read as an international one), `h` for http, and a port. No two origins meet in one label.
 *
 * @param origin as `URL.origin` gives it, http or https.
 * @example formatLabel('https://www.my-site.org') // 'www-my--site-org'
 * @example formatLabel('http://127.0.0.1:8000') // '127-0-0-1---h8000'
 */
export function formatLabel(origin: string): string | undefined {
  const [, scheme, host, port = ''] = /^(https?):\/\/(\[[^\]]*\]|[^:[\]]+)(?::(\d+))?$/.exec(origin) ?? [];
  if (scheme === undefined || host === undefined) return undefined;
  const isPlain = HOST.test(host) && !host.startsWith('xn-');
  const body = isPlain ? host.replaceAll('-', '--').replaceAll('.', '-') : encodeBase32(host);
  const rest = `${isPlain ? '' : 'x'}${scheme === 'http' ? 'h' : ''}${port}`;
  const label = rest === '' ? body : `${body}---${rest}`;
  return label.length <= MAX_LABEL ? label : undefined;
}

/** The origin of a label; `undefined` where `formatLabel` gives no origin that label. */
export function parseLabel(label: string): string | undefined {
  const match = /^([a-z0-9-]*?[a-z0-9])(?:---(x?)(h?)(\d{0,5}))?$/.exec(label);
  if (match === null) return undefined;
  const [, body = '', encoded = '', plain = '', port = ''] = match;
  const host = encoded === 'x' ? decodeBase32(body) : readHost(body);
  const scheme = plain === 'h' ? 'http' : 'https';
  if (host === undefined || port === DEFAULT_PORTS[scheme]) return undefined;
  const origin = `${scheme}://${host}${port === '' ? '' : `:${port}`}`;
  // One spelling each: what the URL standard writes otherwise is another's, or nobody's.
  return URL.parse(origin)?.origin === origin && formatLabel(origin) === label ? origin : undefined;
}

function readHost(body: string): string {
  return body.replace(/-+/g, (run) => (run.length === 1 ? '.' : '-'.repeat(run.length / 2)));
}

function encodeBase32(text: string): string {
  const bits = [...Buffer.from(text, 'latin1')].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((five) => BASE_32[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
}

function decodeBase32(text: string): string | undefined {
  const values = [...text].map((each) => BASE_32.indexOf(each));
  if (values.includes(-1)) return undefined;
  const bits = values.map((value) => value.toString(2).padStart(5, '0')).join('');
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((eight) => Number.parseInt(eight, 2))).toString('latin1');
}

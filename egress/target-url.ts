/** Addresses that clients may name, read strictly: the host that is checked is the host that is connected to (threat 7). */
import { GatewayError } from '../core/errors.ts';

/** Longest address taken, in characters (threat 10). */
const MAX_URL = 8192;
const MAX_HOST = 253;
const MAX_LABEL = 63;
const CONTROL = /[\u0000-\u001f\u007f]/;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/**
 * Parses an absolute http or https URL. The fragment is dropped: it is never sent.
 *
 * @throws GatewayError BAD_TARGET (400): other schemes, user information, control characters, backslashes, `%00`, missing
 *   or surplus slashes, an impossible host; ADDRESS_TOO_LONG (414) beyond 8,192 characters.
 * @example parseTargetUrl('http://EXAMPLE.org:80/a?b#c').href // 'http://example.org/a?b'
 */
export function parseTargetUrl(text: string): URL {
  if (text.length > MAX_URL) throw new GatewayError('ADDRESS_TOO_LONG', { max: MAX_URL });
  const fault = findFault(text);
  const url = fault === undefined ? URL.parse(text) : null;
  if (url === null) throw badTarget(text, fault ?? 'its host or port is malformed');
  const hostFault = findHostFault(url.hostname);
  if (hostFault !== undefined) throw badTarget(text, hostFault);
  url.hash = '';
  return url;
}

function findFault(text: string): string | undefined {
  if (CONTROL.test(text)) return 'it holds control characters';
  if (/%00/.test(text)) return 'it holds `%00`';
  if (!/^https?:/i.test(text))
    return SCHEME.test(text) ? 'only http and https are served' : 'it is not an absolute http or https address';
  const rest = /^https?:\/\/([^/].*)$/i.exec(text)?.[1];
  if (rest === undefined) return 'two slashes and a host must follow the scheme';
  // A URL parser takes `\` for `/` and the last `@` before it as the end of user information. Other parsers do not;
  // where readers may disagree on the host nothing is fetched (`http://good\@evil`, `http://good#@evil`).
  if (/^[^?#]*\\/.test(rest)) return 'it holds a backslash';
  if (/^[^/]*@/.test(rest)) return 'user names and passwords in addresses are not taken';
  if (/^[^/?#]*\s/.test(rest)) return 'its host holds a space';
  return undefined;
}

function findHostFault(hostname: string): string | undefined {
  if (hostname === '') return 'it has no host';
  if (hostname.startsWith('[')) return undefined;
  const name = hostname.replace(/\.$/, '');
  if (name.length > MAX_HOST) return `its host is longer than ${MAX_HOST} characters`;
  for (const label of name.split('.')) {
    if (label === '') return 'its host has an empty label';
    if (label.length > MAX_LABEL) return `a label of its host is longer than ${MAX_LABEL} characters`;
  }
  return undefined;
}

// User information never reaches a reply or a log (threat 8, 62).
function badTarget(text: string, why: string): GatewayError {
  const shown = text
    .replace(/^([^/?#]*\/*)[^/]*@/, '$1…@')
    .replace(/[\u0000-\u001f\u007f]/g, '�')
    .slice(0, 200);
  return new GatewayError('BAD_TARGET', { target: shown, why });
}

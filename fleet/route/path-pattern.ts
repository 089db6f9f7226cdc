/** Patterns of paths in a fleet plan: a path, or the beginning of one and `*`. */

const MAX_PATTERN = 1_024;

/** Names below this are the gateway's own, whatever a plan says (design part 8). */
export const OWN_PATHS = '/-/';

/** What is wrong with a pattern, for its author; `undefined` where nothing is. */
export function faultOfPattern(pattern: string): string | undefined {
  if (!pattern.startsWith('/')) return 'must begin with `/`';
  if (pattern.length > MAX_PATTERN) return `is longer than ${MAX_PATTERN} characters`;
  if (/\*./s.test(pattern)) return 'may have one `*`, and only at its end';
  const path = pattern.replace(/\*$/, '');
  if (path.startsWith('//')) return 'cannot begin with `//`: no request does';
  if (path.startsWith(OWN_PATHS)) return 'is below `/-/`, where all names are the gateway’s own';
  if (/[?#]/.test(path)) return 'is a path: it has neither `?` nor `#`';
  const written = normalPath(path);
  return written === path ? undefined : `must be written as clients send it: \`${written}\``;
}

/**
 * A path as the WHATWG URL standard has it: dot segments, encoded ones too, are gone; what cannot stand in a path is
 * encoded; nothing is decoded.
 *
 * @param path begins with one `/`; without query
 * @example normalPath('/a/%2e%2E/b') // '/b'
 */
export function normalPath(path: string): string {
  if (PLAIN_PATH.test(path)) return path;
  const url = new URL('http://host.invalid/');
  url.pathname = path;
  return url.pathname;
}

/** Nothing that the URL standard would change: no segment begins with a dot, written plainly or encoded. */
const PLAIN_PATH = /^(?:\/(?!\.|%2e)[A-Za-z0-9\-._~!$&'()*+,;=:@%]*)*$/i;

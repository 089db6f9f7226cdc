/** The query of a presentation of data: `/-/as/chart/TARGET?mark=bar&x=month` (design part 3). */
import { GatewayError } from '../../core/errors.ts';

const MAX_PARAMETERS = 32;

/** Parameters by name; of a repeated one the first. @throws GatewayError BAD_REQUEST */
export function readParameters(query: string): Readonly<Record<string, string>> {
  const pairs = [...new URLSearchParams(query)];
  if (pairs.length > MAX_PARAMETERS)
    throw new GatewayError('BAD_REQUEST', { why: `the query has over ${MAX_PARAMETERS} parameters` });
  return Object.fromEntries(pairs.reverse());
}

/**
 * A path that was percent-encoded whole, because it has a query of its own.
 *
 * @example decodeWhole('d.csv%3Fa%3D1') // 'd.csv?a=1'
 */
export function decodeWhole(path: string): string {
  if (!/%3f|%2f/i.test(path)) return path;
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new GatewayError('BAD_TARGET', { target: path, why: 'its percent-encoding is malformed' }, { cause });
  }
}

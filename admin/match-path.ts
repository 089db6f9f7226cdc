/** Paths of the admin listener against patterns such as `/api/profiles/:name`. */
import { GatewayError } from '../core/errors.ts';

/**
 * The parts a pattern names, decoded; `undefined` where the path is another.
 *
 * @throws GatewayError BAD_REQUEST for broken percent-encoding.
 */
export function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const names: Record<string, string> = Object.create(null);
  for (const [index, part] of wanted.entries()) {
    if (part.startsWith(':') && given[index] !== '') names[part.slice(1)] = safeDecode(given[index]!);
    else if (part !== given[index]) return undefined;
  }
  return names;
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new GatewayError('BAD_REQUEST', { why: 'the percent-encoding of the path is malformed' }, { cause });
  }
}

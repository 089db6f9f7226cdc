/** Values of the request fields that Vary names, made comparable (RFC 9111 4.1). */
import { splitList } from './list-field.ts';

const MAX_MEMBERS = 200;

/** Fields whose value is one text: a comma in it parts nothing. */
const NO_LISTS = new Set(['user-agent', 'cookie', 'authorization', 'referer', 'origin', 'host', 'from', 'date']);

/** Fields that are the same in any case (RFC 9110 12.5). */
const ANY_CASE = new Set(['accept-encoding', 'accept-language', 'accept-charset']);

/**
 * A value as it is compared with the one a stored response was selected by: lines joined, the space around members gone,
 * case where it has no meaning. The order stays: some origins read it as a preference (RFC 9110 12.5.4).
 *
 * @example selectingValue('accept-language', ['eN , de;q=0.5']) // 'en,de;q=0.5'
 */
export function selectingValue(name: string, value: string | readonly string[] | null | undefined): string | undefined {
  if (value === undefined || value === null) return undefined;
  const joined = typeof value === 'string' ? value : value.join(', ');
  if (NO_LISTS.has(name)) return joined;
  const members = splitList(joined, MAX_MEMBERS);
  if (members.length === MAX_MEMBERS) return joined;
  const list = members.join(',');
  return ANY_CASE.has(name) ? list.replace(/\s*;\s*/g, ';').toLowerCase() : list;
}

/** How charts refuse: 422 in the gateway, with a sentence that names what is wrong and what there is. */
import { FormatFailure } from '../../core/executor.ts';

/** Room in a failure's reason for the names that there are. */
const MAX_LISTED_CHARACTERS = 180;
const MAX_NAME_CHARACTERS = 40;

export function unprocessable(reason: string): FormatFailure {
  return new FormatFailure('unprocessable', 'chart', reason);
}

/** A name as a sentence shows it: one line, no control characters, not too long. */
export function quoteName(name: string): string {
  const line = name.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
  const characters = [...line];
  return `\`${characters.length > MAX_NAME_CHARACTERS ? `${characters.slice(0, MAX_NAME_CHARACTERS).join('')}…` : line}\``;
}

/** Names in a row, as many as fit; then how many more there are. */
export function listNames(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  const shown: string[] = [];
  let room = MAX_LISTED_CHARACTERS;
  for (const name of names) {
    const quoted = quoteName(name);
    room -= quoted.length + 2;
    if (room < 0 && shown.length > 0) break;
    shown.push(quoted);
  }
  const more = names.length - shown.length;
  return more === 0 ? shown.join(', ') : `${shown.join(', ')} and ${more} more`;
}

/** Entity tags (RFC 9110 8.8.3). */

/** `opaque` without its quotes. */
export interface EntityTag {
  readonly opaque: string;
  readonly weak: boolean;
}

const MAX_TAGS = 200;
// RFC 9110 8.8.3: etagc = %x21 / %x23-7E / obs-text; no quote, no space.
const TAG = /(W\/)?"([\u0021\u0023-\u007e\u0080-\u00ff]*)"/y;

/** One entity tag, or `undefined` when malformed: an unquoted tag is not one. */
export function readEntityTag(value: string | undefined): EntityTag | undefined {
  const text = value?.trim() ?? '';
  TAG.lastIndex = 0;
  const match = TAG.exec(text);
  return match === null || match[0].length !== text.length
    ? undefined
    : { weak: match[1] !== undefined, opaque: match[2]! };
}

/** The tags of If-Match or If-None-Match; `*` for any. Malformed members are skipped; at most 200 are read. */
export function parseEntityTags(value: string): '*' | EntityTag[] {
  if (value.trim() === '*') return '*';
  const tags: EntityTag[] = [];
  // A comma may stand inside a tag: scan for tags, do not split.
  for (let at = 0; at < value.length && tags.length < MAX_TAGS; ) {
    TAG.lastIndex = at;
    const match = TAG.exec(value);
    if (match !== null) tags.push({ weak: match[1] !== undefined, opaque: match[2]! });
    at = match === null ? skipMember(value, at) : skipMember(value, TAG.lastIndex);
  }
  return tags;
}

function skipMember(value: string, from: number): number {
  const comma = value.indexOf(',', from);
  let at = comma === -1 ? value.length : comma + 1;
  while (value[at] === ' ' || value[at] === '\t') at++;
  return at;
}

/** @example formatEntityTag({ opaque: 'x', weak: true }) // 'W/"x"' */
export function formatEntityTag(tag: EntityTag): string {
  return `${tag.weak ? 'W/' : ''}"${tag.opaque}"`;
}

/** RFC 9110 8.8.3.2: both strong and equal. */
export function isStrongMatch(a: EntityTag, b: EntityTag): boolean {
  return !a.weak && !b.weak && a.opaque === b.opaque;
}

/** RFC 9110 8.8.3.2: equal, weak or not. */
export function isWeakMatch(a: EntityTag, b: EntityTag): boolean {
  return a.opaque === b.opaque;
}

/** Names of attributes under which scripts keep the addresses of pictures that they load later. */

// Every loader has its own: `data-src`, `data-lazy-src`, `data-original`, `nitro-lazy-src`, …
const LAZY_SOURCE = /^(?!src$).*(?:^|[-_])(?:src|original|lazy|echo|image|img|url)$/i;
const LAZY_SOURCE_SET = /^(?!srcset$).*(?:^|[-_])(?:srcset|original-set)$/i;
/** Attributes of all pages are the same few. */
const known = new Map<string, 'source' | 'source-set' | undefined>();
const MAX_KNOWN = 1000;

/** Whether the attribute holds one address, several as `srcset` does, or neither. */
export function lazyKind(attribute: string): 'source' | 'source-set' | undefined {
  if (known.has(attribute)) return known.get(attribute);
  const kind = readKind(attribute);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(attribute, kind);
  return kind;
}

function readKind(attribute: string): 'source' | 'source-set' | undefined {
  if (LAZY_SOURCE_SET.test(attribute)) return 'source-set';
  return LAZY_SOURCE.test(attribute) ? 'source' : undefined;
}

/** True for an address alone: loaders also keep JSON or class names under such names. */
export function isLazyAddress(value: string): boolean {
  return /^(?!data:)[^\s{}<>[\]]*[/.][^\s{}<>]+$/i.test(value);
}

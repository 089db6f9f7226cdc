/** Hashes for choosing among servers: equal on every server and in every process, not for secrets. */

/** FNV-1a over the code units, then mixed. 0 to 2³² − 1. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix(hash);
}

/**
 * How much a name wants a key; the highest has it. Whoever leaves, the others' scores stay (rendezvous hashing).
 *
 * @param key of `hashText`
 * @param name of `hashText`
 */
export function rendezvousScore(key: number, name: number): number {
  return mix(key ^ Math.imul(name, 0x9e3779b1));
}

// The finaliser of MurmurHash3: every bit of the input moves every bit of the result.
function mix(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/**
 * Tells whether a component has changed the language's own objects: what runs after it in the same process could not be
 * trusted. Uses nothing that such a change could reach.
 */
const { ownKeys, getOwnPropertyDescriptor } = Reflect;
const same = Object.is;

const CONSTRUCTORS = [
  Object,
  Function,
  Array,
  String,
  Number,
  Boolean,
  Symbol,
  Promise,
  RegExp,
  Error,
  Map,
  Set,
  WeakMap,
  ArrayBuffer,
  Uint8Array,
  Object.getPrototypeOf(Uint8Array) as typeof Uint8Array,
  Buffer,
  URL,
  AbortController,
  AbortSignal,
  ReadableStream,
  TextDecoder,
  TextEncoder,
];
const OWNERS: readonly object[] = [JSON, Math, Reflect, ...CONSTRUCTORS, ...CONSTRUCTORS.map((each) => each.prototype)];

/** Remembers how they are now; the function it returns is false once any property was added, removed or replaced. */
export function watchIntrinsics(): () => boolean {
  const owners = OWNERS;
  const keys = owners.map((owner) => ownKeys(owner));
  const properties = owners.map((owner, at) => keys[at]!.map((key) => getOwnPropertyDescriptor(owner, key)!));
  return () => {
    for (let at = 0; at < owners.length; at++) {
      const owner = owners[at]!;
      const known = keys[at]!;
      if (ownKeys(owner).length !== known.length) return false;
      for (let i = 0; i < known.length; i++) {
        const now = getOwnPropertyDescriptor(owner, known[i]!);
        const before = properties[at]![i]!;
        if (now === undefined || !same(now.value, before.value)) return false;
        if (now.get !== before.get || now.set !== before.set) return false;
      }
    }
    return true;
  };
}

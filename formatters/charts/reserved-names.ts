/**
 * The drawing library keeps what it counts in plain objects by value: a cell that holds `__proto__` would be counted in
 * what all objects inherit from, of everybody's jobs in this process (threat 59; measured with vega-transforms' Aggregate).
 */

const RESERVED: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

/** A value that is nobody's property. The space is not drawn: the library trims what it writes. */
export function asKey(value: string): string {
  return RESERVED.has(value) ? ` ${value}` : value;
}

/** Whatever a specification makes of values: what all objects inherit from takes nothing new. Cannot be undone. */
export function sealInherited(): void {
  Object.preventExtensions(Object.prototype);
  for (const name of RESERVED) {
    const inherited: unknown = Object.getOwnPropertyDescriptor(Object.prototype, name)?.value;
    if (typeof inherited === 'function') Object.preventExtensions(inherited);
  }
}

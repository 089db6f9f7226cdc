/** What a registry takes, the same in every adapter. */

const KEY = /^(?!\.)(?!.*\.\.)[A-Za-z0-9_.=/-]{1,200}(?<!\.)$/;
const MAX_VALUE_BYTES = 524_288;
const MAX_LEASE_MS = 30_000;

/** @throws RangeError when no adapter could keep a key of this name. */
export function checkKey(key: string): void {
  if (!KEY.test(key))
    throw new RangeError(
      `a registry key is 1 to 200 of A-Za-z0-9-_.=/ with no dot at an end or beside another, got ${key}`,
    );
}

/** @throws RangeError when the key or the value is not one. */
export function checkEntry(key: string, value: string): void {
  checkKey(key);
  const bytes = Buffer.byteLength(value);
  if (bytes > MAX_VALUE_BYTES) throw new RangeError(`a registry value is up to ${MAX_VALUE_BYTES} bytes, got ${bytes}`);
}

/** @throws RangeError when a lease of this name and life cannot be had. */
export function checkLease(name: string, ttlMs: number): void {
  checkKey(name);
  if (!(ttlMs >= 100 && ttlMs <= MAX_LEASE_MS))
    throw new RangeError(`a lease lives 100 to ${MAX_LEASE_MS} ms, got ${ttlMs}`);
}

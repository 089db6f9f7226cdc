/**
 * Gives the memory of bytes back at once. The engine counts what lies outside its heap as a reason to collect, and finds out
 * late that it is not used any more: for a picture of megabytes that was a third of what it cost here (bench/picture-miss).
 *
 * Nothing but `bytes` may be in their memory, and nobody may read them afterwards: they are then empty. What shares its
 * memory is left to the collector.
 */
export function freeBytes({ buffer, byteLength }: Uint8Array): void {
  if (byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

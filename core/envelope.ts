/** A head of plain data and the bytes that belong to it, as one body: a line of JSON, then the bytes. */

/** @example pack({ status: 200 }, body) */
export function pack(head: unknown, body: Uint8Array = new Uint8Array()): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body]);
}

/** @throws RangeError where it is no such body. */
export function unpack(bytes: Buffer): { readonly head: Readonly<Record<string, unknown>>; readonly body: Buffer } {
  const end = bytes.indexOf(10);
  if (end === -1) throw new RangeError('the message has no head');
  let head: unknown;
  try {
    head = JSON.parse(bytes.toString('utf8', 0, end));
  } catch (cause) {
    throw new RangeError('the head of the message is no JSON', { cause });
  }
  if (typeof head !== 'object' || head === null || Array.isArray(head))
    throw new RangeError('the head of the message is no object');
  return { head: head as Record<string, unknown>, body: bytes.subarray(end + 1) };
}

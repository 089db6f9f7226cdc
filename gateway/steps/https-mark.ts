/** What is said on a page that was fetched by https although the client asked by http. */
const NOTE = 'This page came to the gateway over a secure connection, and from there to you over one that is not.';

/** A body with the note at its end; of types in which people read no note, the body as it is. */
export function withHttpsNote(mediaType: string, body: Uint8Array): Uint8Array {
  // Every charset that is replied in has ASCII within.
  if (mediaType === 'text/plain') return Buffer.concat([body, Buffer.from(`\n${NOTE}\n`)]);
  if (mediaType === 'text/markdown') return Buffer.concat([body, Buffer.from(`\n---\n\n${NOTE}\n`)]);
  if (!/html/.test(mediaType)) return body;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const end = bytes.lastIndexOf('</body>');
  const at = end === -1 ? bytes.length : end;
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(`<p>${NOTE}</p>`), bytes.subarray(at)]);
}

/** What is said on a page that is shown while the link is down. */

/** A body with the note at its beginning; of types in which people read no note, the body as it is. */
export function withAgeNote(mediaType: string, body: Uint8Array, ageMs: number): Uint8Array {
  const note = `The link to the other side is down. This page is as it was ${inWords(ageMs)} ago.`;
  // Every charset that is replied in has ASCII within.
  if (mediaType === 'text/plain' || mediaType === 'text/markdown')
    return Buffer.concat([Buffer.from(`${note}\n\n`), body]);
  if (!/html/.test(mediaType)) return body;
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
  const at = /<body\b[^<>]*>/i.exec(text);
  const index = at === null ? 0 : at.index + at[0].length;
  return Buffer.concat([body.subarray(0, index), Buffer.from(`<p role="status">${note}</p>`), body.subarray(index)]);
}

/** @example inWords(125_000) // '2 minutes' */
function inWords(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'less than a minute';
  if (minutes < 120) return `${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
  return `${Math.floor(minutes / 60)} hours`;
}

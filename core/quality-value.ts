/**
 * Reads a weight (RFC 9110 12.4.2): 0 to 1 with at most three decimals (N-1).
 *
 * The RFC leaves malformed weights open. Ours, in `docs/negotiation.md`: digits beyond the third are dropped, `.5` is
 * `0.5`, above 1 is 1; whatever is no such number gives `undefined`, and the member it belongs to counts as not sent.
 *
 * @example readQualityValue('0.8888') // 0.888
 */
export function readQualityValue(text: string): number | undefined {
  const match = /^(\d{0,6})(?:\.(\d{0,3})\d{0,24})?$/.exec(text);
  if (match === null || (match[1] === '' && (match[2] ?? '') === '')) return undefined;
  return Math.min(1, Number(`${match[1] || '0'}.${match[2] || '0'}`));
}

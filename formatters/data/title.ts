/** What a data set is called: the last part of its address. */

/** @example titleOf('https://host.example/stat/sales.csv?x=1') // 'sales.csv' */
export function titleOf(url: string): string {
  const parsed = URL.parse(url);
  const last = parsed?.pathname
    .split('/')
    .filter((part) => part !== '')
    .at(-1);
  if (last === undefined) return parsed?.host ?? 'Data';
  try {
    return decodeURIComponent(last);
  } catch {
    // Not percent-encoded text: shown as it is.
    return last;
  }
}

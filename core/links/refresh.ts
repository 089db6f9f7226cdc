/** The Refresh field and `meta http-equiv=refresh` (HTML standard, "shared declarative refresh steps"). */

/** Load `url`, or the page again when it is absent, after `seconds`. */
export interface Refresh {
  readonly seconds: number;
  readonly url?: string;
}

const TIME = /^[\t\n\f\r ]*(?:(\d+)[\d.]*|\.[\d.]*)/;
const REST = /^[\t\n\f\r ]*[;,]?[\t\n\f\r ]*(?:url[\t\n\f\r ]*=[\t\n\f\r ]*)?/i;
const MAX_SECONDS = 2 ** 31;

/**
 * Reads the value; `undefined` when it asks for nothing.
 *
 * @example readRefresh("5; url='next.html'") // { seconds: 5, url: 'next.html' }
 */
export function readRefresh(value: string): Refresh | undefined {
  const time = TIME.exec(value);
  if (time === null) return undefined;
  const seconds = Math.min(Number(time[1] ?? 0), MAX_SECONDS);
  const rest = value.slice(time[0].length);
  if (rest === '') return { seconds };
  if (!/^[;,\t\n\f\r ]/.test(rest)) return undefined;
  let url = rest.slice(REST.exec(rest)![0].length);
  const quote = url[0];
  if (quote === '"' || quote === "'") {
    const end = url.indexOf(quote, 1);
    url = end === -1 ? url.slice(1) : url.slice(1, end);
  }
  url = url.trim();
  return url === '' ? { seconds } : { seconds, url };
}

/** Writes the value: `5; url=next.html`. */
export function formatRefresh({ seconds, url }: Refresh): string {
  return url === undefined ? String(seconds) : `${seconds}; url=${url}`;
}

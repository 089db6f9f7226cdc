/** HTTP dates (RFC 9110 5.6.7). */

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const MONTH = `(${MONTHS.join('|')})`;
const TIME = '(\\d\\d):(\\d\\d):(\\d\\d)';
const IMF = new RegExp(`^${DAY}, (\\d\\d) ${MONTH} (\\d{4}) ${TIME} GMT$`);
const RFC850 = new RegExp(`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\\d\\d)-${MONTH}-(\\d\\d) ${TIME} GMT$`);
const ASCTIME = new RegExp(`^${DAY} ${MONTH} ([ \\d]\\d) ${TIME} (\\d{4})$`);

/**
 * Milliseconds since 1970 of a date in one of the three forms recipients must take; `undefined` when absent or of any
 * other form. Two-digit years from 70 on are of the last century.
 */
export function readHttpDate(value: string | undefined): number | undefined {
  const text = value?.trim() ?? '';
  const imf = IMF.exec(text);
  if (imf !== null) return utc([imf[3]!, imf[2]!, imf[1]!, imf[4]!, imf[5]!, imf[6]!]);
  const old = RFC850.exec(text);
  if (old !== null) {
    const year = Number(old[3]) + (Number(old[3]) < 70 ? 2000 : 1900);
    return utc([String(year), old[2]!, old[1]!, old[4]!, old[5]!, old[6]!]);
  }
  const c = ASCTIME.exec(text);
  return c === null ? undefined : utc([c[6]!, c[1]!, c[2]!, c[3]!, c[4]!, c[5]!]);
}

function utc(parts: readonly [string, string, string, string, string, string]): number | undefined {
  const [year, month, day, hour, minute, second] = parts;
  const [d, h, m, s] = [Number(day), Number(hour), Number(minute), Number(second)];
  if (d < 1 || d > 31 || h > 23 || m > 59 || s > 60) return undefined;
  return Date.UTC(Number(year), MONTHS.indexOf(month), d, h, m, s);
}

/** @example formatHttpDate(0) // 'Thu, 01 Jan 1970 00:00:00 GMT' */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

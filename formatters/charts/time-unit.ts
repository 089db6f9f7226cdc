/** Units of time that points are gathered by, and how their beginnings are written (ISO 8601, UTC). */

export const TIME_UNITS = ['second', 'minute', 'hour', 'day', 'month', 'quarter', 'year', 'decade', 'century'] as const;

export type TimeUnit = (typeof TIME_UNITS)[number];

const FIXED_MS: Partial<Record<TimeUnit, number>> = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 };
const YEARS: Partial<Record<TimeUnit, number>> = { year: 1, decade: 10, century: 100 };

/** The beginning of the unit that a time is in. */
export function startOf(time: number, unit: TimeUnit): number {
  const fixed = FIXED_MS[unit];
  if (fixed !== undefined) return Math.floor(time / fixed) * fixed;
  const date = new Date(time);
  const year = date.getUTCFullYear();
  if (unit === 'month') return utc(year, date.getUTCMonth());
  if (unit === 'quarter') return utc(year, Math.floor(date.getUTCMonth() / 3) * 3);
  const years = YEARS[unit]!;
  return utc(Math.floor(year / years) * years, 0);
}

/** @example labelOf(Date.UTC(2026, 4), 'quarter') // '2026-Q2' */
export function labelOf(time: number, unit: TimeUnit): string {
  const iso = new Date(time).toISOString().replace(/^\+0*(?=\d{4})/, '');
  const year = iso.slice(0, iso.indexOf('-', 1));
  if (unit === 'year') return year;
  if (unit === 'decade' || unit === 'century') return `${year}s`;
  if (unit === 'quarter') return `${year}-Q${Math.floor(new Date(time).getUTCMonth() / 3) + 1}`;
  const rest = iso.slice(year.length);
  if (unit === 'month') return `${year}${rest.slice(0, 3)}`;
  if (unit === 'day') return `${year}${rest.slice(0, 6)}`;
  return `${year}${rest.slice(0, 6)} ${rest.slice(7, unit === 'second' ? 15 : 12)}`;
}

/** The coarsest unit that tells all times exactly; seconds where none does. */
export function unitOf(times: Iterable<number>): TimeUnit {
  let index = TIME_UNITS.indexOf('year');
  for (const time of times) while (index > 0 && startOf(time, TIME_UNITS[index]!) !== time) index = finer(index);
  return TIME_UNITS[index]!;
}

/** The finest unit, from `unit` on, in which the times are in at most `max` places. */
export function unitWithin(times: ReadonlySet<number>, unit: TimeUnit, max: number): TimeUnit {
  let index = TIME_UNITS.indexOf(unit);
  while (
    index < TIME_UNITS.length - 1 &&
    new Set([...times].map((time) => startOf(time, TIME_UNITS[index]!))).size > max
  )
    index += 1;
  return TIME_UNITS[index]!;
}

// Quarters are how times are gathered, not how they are given.
function finer(index: number): number {
  return TIME_UNITS[index - 1] === 'quarter' ? index - 2 : index - 1;
}

/** Years before 100 are years, not those of the last century (ECMAScript, MakeFullYear). */
function utc(year: number, month: number): number {
  return new Date(Date.UTC(2000, month)).setUTCFullYear(year);
}

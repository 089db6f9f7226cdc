/**
 * Settings by descriptors: each folder's `config.ts` lists its own; defaults, checks, `--help`, `.env.example` and
 * `docs/configuration.md` come from the same list. The only reader of `process.env`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** How one setting is written and read. */
export interface Setting<T> {
  /** Environment variable. */
  readonly variable: string;
  /** What an empty or absent variable means. */
  readonly fallback: T | (() => T);
  /** The default in words, where the value itself would not say it. */
  readonly fallbackText?: string;
  /** One sentence for people. */
  readonly help: string;
  /** Section of the documentation; `main` settings are promised, `limit` ones may be tuned. */
  readonly group: 'main' | 'limit';
  /** Throws a `RangeError` whose message says what was expected. */
  readonly parse: (text: string) => T;
  /** Never printed. */
  readonly secret?: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: a table of settings of any type; `Values` gives each its own back
export type SettingTable = Readonly<Record<string, Setting<any>>>;

/** The values a table of settings gives. */
export type Values<T extends SettingTable> = { readonly [K in keyof T]: T[K] extends Setting<infer V> ? V : never };

/** One wrong setting. */
export interface SettingFault {
  readonly variable: string;
  readonly message: string;
}

/** All wrong settings of a start, reported together. */
export class SettingsError extends Error {
  readonly faults: readonly SettingFault[];
  constructor(faults: readonly SettingFault[]) {
    super(faults.map((fault) => `${fault.variable}: ${fault.message}`).join('\n'));
    this.name = 'SettingsError';
    this.faults = faults;
  }
}

/** The process environment over the `.env` file of the working folder. */
export function readEnvironment(envFile = '.env'): Readonly<Record<string, string | undefined>> {
  const file = existsSync(envFile) ? parseEnv(readFileSync(envFile, 'utf8')) : {};
  return { ...file, ...process.env };
}

/**
 * Values of all settings of a table.
 *
 * @throws SettingsError naming every wrong one.
 */
export function parseSettings<T extends SettingTable>(
  table: T,
  environment: Readonly<Record<string, string | undefined>>,
): Values<T> {
  const { values, faults } = readValues(table, environment);
  if (faults.length > 0) throw new SettingsError(faults);
  return values;
}

/** Values of all settings of a table, and what is wrong with them; a wrong one has its default, for others to be checked beside it. */
export function readValues<T extends SettingTable>(
  table: T,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly values: Values<T>; readonly faults: readonly SettingFault[] } {
  const faults: SettingFault[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(table)) {
    const text = environment[setting.variable]?.trim() ?? '';
    try {
      values[name] = text === '' ? fallbackOf(setting) : setting.parse(text);
    } catch (error) {
      values[name] = fallbackOf(setting);
      faults.push({
        variable: setting.variable,
        message: `${(error as Error).message}, got \`${setting.secret ? '…' : text}\``,
      });
    }
  }
  return { values: values as Values<T>, faults };
}

function fallbackOf<T>(setting: Setting<T>): T {
  return typeof setting.fallback === 'function' ? (setting.fallback as () => T)() : setting.fallback;
}

/** The default of a setting in words. */
export function defaultText(setting: Setting<unknown>): string {
  if (setting.fallbackText !== undefined) return setting.fallbackText;
  const value = fallbackOf(setting);
  if (value === undefined) return 'none';
  return Array.isArray(value) ? value.join(',') || 'none' : String(value);
}

/** A whole number within a range. */
export function parseWhole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new RangeError(`must be a whole number from ${min} to ${max}`);
    return value;
  };
}

/** A list by commas; `none` is the empty list. `each` checks one item. */
export function parseList<T = string>(each: (item: string) => T = (item) => item as T): (text: string) => readonly T[] {
  return (text) =>
    text.toLowerCase() === 'none'
      ? []
      : text
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== '')
          .map(each);
}

/** Some of a fixed set of words, by commas; `none` is the empty list. */
export function parseWords<const W extends string>(words: readonly W[]): (text: string) => readonly W[] {
  return parseList((item) => {
    if (!(words as readonly string[]).includes(item)) throw new RangeError(`must be of ${words.join(', ')}`);
    return item as W;
  });
}

/** `1`, `true`, `yes`, `on` or their opposites. */
export function parseSwitch(text: string): boolean {
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  if (/^(0|false|no|off|none)$/i.test(text)) return false;
  throw new RangeError('must be 1 or 0');
}

/** An address or name to listen on. */
export function parseListenHost(text: string): string {
  const host = text.includes(':') ? `[${text}]` : text;
  if (URL.parse(`http://${host}/`)?.pathname !== '/' || /[@/?#]/.test(text))
    throw new RangeError('must be an IP address or a host name, without a port');
  return text;
}

/** Any text; `none` is `undefined`. */
export function parseText(text: string): string | undefined {
  return text.toLowerCase() === 'none' ? undefined : text;
}

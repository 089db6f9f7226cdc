/** A profile out of its form, and what its schema says against it. */
import { GatewayError } from '../../../core/errors.ts';
import { profileSchema } from '../../../profiles/profile.ts';
import {
  type FormatterFields,
  formattersAsJson,
  matchFields,
  preferenceFields,
  profileFields,
} from './profile-fields.ts';
import { readFields, readJson } from './read-fields.ts';
import type { SchemaField } from './schema-fields.ts';

/** A site of the form: its row number is its place, so that a mistake in the host is shown there. */
export interface SiteRow {
  readonly host: string;
  readonly prefers: Record<string, unknown>;
}

/** What the form holds: not checked yet. */
export interface ProfileDraft {
  readonly name: string;
  readonly profile: Readonly<Record<string, unknown>>;
  readonly rows: readonly SiteRow[];
}

/** @param formatters Those with fields on the form. */
export function readProfileForm(
  name: string,
  form: URLSearchParams,
  formatters: readonly FormatterFields[],
): ProfileDraft {
  const match = readFields(form, matchFields, 'match.');
  const chosen = readFormatters(form, formatters);
  const prefers = {
    ...readFields(form, preferenceFields, 'prefers.'),
    ...(Object.keys(chosen).length === 0 ? {} : { formatters: chosen }),
  };
  const rows = readRows(form);
  const own = readFields(form, profileFields, '');
  return { name, profile: withParts({ name, ...own }, { match, prefers }), rows };
}

function withParts(profile: Record<string, unknown>, parts: Record<string, object>): Record<string, unknown> {
  for (const [key, part] of Object.entries(parts)) if (Object.keys(part).length > 0) profile[key] = part;
  return profile;
}

function readFormatters(form: URLSearchParams, formatters: readonly FormatterFields[]): Record<string, unknown> {
  return Object.fromEntries(
    formatters.flatMap(({ name, fields }) => {
      const prefix = `prefers.formatters.${name}`;
      const choice = form.get(prefix);
      const json = form.get(`${prefix}.json`)?.trim() ?? '';
      const options = json === '' ? readFields(form, fields, `${prefix}.`) : readJson(json);
      if (choice === 'off') return [[name, false]];
      if (typeof options !== 'object' || options === null || Object.keys(options).length > 0) return [[name, options]];
      return choice === 'on' ? [[name, true]] : [];
    }),
  );
}

const MAX_ROWS = 200;

function readRows(form: URLSearchParams): readonly SiteRow[] {
  const numbers = [...form.keys()].flatMap((key) => /^sites\.(\d{1,3})\.host$/.exec(key)?.[1] ?? []);
  return [...new Set(numbers)].slice(0, MAX_ROWS).map((number) => ({
    host: form.get(`sites.${number}.host`)?.trim() ?? '',
    prefers: readFields(form, [...preferenceFields, formattersAsJson], `sites.${number}.`),
  }));
}

/**
 * The profile, for the store to check.
 *
 * @throws GatewayError BAD_INPUT for a host that stands there twice or is missing.
 */
export function profileOf({ profile, rows }: ProfileDraft): Readonly<Record<string, unknown>> {
  const filled = rows.filter(({ host, prefers }) => host !== '' || Object.keys(prefers).length > 0);
  const hosts = filled.map(({ host }) => host);
  const twice = hosts.find((host, index) => hosts.indexOf(host) !== index);
  if (twice !== undefined) throw new GatewayError('BAD_INPUT', { why: `\`sites\` has the host \`${twice}\` twice` });
  if (filled.length === 0) return profile;
  return { ...profile, sites: Object.fromEntries(filled.map(({ host, prefers }) => [host, prefers])) };
}

/** A stored profile as its form begins. */
export function draftOf(profile: Readonly<Record<string, unknown>>): ProfileDraft {
  const { sites, ...rest } = profile;
  const rows = Object.entries((sites ?? {}) as Record<string, Record<string, unknown>>);
  return { name: String(profile['name']), profile: rest, rows: rows.map(([host, prefers]) => ({ host, prefers })) };
}

/** What the schema says against a draft, by name of the field it is about. */
export function faultsOf(draft: ProfileDraft): ReadonlyMap<string, string> {
  const faults = new Map<string, string>();
  let raw: unknown;
  try {
    raw = profileOf(draft);
  } catch {
    // Said at the top of the page: it is about two rows, and no field's alone.
    return faults;
  }
  for (const { path, message } of profileSchema.safeParse(raw).error?.issues ?? []) {
    const name = fieldName(path.map(String), draft.rows);
    faults.set(name, [faults.get(name), message.replace(/^Invalid (?:input|option): /, '')].filter(Boolean).join('; '));
  }
  return faults;
}

/** Names of the fields of the form. */
function fieldNames(rows: readonly SiteRow[]): readonly string[] {
  const named = (prefix: string, fields: readonly SchemaField[]) => fields.map(({ path }) => prefix + path.join('.'));
  return [
    ...named('', profileFields),
    ...named('match.', matchFields),
    ...named('prefers.', preferenceFields),
    ...rows.flatMap((_, row) => named(`sites.${row}.`, [...preferenceFields, formattersAsJson])),
  ];
}

// A fault inside a value, such as at `prefers.types.text/html`, belongs to the field of the value.
function fieldName(path: readonly string[], rows: readonly SiteRow[]): string {
  const name = placeOf(path, rows);
  return fieldNames(rows).find((each) => name.startsWith(`${each}.`)) ?? name;
}

function placeOf(path: readonly string[], rows: readonly SiteRow[]): string {
  if (path[0] !== 'sites' || path[1] === undefined) return path.join('.');
  const row = rows.findIndex(({ host }) => host === path[1]);
  return ['sites', String(row), ...(path.length === 2 ? ['host'] : path.slice(2))].join('.');
}

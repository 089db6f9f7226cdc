/** The fields of a profile, from the schema of profiles and those of the formatters' options. */
import { z } from 'zod';
import type { FormatterRegistry } from '../../../formatters/registry.ts';
import { profileSchema } from '../../../profiles/profile.ts';
import { fieldsOfSchema, type JsonSchema, labelOf, type SchemaField } from './schema-fields.ts';

/** Fields under a heading. */
export interface FieldGroup {
  readonly title: string;
  readonly fields: readonly SchemaField[];
}

const schema = z.toJSONSchema(profileSchema, { io: 'input' }) as JsonSchema;
const { prefers, match, sites: _sites, ...itself } = schema.properties!;

/** Title, base, priority and so on; the name is part of the address. */
export const profileFields: readonly SchemaField[] = fieldsOfSchema({ properties: itself }).filter(
  ({ path }) => path[0] !== 'name',
);

/** Whom it is for; names are below `match.`. */
export const matchFields: readonly SchemaField[] = fieldsOfSchema(match!);

/** All preferences but the options of formatters. */
export const preferenceFields: readonly SchemaField[] = fieldsOfSchema(prefers!).filter(
  ({ path }) => path[0] !== 'formatters',
);

/** Options of formatters as JSON, where there is no place for a field each. */
export const formattersAsJson: SchemaField = {
  path: ['formatters'],
  label: 'Formatters, as JSON',
  help: prefers!.properties!['formatters']!.description ?? '',
  kind: 'json',
  options: [],
  isWhole: false,
};

/** The preferences under headings, those that have none of their own first. */
export const preferenceGroups: readonly FieldGroup[] = [
  ...new Set(preferenceFields.map(({ path }) => (path.length > 1 ? path[0]! : ''))),
]
  .sort((a, b) => Number(a !== '') - Number(b !== ''))
  .map((group) => ({
    title: group === '' ? 'What is shown' : labelOf(group),
    fields: preferenceFields.filter(({ path }) => (path.length > 1 ? path[0] : '') === group),
  }));

/** A formatter with the fields of its options. */
export interface FormatterFields {
  readonly name: string;
  readonly title: string;
  readonly fields: readonly SchemaField[];
}

/** Formatters by name, also those that a profile names and nobody has. */
export function formatterFields(registry: FormatterRegistry, named: readonly string[]): readonly FormatterFields[] {
  const names = new Set([...registry.list().map(({ name }) => name), ...named]);
  return [...names].sort().map((name) => {
    const known = registry.get(name);
    const schema = (known?.optionsSchema ?? {}) as JsonSchema;
    return { name, title: known?.title ?? '', fields: fieldsOfSchema(schema) };
  });
}

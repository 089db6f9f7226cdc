/** `docs/profiles.md`: the format of a profile from its schema, the presets from their table. */
import { z } from 'zod';
import { BASE_PREFERENCES, type PartialPreferences } from '../profiles/preferences.ts';
import { presets } from '../profiles/presets.ts';
import { profileSchema } from '../profiles/profile.ts';

/** The part of JSON Schema that our schema uses. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
}

/** The whole document. */
export function profileDocument(): string {
  const schema = z.toJSONSchema(profileSchema) as Schema;
  return `# Profiles

A profile says how a client likes to be answered and, by its rules, which clients it is for. Profiles are edited in the
admin UI or at \`/api/profiles\`; a client names one in the \`Format-Profile\` request field, a person sets single values on
\`/-/settings\`.

\`\`\`json
${JSON.stringify(EXAMPLE, null, 2)}
\`\`\`

## Format

Unknown keys are refused, and every fault is told with its path: \`prefers.images.quality\` must be 1 to 100, got \`250\`.
Lists have at most 100 entries, texts 1,000 characters, a profile 64 kB.

| key | values | default | meaning |
|---|---|---|---|
${rowsOf(schema, '').join('\n')}

## Which profile

The first that applies: the profile of the signed-in user; \`Format-Profile\` (presets and profiles with
\`"selectable": true\`); one that an admin has assigned to the client; the best match of the rules; the profile of the site. In a rule all keys given
must match, any value of each; \`address\` takes addresses and CIDR ranges of IPv4 and IPv6. Of several matches the highest
\`priority\` wins, then the first by name.

## Layers

Values are merged one by one, each layer over the one before it, and each remembers its layer; \`/-/explain\` shows them.

| layer | named in explain |
|---|---|
| what the program starts with | \`base\` |
| the profile \`default\`, the editable base of all | \`default\` |
| the preset of the detected class, after what it extends | \`preset:NAME\` |
| the profile that applies, after what it extends | \`profile:NAME\` |
| exceptions of any of these for the host, or its nearest parent up to the registrable domain | \`site:HOST\` |
| what the person has chosen | \`settings\` |
| what the person has chosen for this site | \`settings:HOST\` |
| what this request asks | \`request\` |
| the network: \`Save-Data\`, \`ECT\`, \`RTT\`, \`Downlink\`; only ever tightens | \`network:save-data\`, \`network:slow\` |

Exceptions come right after the layer whose profiles hold them.

## Presets

What each kind of device starts with. A preset may be changed, as any profile; removing the change gives the preset back.
Class \`smartphone\` starts with \`phone\`, \`tv\` with \`desktop\`; \`bot\`, \`tool\`, \`agent\` and \`unknown\` with \`default\`.

| preset | for | presentation | pictures | page and text |
|---|---|---|---|---|
${[...presets.values()].map(({ name, title, prefers }) => presetRow(name, title ?? '', prefers ?? {})).join('\n')}
`;
}

const EXAMPLE = {
  name: 'reading-room',
  title: 'Terminals of the reading room',
  extends: 'text-browser',
  priority: 20,
  selectable: true,
  match: { userAgent: ['Lynx', 'w3m'], address: ['10.8.0.0/16'] },
  prefers: { presentation: ['article', 'lite'], text: { width: 100 } },
  sites: { 'example.org': { presentation: 'original' } },
};

function rowsOf(schema: Schema, path: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, each]) => {
    const inner = path === '' ? key : `${path}.${key}`;
    if (each.properties !== undefined) return rowsOf(each, inner);
    return `| \`${inner}\` | ${valuesOf(each, inner)} | ${defaultOf(inner)} | ${each.description ?? ''} |`;
  });
}

function valuesOf(schema: Schema, path: string): string {
  if (path === 'sites') return 'preferences by host';
  if (path === 'prefers.formatters') return 'true, false or options, by name';
  if (schema.anyOf !== undefined) return valuesOf(schema.anyOf[0]!, path);
  if (schema.enum !== undefined) return schema.enum.join(', ');
  if (schema.items !== undefined) return `list of ${schema.items.enum?.join(', ') ?? listed(path)}`;
  if (schema.type === 'boolean') return 'true, false';
  if (typeof schema.additionalProperties === 'object') return `${valuesOf(schema.additionalProperties, '')} by name`;
  if (schema.minimum !== undefined) return `${grouped(schema.minimum)} to ${grouped(schema.maximum!)}`;
  return schema.pattern === undefined ? 'text' : `\`${schema.pattern}\``;
}

function listed(path: string): string {
  if (path.endsWith('.types')) return 'media types';
  return path.endsWith('.address') ? 'addresses and ranges' : 'texts';
}

function defaultOf(path: string): string {
  if (!path.startsWith('prefers.')) return '';
  const value = path
    .split('.')
    .slice(1)
    .reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], BASE_PREFERENCES);
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'object' ? '' : typeof value === 'number' ? grouped(value) : String(value);
}

function presetRow(name: string, title: string, prefers: PartialPreferences): string {
  const { images = {}, page = {}, text = {} } = prefers;
  const pictures = [
    images.load === false ? 'not loaded' : (images.types?.map((type) => type.replace(/^image\//, '')) ?? []).join(', '),
    ...described({ ...images, load: undefined, types: undefined }),
  ];
  const others = [...described(page), ...described(text), ...described({ httpsUpgrade: prefers.httpsUpgrade })];
  const cells = [[prefers.presentation].flat().join(', '), joined(pictures), joined(others)];
  return `| \`${name}\` | ${title} | ${cells.join(' | ')} |`;
}

function described(values: object): string[] {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => (value === true ? key : value === false ? `no ${key}` : `${key} ${shown(value)}`));
}

const shown = (value: unknown) => (typeof value === 'number' ? grouped(value) : String(value));
const joined = (parts: readonly string[]) => parts.filter((part) => part !== '').join('; ');
const grouped = (value: number) => value.toLocaleString('en');

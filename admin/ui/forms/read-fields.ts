/** What was filled in, as data for the schema to check: what is no number stays a text, so that the schema names it. */
import type { SchemaField } from './schema-fields.ts';

/** @param prefix Before the names of the fields, such as `prefers.`. */
export function readFields(
  form: URLSearchParams,
  fields: readonly SchemaField[],
  prefix: string,
): Record<string, unknown> {
  const data: Record<string, unknown> = {};
  for (const field of fields) {
    const value = readField(form.getAll(prefix + field.path.join('.')), field);
    if (value !== undefined) put(data, field.path, value);
  }
  return data;
}

function readField(given: readonly string[], { kind }: SchemaField): unknown {
  const texts = given.map((text) => text.trim()).filter((text) => text !== '');
  const [text] = texts;
  if (text === undefined) return undefined;
  if (kind === 'number') return toNumber(text);
  if (kind === 'yes-no') return text === 'yes' ? true : text === 'no' ? false : text;
  if (kind === 'choices') return texts;
  if (kind === 'ranking') return texts.length === 1 ? text : texts;
  if (kind === 'lines') return linesOf(text);
  if (kind === 'qualities') return Object.fromEntries(linesOf(text).map(toQuality));
  return kind === 'json' ? readJson(text) : text;
}

function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function toNumber(text: string): number | string {
  return /^[+-]?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
}

// `image/webp 0.8`; without a quality it is 1.
function toQuality(line: string): [string, number | string] {
  const [name = '', quality = '1'] = line.split(/\s*(?:[;,\s]\s*(?:q=)?|=)\s*/, 2);
  return [name, toNumber(quality)];
}

/** JSON where it is; the text itself where not, which the schema will refuse. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function put(data: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let place = data;
  // Paths come from schemas of ours, never from what was sent (threat 59).
  for (const key of path.slice(0, -1)) {
    place[key] ??= {};
    place = place[key] as Record<string, unknown>;
  }
  place[path.at(-1)!] = value;
}

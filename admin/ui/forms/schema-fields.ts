/** Form fields made from a JSON Schema: what a schema has gained, its form has too. */

/** The part of JSON Schema that forms are made from. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
}

export type FieldKind =
  | 'text'
  | 'number'
  /** Yes, no, or left to what it stands on. */
  | 'yes-no'
  | 'choice'
  /** Any of a few. */
  | 'choices'
  /** Some of a few, in order. */
  | 'ranking'
  /** Texts, one a line. */
  | 'lines'
  /** Names with a quality each, one a line. */
  | 'qualities'
  /** Anything else, as JSON. */
  | 'json';

export interface SchemaField {
  /** Where the value is, from the object the schema is for. */
  readonly path: readonly string[];
  readonly label: string;
  readonly help: string;
  readonly kind: FieldKind;
  /** Of `choice`, `choices` and `ranking`. */
  readonly options: readonly string[];
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly isWhole: boolean;
}

/** The fields of an object schema, those of objects in it included. */
export function fieldsOfSchema(schema: JsonSchema, path: readonly string[] = []): SchemaField[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, part]) =>
    part.properties === undefined ? [fieldOf(part, [...path, key])] : fieldsOfSchema(part, [...path, key]),
  );
}

function fieldOf(schema: JsonSchema, path: readonly string[]): SchemaField {
  const { kind, options = [] } = kindOf(schema);
  return {
    path,
    label: labelOf(path.at(-1)!),
    help: schema.description ?? '',
    kind,
    options,
    min: schema.minimum,
    max: schema.maximum,
    isWhole: schema.type === 'integer',
  };
}

function kindOf({ type, enum: values, items, anyOf, additionalProperties }: JsonSchema): {
  kind: FieldKind;
  options?: readonly string[];
} {
  if (values !== undefined) return { kind: 'choice', options: values };
  if (type === 'boolean') return { kind: 'yes-no' };
  if (type === 'integer' || type === 'number') return { kind: 'number' };
  if (type === 'string') return { kind: 'text' };
  if (type === 'array' && items?.enum !== undefined) return { kind: 'choices', options: items.enum };
  if (type === 'array' && items?.type === 'string') return { kind: 'lines' };
  // One, or a list of the same: the first that can be had.
  const listed = anyOf?.find((each) => each.type === 'array')?.items?.enum;
  if (listed !== undefined) return { kind: 'ranking', options: listed };
  const isQuality = typeof additionalProperties === 'object' && additionalProperties.type === 'number';
  return { kind: isQuality ? 'qualities' : 'json' };
}

/** @example labelOf('maxWidth') // 'Max width' */
export function labelOf(key: string): string {
  const words = key.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

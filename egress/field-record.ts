/** Fields as undici takes and gives them: a record with lists for repeated lines. */
import type { Fields } from '../core/fields.ts';

export type FieldRecord = Record<string, string | string[]>;

export function toFieldRecord(fields: Fields): FieldRecord {
  // A null prototype: an origin may well send a field named `__proto__` (threat 59).
  const record: FieldRecord = Object.create(null);
  for (const name of fields.names()) {
    const lines = fields.getAll(name);
    record[name] = lines.length === 1 ? lines[0]! : lines;
  }
  return record;
}

/** One reading statement with its parameters, run row by row within limits. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { Refusal } from './refusal.ts';
import type { RowWriter, Value } from './write-rows.ts';

export interface Query {
  readonly sql: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** Rows that are given. */
  readonly limit: number;
}

export interface QueryResult {
  readonly text: string;
  /** Why there is less than all, in rows; `undefined` when there is all. */
  readonly cutAt: number | undefined;
}

const MAX_TEXT_CHARACTERS = 24 * 1024 * 1024;
/** Rows between two looks at whether somebody still waits. */
const ROWS_AT_ONCE = 1_000;
/** A blank, a semicolon or a comment; one that is not ended reaches to the end. */
const NOTHING = /[\s;]+|--[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?/y;

/** Rejects with `Refusal` 400 for what is no single reading statement or lacks parameters, 422 where SQL is wrong. */
export async function runQuery(
  database: DatabaseSync,
  query: Query,
  { writer, signal }: { readonly writer: RowWriter; readonly signal: AbortSignal },
): Promise<QueryResult> {
  const statement = prepareReading(database, query.sql);
  const rows = iterate(statement, query.parameters);
  const parts = [writer.begin(statement.columns().map(({ name }) => name))];
  let count = 0;
  let characters = 0;
  let isCut = false;
  for (let next = nextOf(rows); !next.done; next = nextOf(rows)) {
    if (count === query.limit || characters > MAX_TEXT_CHARACTERS) {
      isCut = true;
      rows.return?.();
      break;
    }
    const text = writer.row(next.value as unknown as Value[], count);
    characters += text.length;
    parts.push(text);
    count += 1;
    if (count % ROWS_AT_ONCE === 0) {
      await new Promise(setImmediate);
      signal.throwIfAborted();
    }
  }
  return { text: parts.join('') + writer.end, cutAt: isCut ? count : undefined };
}

/** Columns of a statement, without running it. @throws Refusal */
export function prepareReading(database: DatabaseSync, sql: string): StatementSync {
  if (isNothing(sql)) throw new Refusal(400, 'There is no SQL statement.');
  const statement = asRefusal(() => database.prepare(sql));
  const rest = sql.trimStart().slice(statement.sourceSQL.trimStart().length);
  if (!isNothing(rest)) throw new Refusal(400, 'One statement is run at a time.');
  if (statement.columns().length === 0)
    throw new Refusal(400, 'The statement gives no columns: only reading is done here.');
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  return statement;
}

function isNothing(sql: string): boolean {
  let at = 0;
  while (at < sql.length) {
    NOTHING.lastIndex = at;
    if (!NOTHING.test(sql)) return false;
    at = NOTHING.lastIndex;
  }
  return true;
}

function iterate(statement: StatementSync, parameters: ReadonlyMap<string, string>): Iterator<object> {
  const positional: SQLInputValue[] = [];
  const named: Record<string, SQLInputValue> = Object.create(null);
  const numbers = new Map<number, string>();
  for (const [name, value] of parameters) {
    const number = /^p([1-9]\d{0,3})$/.exec(name)?.[1];
    if (number === undefined) named[name] = typed(value);
    else numbers.set(Number(number), value);
  }
  for (let number = 1; number <= numbers.size; number++) {
    const value = numbers.get(number);
    if (value === undefined) throw new Refusal(400, `The parameter \`p${number}\` is missing.`);
    positional.push(typed(value));
  }
  const hasNames = Object.keys(named).length > 0;
  return asRefusal(
    () => (hasNames ? statement.iterate(named, ...positional) : statement.iterate(...positional)) as Iterator<object>,
  );
}

function nextOf(rows: Iterator<object>): IteratorResult<object> {
  return asRefusal(() => rows.next());
}

/** Numbers as numbers, where they would be written the same; anything else is text. */
function typed(value: string): SQLInputValue {
  if (/^-?(?:0|[1-9]\d{0,18})$/.test(value)) {
    const whole = BigInt(value);
    return whole === BigInt.asIntN(64, whole) ? whole : value;
  }
  const number = Number(value);
  return value !== '' && String(number) === value && Number.isFinite(number) ? number : value;
}

function asRefusal<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_INVALID_STATE' && /parameter/i.test(message)) throw new Refusal(400, `${message}.`);
    if (code !== 'ERR_SQLITE_ERROR') throw error;
    // What the authorizer or the read-only file forbids, not what is wrong with the statement.
    if (/not authorized|prohibited|readonly/.test(message))
      throw new Refusal(400, `Only reading is done here: ${message}.`);
    if (/column index out of range/.test(message))
      throw new Refusal(400, 'There are more parameters than the statement has.');
    throw new Refusal(422, `SQL: ${message}.`);
  }
}

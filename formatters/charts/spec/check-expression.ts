/** Expressions and number formats of a specification: those that would take for ever, or all memory, are refused. */
import { unprocessable } from '../refusal.ts';

/** Functions whose work is not bounded by the data: lists and texts of any length, patterns that go back and forth. */
const ENDLESS =
  /\b(?:sequence|pad|regexp|test|replace|split|repeat|data|indata|scale|modify|vlSelection\w*|geo\w+|tree\w+)\s*\(/;
const MAX_CHARACTERS = 1_000;
/** A width or precision of four digits: a text as long is made for each number. */
const WIDE_FORMAT = /\d{4,}/;

/** Parts that hold expressions; a predicate may be one wherever it stands. */
const EXPRESSIONS = /^(?:expr|calculate|filter|test|labelExpr|update|init|value)$|expr$/i;

/** @throws FormatFailure unprocessable */
export function checkExpression(text: string, path: string, key: string): void {
  if (!EXPRESSIONS.test(key)) return;
  if (text.length > MAX_CHARACTERS) throw unprocessable(`\`${path}\` is longer than ${MAX_CHARACTERS} characters`);
  const endless = ENDLESS.exec(text);
  if (endless !== null)
    throw unprocessable(`the function \`${endless[0].replace(/\s*\($/, '')}\` (\`${path}\`) is not known here`);
  if (/format\s*\(/i.test(text) && /(["'])[^"']*\d{4,}[^"']*\1/.test(text))
    throw unprocessable(`\`${path}\` formats numbers to over 999 characters`);
}

/** @throws FormatFailure unprocessable */
export function checkFormat(format: string, path: string): void {
  if (WIDE_FORMAT.test(format)) throw unprocessable(`\`${path}\` formats numbers to over 999 characters`);
}

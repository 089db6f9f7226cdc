/** JSON text to values, bounded before anything is made of it (threat 44). */
import { FormatFailure } from '../../core/executor.ts';

export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/** Deeper nesting is not data. */
const MAX_DEPTH = 200;
/** Lists, objects and commas: what each value costs at least is a hundred times its text. */
const MAX_PARTS = 5_000_000;
// Where a whole number may have more digits than a number keeps.
const MAY_LOSE_DIGITS = /\d{16}/;

/**
 * Parses JSON (RFC 8259). Whole numbers of more digits than a number keeps stay texts, digit by digit; of a repeated
 * name the last value counts.
 *
 * @param what how a failure names it
 * @throws FormatFailure hostile for what is not well-formed or nested too deeply, too-large
 */
export function parseJson(text: string, what: string): Json {
  const plain = text.replace(/^\ufeff/, '');
  checkStructure(plain, what);
  try {
    return MAY_LOSE_DIGITS.test(plain) ? (JSON.parse(plain, keepDigits) as Json) : (JSON.parse(plain) as Json);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/[\s"]+/g, ' ').slice(0, 120) : 'it cannot be read';
    throw new FormatFailure('hostile', 'data', `${what} is not well-formed (${reason})`, { cause: error });
  }
}

function keepDigits(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  const isInexact = typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
  return isInexact && /^-?\d+$/.test(context?.source ?? '') ? context!.source : value;
}

// Linear, and before anything recursive sees the text; what stands within strings does not count.
function checkStructure(text: string, what: string): void {
  let depth = 0;
  let parts = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x2c) parts++;
    else if (code === 0x5b || code === 0x7b) {
      parts++;
      if (++depth > MAX_DEPTH) throw new FormatFailure('hostile', 'data', `${what} is nested over ${MAX_DEPTH} deep`);
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  if (parts > MAX_PARTS) throw new FormatFailure('too-large', 'data', `${what} has over ${MAX_PARTS} values`);
}

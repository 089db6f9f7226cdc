/** Media types (RFC 9110 8.3.1) as records. */
import { splitList } from './list-field.ts';

/** Members of a Content-Type that lists several types; more are not read. */
const MAX_MEMBERS = 20;

/** A parsed media type; `type`, `subtype` and parameter names in lower case. */
export interface MediaType {
  readonly type: string;
  readonly subtype: string;
  /** `type/subtype`. */
  readonly essence: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const ESSENCE = new RegExp(`^[ \\t]*(${TOKEN})/(${TOKEN})[ \\t]*(?:;|$)`);
const PARAMETER = new RegExp(`;[ \\t]*(?:(${TOKEN})=(?:(${TOKEN})|"((?:[^"\\\\]|\\\\.)*)")[ \\t]*)?`, 'y');

/**
 * Reads a Content-Type value; `undefined` when absent or malformed. A malformed parameter ends the parameters. Where an
 * origin sent several types the last one that is a type counts, with the charset of an equal one before it, as browsers
 * read it (WHATWG Fetch, "extract a MIME type").
 *
 * @example readMediaType('Text/HTML; charset="UTF-8"')?.parameters.get('charset') // 'UTF-8'
 */
export function readMediaType(value: string | undefined): MediaType | undefined {
  if (value === undefined || !value.includes(',')) return value === undefined ? undefined : readOne(value);
  let last: MediaType | undefined;
  for (const member of splitList(value, MAX_MEMBERS)) {
    const each = readOne(member);
    if (each === undefined || each.essence === '*/*') continue;
    const charset = each.essence === last?.essence ? last.parameters.get('charset') : undefined;
    const carried = charset !== undefined && !each.parameters.has('charset');
    last = carried ? { ...each, parameters: new Map([...each.parameters, ['charset', charset]]) } : each;
  }
  return last;
}

function readOne(value: string): MediaType | undefined {
  const head = ESSENCE.exec(value);
  if (head === null) return undefined;
  const type = head[1]!.toLowerCase();
  const subtype = head[2]!.toLowerCase();
  const parameters = new Map<string, string>();
  PARAMETER.lastIndex = value.indexOf(';') === -1 ? value.length : value.indexOf(';');
  for (let match = PARAMETER.exec(value); match !== null; match = PARAMETER.exec(value)) {
    const name = match[1]?.toLowerCase();
    if (name !== undefined && !parameters.has(name))
      parameters.set(name, match[2] ?? match[3]!.replace(/\\(.)/g, '$1'));
  }
  return { type, subtype, essence: `${type}/${subtype}`, parameters };
}

/** True for types whose bodies are characters. */
export function isTextual(essence: string): boolean {
  return (
    essence.startsWith('text/') ||
    /[+/](?:json|xml|javascript|ecmascript)$/.test(essence) ||
    essence === 'application/x-ndjson' ||
    essence === 'application/xhtml+xml' ||
    essence === 'application/vnd.wap.xhtml+xml'
  );
}

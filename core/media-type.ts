/** Media types (RFC 9110 8.3.1) as records. */

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
 * Reads a Content-Type value; `undefined` when absent or malformed. A malformed parameter ends the parameters.
 *
 * @example readMediaType('Text/HTML; charset="UTF-8"')?.parameters.get('charset') // 'UTF-8'
 */
export function readMediaType(value: string | undefined): MediaType | undefined {
  const head = value === undefined ? null : ESSENCE.exec(value);
  if (value === undefined || head === null) return undefined;
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

/** Header fields: case-insensitive names, in order, repeated lines kept apart until they are asked for together. */

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// RFC 9110 5.5: field content is visible characters, space, tab and obs-text. CR, LF and NUL never pass (threat 19).
const UNSAFE_VALUE = /[\u0000-\u0008\u000a-\u001f\u007f]/g;
/** What is to be changed in a value; nearly none has any of it. */
const FAULT = /[^\t\u0020-\u007e\u0080-\u00ff]|^\s|\s$/;

/** A value that cannot inject a line: control characters become spaces, characters beyond latin-1 are percent-encoded. */
export function safeFieldValue(value: string): string {
  if (!FAULT.test(value)) return value;
  return value
    .replace(UNSAFE_VALUE, ' ')
    .replace(/[^\t\u0020-\u00ff]+/g, (run) => encodeURIComponent(run.isWellFormed() ? run : run.toWellFormed()))
    .trim();
}

/** Names as they came, in lower case; the same few come with every message. */
const known = new Map<string, string>();
const MAX_KNOWN = 1_000;

/** The name in lower case; `undefined` for what is no name (RFC 9110 5.1). */
function nameOf(given: string): string | undefined {
  const held = known.get(given);
  if (held !== undefined) return held;
  if (!TOKEN.test(given)) return undefined;
  if (known.size >= MAX_KNOWN) known.clear();
  const name = given.toLowerCase();
  known.set(given, name);
  return name;
}

/** Header fields of a message. Names are kept in lower case. */
export class Fields {
  readonly #lines: [name: string, value: string][] = [];

  /** From Node's `rawHeaders` or undici's flat list: name, value, name, value, … */
  static fromRaw(raw: readonly (string | Buffer)[]): Fields {
    const fields = new Fields();
    for (let i = 0; i + 1 < raw.length; i += 2) fields.append(text(raw[i]!), text(raw[i + 1]!));
    return fields;
  }

  static from(
    init: Readonly<Record<string, string | readonly string[] | undefined>> | Iterable<readonly [string, string]>,
  ): Fields {
    const fields = new Fields();
    if (Symbol.iterator in init)
      for (const [name, value] of init as Iterable<readonly [string, string]>) fields.append(name, value);
    else
      for (const [name, value] of Object.entries(init)) {
        if (value === undefined) continue;
        for (const line of typeof value === 'string' ? [value] : value) fields.append(name, line);
      }
    return fields;
  }

  /** All lines of a field joined by `, ` (RFC 9110 5.3), or `undefined` when absent. */
  get(name: string): string | undefined {
    const wanted = name.toLowerCase();
    let joined: string | undefined;
    for (const [each, value] of this.#lines)
      if (each === wanted) joined = joined === undefined ? value : `${joined}, ${value}`;
    return joined;
  }

  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.#lines.filter(([each]) => each === wanted).map(([, value]) => value);
  }

  has(name: string): boolean {
    const wanted = name.toLowerCase();
    return this.#lines.some(([each]) => each === wanted);
  }

  /** Replaces all lines of a field; `undefined` removes it. */
  set(name: string, value: string | undefined): this {
    this.delete(name);
    return value === undefined ? this : this.append(name, value);
  }

  append(given: string, value: string): this {
    const name = nameOf(given);
    if (name !== undefined) this.#lines.push([name, safeFieldValue(value)]);
    return this;
  }

  delete(name: string): this {
    const wanted = name.toLowerCase();
    for (let i = this.#lines.length - 1; i >= 0; i--) if (this.#lines[i]![0] === wanted) this.#lines.splice(i, 1);
    return this;
  }

  clone(): Fields {
    const copy = new Fields();
    // Lines have been made safe when they came in, and are never changed.
    for (const line of this.#lines) copy.#lines.push(line);
    return copy;
  }

  names(): string[] {
    return [...new Set(this.#lines.map(([name]) => name))];
  }

  /** Lines in order. */
  entries(): readonly (readonly [name: string, value: string])[] {
    return this.#lines;
  }

  [Symbol.iterator](): Iterator<readonly [string, string]> {
    return this.#lines[Symbol.iterator]();
  }

  /** Content-Length in bytes (RFC 9110 8.6); `undefined` where none is stated, or no number. */
  statedLength(): number | undefined {
    const stated = this.get('content-length');
    return stated !== undefined && /^\d{1,15}$/.test(stated) ? Number(stated) : undefined;
  }

  /** Flat name, value list as `ServerResponse.writeHead` takes it. */
  toRaw(): string[] {
    const raw: string[] = [];
    for (const [name, value] of this.#lines) raw.push(name, value);
    return raw;
  }
}

// Node hands header bytes over as latin-1 strings; undici may hand them over as Buffers.
function text(value: string | Buffer): string {
  return typeof value === 'string' ? value : value.toString('latin1');
}

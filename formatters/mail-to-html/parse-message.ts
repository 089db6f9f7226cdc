/** A mail (RFC 5322) as a tree of its parts (RFC 2045, 2046), bounded in depth and number. */
import { FormatFailure } from '../../core/executor.ts';
import { decodeBytes, decodeField, decodeQuotedPrintable } from './decode-words.ts';

/** A field that has parameters, such as `text/plain; charset=utf-8`. */
export interface Parameterised {
  /** In lower case. */
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
}

export interface MailPart {
  /** Decoded values by lower-case name; of repeated fields the first. */
  readonly fields: ReadonlyMap<string, string>;
  readonly type: Parameterised;
  readonly disposition: Parameterised;
  /** Without angle brackets. */
  readonly contentId: string | undefined;
  /** Of a multipart, and of a mail within the mail. */
  readonly parts: readonly MailPart[];
  /** The decoded content; empty for a multipart. */
  readonly bytes: Uint8Array;
}

const MAX_DEPTH = 10;
const MAX_PARTS = 500;
const MAX_FIELDS = 500;
const FIELD = /^([!-9;-~]{1,100}):[ \t]*(.*)$/s;

/** Parses a mail. @throws FormatFailure cannot where it has no fields, hostile where its parts are too many or too deep */
export function parseMessage(bytes: Uint8Array): MailPart {
  const text = Buffer.from(bytes).toString('latin1');
  const message = parsePart(text, { depth: 0, budget: { parts: MAX_PARTS }, fallback: 'text/plain' });
  if (message.fields.size === 0) throw new FormatFailure('cannot', 'mail-to-html', 'this is no mail');
  return message;
}

/** Text of a part in its charset. */
export function textOfPart({ bytes, type }: MailPart): string {
  return decodeBytes(bytes, type.parameters.get('charset'));
}

interface Place {
  readonly depth: number;
  readonly budget: { parts: number };
  /** Type of a part that names none. */
  readonly fallback: string;
}

function parsePart(text: string, { depth, budget, fallback }: Place): MailPart {
  budget.parts--;
  if (depth > MAX_DEPTH || budget.parts < 0)
    throw new FormatFailure('hostile', 'mail-to-html', `the mail has over ${MAX_PARTS} parts, or they are too deep`);
  const end = /\r?\n\r?\n|^\r?\n/.exec(text);
  const head = end === null ? text : text.slice(0, end.index);
  const body = end === null ? '' : text.slice(end.index + end[0].length);
  const fields = parseFields(head);
  const type = parseParameters(fields.get('content-type') ?? fallback);
  const part = {
    fields: new Map([...fields].map(([name, value]) => [name, decodeField(value)])),
    type,
    disposition: parseParameters(fields.get('content-disposition') ?? ''),
    contentId: /<([^<>]+)>/.exec(fields.get('content-id') ?? '')?.[1],
  };
  const boundary = type.value.startsWith('multipart/') ? type.parameters.get('boundary') : undefined;
  if (boundary !== undefined) {
    const inner = type.value === 'multipart/digest' ? 'message/rfc822' : 'text/plain';
    const parts = splitParts(body, boundary, budget.parts).map((each) =>
      parsePart(each, { depth: depth + 1, budget, fallback: inner }),
    );
    return { ...part, parts, bytes: new Uint8Array() };
  }
  const bytes = decodeBody(body, fields.get('content-transfer-encoding'));
  if (type.value !== 'message/rfc822') return { ...part, parts: [], bytes };
  const within = Buffer.from(bytes).toString('latin1');
  return { ...part, parts: [parsePart(within, { depth: depth + 1, budget, fallback: 'text/plain' })], bytes };
}

function parseFields(head: string): Map<string, string> {
  const fields = new Map<string, string>();
  const lines = head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/);
  for (const line of lines.slice(0, MAX_FIELDS)) {
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name !== undefined && !fields.has(name.toLowerCase())) fields.set(name.toLowerCase(), value!.trim());
  }
  return fields;
}

/** RFC 2046 5.1.1: what is before the first border and behind the last is no part. */
function splitParts(body: string, boundary: string, max: number): string[] {
  const parts: string[] = [];
  const border = `--${boundary}`;
  let start = -1;
  for (let at = body.indexOf(border); at !== -1; at = body.indexOf(border, at + border.length)) {
    if (at > 0 && body[at - 1] !== '\n') continue;
    if (start !== -1) parts.push(body.slice(start, at).replace(/\r?\n$/, ''));
    const behind = at + border.length;
    if (body.startsWith('--', behind) || parts.length > max) return parts;
    const line = body.indexOf('\n', behind);
    start = line === -1 ? body.length : line + 1;
  }
  if (start !== -1) parts.push(body.slice(start));
  return parts;
}

function decodeBody(body: string, coding: string | undefined): Uint8Array {
  const name = coding?.trim().toLowerCase();
  if (name === 'base64') return Buffer.from(body, 'base64');
  const bytes = Buffer.from(body, 'latin1');
  return name === 'quoted-printable' ? decodeQuotedPrintable(bytes) : bytes;
}

const PARAMETER = /;\s*([\w!#$&+.^-]{1,60}(?:\*\d{1,3})?)(\*?)\s*=\s*(?:"((?:[^"\\]|\\.){0,2000})"|([^\s;"]{1,2000}))/g;

/** A value and its parameters; RFC 2231 for those in a charset and those in several pieces. */
export function parseParameters(text: string): Parameterised {
  const value = text.split(';', 1)[0]!.trim().toLowerCase();
  const parameters = new Map<string, string>();
  for (const [, rawName = '', star, quoted, token] of text.matchAll(PARAMETER)) {
    const name = rawName.toLowerCase().replace(/\*\d+$/, '');
    const written = quoted?.replace(/\\(.)/g, '$1') ?? token ?? '';
    const read = star === '*' ? decodePercent(written) : decodeField(written);
    parameters.set(name, (parameters.get(name) ?? '') + read);
  }
  return { value, parameters };
}

function decodePercent(text: string): string {
  const [, charset, coded = text] = /^([\w-]*)'[\w-]*'(.*)$/s.exec(text) ?? [];
  const bytes = coded.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return decodeBytes(Buffer.from(bytes, 'latin1'), charset);
}

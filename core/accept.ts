/** The Accept field (RFC 9110 12.5.1), parsed, never searched. Rules and departures: `docs/negotiation.md`. */
import { type Parameter, splitList, splitParameters } from './list-field.ts';
import { type MediaType, readMediaType } from './media-type.ts';
import { readQualityValue } from './quality-value.ts';

/** Ranges beyond this many are not read (threat 46). Browsers send at most a dozen. */
const MAX_RANGES = 100;
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** What a range with a wildcard and no q of its own counts (design part 3, N-10). */
const ANY_DEFAULT = 0.01;
const TYPE_DEFAULT = 0.02;

/** One media range; `type` and `subtype` in lower case, `*` for wildcards. */
interface MediaRange {
  readonly type: string;
  readonly subtype: string;
  /** `type/subtype`. */
  readonly essence: string;
  /** Parameters before the weight. */
  readonly parameters: readonly Parameter[];
  /** 0 to 1; 0 excludes. */
  readonly q: number;
  /** Order in the field, from 0. */
  readonly index: number;
}

/** A parsed Accept field. */
export interface AcceptField {
  readonly ranges: readonly MediaRange[];
  /** True when the field is missing, empty, or holds nothing that can be understood: everything is acceptable (N-3). */
  readonly anything: boolean;
  /** The highest q of all ranges; 1 when `anything`. */
  readonly topQ: number;
}

/** How much a client wants a media type. */
export interface AcceptQuality {
  /** 0 to 1; 0 is not acceptable. */
  readonly q: number;
  /** Named by a range without wildcards. */
  readonly explicit: boolean;
  /** Order in the field of the range that decided; 0 when none did. */
  readonly index: number;
  readonly range: MediaRange | undefined;
}

/**
 * Parses an Accept field.
 *
 * @example parseAccept('text/html;level=1, text/*;q=0.5').ranges.length // 2
 */
export function parseAccept(value: string | undefined): AcceptField {
  const ranges: MediaRange[] = [];
  for (const [index, member] of splitList(value ?? '', MAX_RANGES).entries()) {
    const range = readRange(member, index);
    if (range !== undefined) ranges.push(range);
  }
  const anything = ranges.length === 0;
  return { ranges, anything, topQ: anything ? 1 : Math.max(...ranges.map((range) => range.q)) };
}

function readRange(member: string, index: number): MediaRange | undefined {
  const { head, parameters } = splitParameters(member);
  // A lone `*` is what Java's URLConnection has sent since 1996 for `*/*`.
  const [type = '', subtype = '', more] = (head === '*' ? '*/*' : head.toLowerCase()).split('/');
  if (more !== undefined || !NAME.test(type) || !NAME.test(subtype)) return undefined;
  if (type === '*' && subtype !== '*') return undefined;
  // Whatever follows the weight was accept-ext once; RFC 9110 12.5.1 has none, so it is not read.
  const weightAt = parameters.findIndex((parameter) => parameter.name === 'q');
  const q = weightAt === -1 ? defaultQuality(type, subtype) : readQualityValue(parameters[weightAt]!.value ?? '');
  if (q === undefined) return undefined;
  return {
    type,
    subtype,
    essence: `${type}/${subtype}`,
    parameters: weightAt === -1 ? parameters : parameters.slice(0, weightAt),
    q,
    index,
  };
}

function defaultQuality(type: string, subtype: string): number {
  if (type === '*') return ANY_DEFAULT;
  return subtype === '*' ? TYPE_DEFAULT : 1;
}

/**
 * What the field says of a media type: the most specific range decides, wherever it stands (N-2); among equals the
 * highest q, then the first.
 *
 * @example qualityOf(parseAccept('text/html, image/*;q=0.5'), 'image/png').q // 0.5
 */
export function qualityOf(accept: AcceptField, mediaType: string | MediaType): AcceptQuality {
  const wanted = typeof mediaType === 'string' ? readMediaType(mediaType) : mediaType;
  if (accept.anything) return { q: 1, explicit: false, index: 0, range: undefined };
  let best: MediaRange | undefined;
  let bestSpecificity = -1;
  for (const range of accept.ranges) {
    const specificity = wanted === undefined ? -1 : specificityOf(range, wanted);
    if (specificity < 0 || specificity < bestSpecificity) continue;
    if (specificity === bestSpecificity && best !== undefined && range.q <= best.q) continue;
    best = range;
    bestSpecificity = specificity;
  }
  if (best === undefined) return { q: 0, explicit: false, index: 0, range: undefined };
  return { q: best.q, explicit: best.subtype !== '*', index: best.index, range: best };
}

/** -1 no match, 0 any, 1 type, 2 a parameter the type does not speak of, 3 exact, 4 and more with parameters. */
function specificityOf(range: MediaRange, wanted: MediaType): number {
  if (range.type === '*') return 0;
  if (range.type !== wanted.type) return -1;
  if (range.subtype === '*') return 1;
  if (range.subtype !== wanted.subtype) return -1;
  let unspoken = false;
  for (const { name, value } of range.parameters) {
    const own = wanted.parameters.get(name);
    if (own === undefined) unspoken = true;
    else if (own.toLowerCase() !== value?.toLowerCase()) return -1;
  }
  // `text/markdown;variant=GFM` or `text/html;charset=utf-8` asks for a type we make without saying so (N-13): it
  // matches, but behind any plain range, and it never excludes more than what it names.
  if (unspoken) return range.q > 0 ? 2 : -1;
  return 3 + range.parameters.length;
}

/** True when the type may be sent. */
export function isAcceptable(accept: AcceptField, mediaType: string | MediaType): boolean {
  return qualityOf(accept, mediaType).q > 0;
}

/** True when the field names the type, not only by a wildcard, and does not exclude it. */
export function asks(accept: AcceptField, mediaType: string | MediaType): boolean {
  const quality = qualityOf(accept, mediaType);
  return quality.explicit && quality.q > 0;
}

/** True when the field rules the type out by what it says of it, and not only by naming others. */
export function isVetoed(accept: AcceptField, mediaType: string | MediaType): boolean {
  const { q, range } = qualityOf(accept, mediaType);
  return q === 0 && range !== undefined;
}

/** True when the field names the type with its highest q: no loss on the way there overrides this (design part 3). */
export function namesWithTopQuality(accept: AcceptField, mediaType: string | MediaType): boolean {
  const quality = qualityOf(accept, mediaType);
  return quality.explicit && quality.q > 0 && quality.q === accept.topQ;
}

/** True when some range has a wildcard. */
export function hasWildcard(accept: AcceptField): boolean {
  return accept.ranges.some((range) => range.subtype === '*');
}

/** True when the field begins with JSON and holds a wildcard, as scripts send it (design part 3, CT-3). */
export function isScriptAccept(accept: AcceptField): boolean {
  const first = accept.ranges[0];
  const json = first !== undefined && (first.subtype === 'json' || first.subtype.endsWith('+json'));
  return json && hasWildcard(accept);
}

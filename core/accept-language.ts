/** Accept-Language (RFC 9110 12.5.4) by basic filtering (RFC 4647 3.3.1), N-6. */
import { splitList, splitParameters } from './list-field.ts';
import { readQualityValue } from './quality-value.ts';

const MAX_RANGES = 100;
// RFC 4647 2.1: language-range = (1*8ALPHA *("-" 1*8alphanum)) / "*"
const RANGE = /^(?:\*|[a-z]{1,8}(?:-[a-z0-9]{1,8}){0,15})$/;

/** One language range in lower case. */
interface LanguageRange {
  readonly tag: string;
  /** 0 to 1; 0 excludes. */
  readonly q: number;
  readonly index: number;
}

/** A parsed Accept-Language field. */
export interface AcceptLanguageField {
  readonly ranges: readonly LanguageRange[];
  /** True when missing, empty or not understood: every language will do. */
  readonly anything: boolean;
}

/** Parses an Accept-Language field; malformed ranges count as not sent. */
export function parseAcceptLanguage(value: string | undefined): AcceptLanguageField {
  const ranges: LanguageRange[] = [];
  for (const [index, member] of splitList(value ?? '', MAX_RANGES).entries()) {
    const { head, parameters } = splitParameters(member);
    const tag = head.toLowerCase();
    const weight = parameters.find((parameter) => parameter.name === 'q');
    const q = weight === undefined ? 1 : readQualityValue(weight.value ?? '');
    if (q !== undefined && RANGE.test(tag)) ranges.push({ tag, q, index });
  }
  return { ranges, anything: ranges.length === 0 };
}

/**
 * The quality of a language tag: the longest range that is the tag or a prefix of it decides; `*` takes the rest.
 *
 * @example languageQuality(parseAcceptLanguage('en, en-US;q=0.5'), 'en-US').q // 0.5
 */
export function languageQuality(field: AcceptLanguageField, tag: string): { q: number; index: number } {
  if (field.anything) return { q: 1, index: 0 };
  const wanted = tag.toLowerCase();
  let best: LanguageRange | undefined;
  for (const range of field.ranges) {
    if (range.tag !== '*' && wanted !== range.tag && !wanted.startsWith(`${range.tag}-`)) continue;
    const closer = best === undefined ? 1 : lengthOf(range) - lengthOf(best);
    if (closer > 0 || (closer === 0 && best !== undefined && range.q > best.q)) best = range;
  }
  return best === undefined ? { q: 0, index: 0 } : { q: best.q, index: best.index };
}

function lengthOf(range: LanguageRange): number {
  return range.tag === '*' ? 0 : range.tag.length;
}

/** The best of the available tags: q, then order in the field, then order given; `undefined` when none is acceptable. */
export function chooseLanguage(field: AcceptLanguageField, available: readonly string[]): string | undefined {
  return available
    .map((tag, order) => ({ tag, order, ...languageQuality(field, tag) }))
    .filter((each) => each.q > 0)
    .sort((a, b) => b.q - a.q || a.index - b.index || a.order - b.order)[0]?.tag;
}

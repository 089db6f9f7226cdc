import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import Negotiator from 'negotiator';
import { parseAccept, qualityOf } from '../core/accept.ts';
import { codingQuality, parseAcceptEncoding } from '../core/accept-encoding.ts';
import { languageQuality, parseAcceptLanguage } from '../core/accept-language.ts';

// Our reading of the three Accept fields against the `negotiator` package. Where they differ, a rewriting of the field
// by the documented reasons (docs/negotiation.md) must make them agree; anything else is unexplained.

const RUNS = 10_000;
const SEED = 20_260_718;

/** A generated member: what it names, its parameters, its weight as written, and what follows the weight. */
interface Member {
  readonly head: string;
  readonly parameters: readonly string[];
  readonly weight: string | undefined;
  readonly extension: string;
}

interface Reason {
  readonly id: string;
  readonly rewrite: (members: readonly Member[]) => readonly Member[];
}

const weightText = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(undefined, '1', '0', '0.5', '0.001', '1.000', '0.9', '0.25') },
  { weight: 1, arbitrary: fc.constantFrom('high', '', '-1', '1.5', '0.9999', '.5', '0.0004', '"0.5"') },
);
const space = fc.constantFrom('', '', ' ', '\t');

function render(members: readonly Member[]): string {
  return members
    .map(({ head, parameters, weight, extension }) => {
      const parts = [head, ...parameters];
      if (weight !== undefined) parts.push(`q=${weight}${extension}`);
      return parts.join(';');
    })
    .join(', ');
}

const numeric = (text: string) => /^(?=.*\d)\d*(?:\.\d*)?$/.test(text);
const bare = (text: string) => text.replaceAll('"', '');

const WEIGHT_REASONS: Reason[] = [
  {
    id: 'malformed-weight',
    rewrite: (members) => members.filter(({ weight }) => weight === undefined || numeric(bare(weight))),
  },
  {
    id: 'weight-precision',
    rewrite: (members) =>
      members.map((member) => {
        if (member.weight === undefined || !numeric(bare(member.weight))) return member;
        return { ...member, weight: String(Math.min(1, Math.trunc(Number(bare(member.weight)) * 1000 + 1e-9) / 1000)) };
      }),
  },
];

const NOTHING = '\u0000nothing';

/** Compares over many fields: equal sets, and our qualities never rise along the oracle's order of preference. */
interface Comparison {
  readonly members: fc.Arbitrary<readonly Member[]>;
  readonly reasons: readonly Reason[];
  readonly available: readonly string[];
  readonly oracle: (field: string | undefined) => string[];
  readonly ours: (field: string) => (each: string) => number;
}

function compare({ members, reasons, available, oracle, ours }: Comparison): Map<string, number> {
  const counts = new Map<string, number>();
  const count = (id: string): true => {
    counts.set(id, (counts.get(id) ?? 0) + 1);
    return true;
  };
  const agrees = (quality: (each: string) => number, field: string | undefined): boolean => {
    const theirs = oracle(field);
    const acceptable = available.filter((each) => quality(each) > 0);
    const sameSet = acceptable.length === theirs.length && acceptable.every((each) => theirs.includes(each));
    return sameSet && theirs.every((each, i) => i === 0 || quality(theirs[i - 1]!) >= quality(each));
  };
  fc.assert(
    fc.property(members, space, (list, pad) => {
      const field = `${pad}${render(list)}${pad}`;
      const quality = ours(field);
      if (agrees(quality, field)) return count('equal');
      let rewritten = list;
      const used: string[] = [];
      for (const { id, rewrite } of reasons) {
        const next = rewrite(rewritten);
        if (render(next) !== render(rewritten)) used.push(id);
        rewritten = next;
      }
      const text = rewritten.some(({ head }) => head === NOTHING) ? undefined : render(rewritten);
      if (used.length === 0 || !agrees(quality, text)) throw new Error(`unexplained: ${field} -> ${text} [${used}]`);
      if (used.length === 1) count(used[0]!);
      return count('explained');
    }),
    { numRuns: RUNS, seed: SEED },
  );
  return counts;
}

const documentation = readFileSync(new URL('../docs/negotiation.md', import.meta.url), 'utf8');

// Every documented reason must be needed on its own somewhere, and every reason used must be documented.
function checkReasons(counts: Map<string, number>, reasons: readonly Reason[]): string[] {
  return reasons
    .filter(({ id }) => !documentation.includes(`\`${id}\``) || (counts.get(id) ?? 0) === 0)
    .map(({ id }) => id);
}

const NOTHING_UNDERSTOOD: Reason = {
  id: 'nothing-understood',
  rewrite: (members) =>
    members.length === 0 ? [{ head: NOTHING, parameters: [], weight: undefined, extension: '' }] : members,
};

const RANGE_HEADS = [
  ...['text/html', 'text/html', 'TEXT/html', 'text/plain', 'image/png', 'image/webp', 'application/json'],
  ...['text/*', 'image/*', '*/*', '*/*', '*', '*/html', 'text/html/x', 'rubbish', 'application/pdf'],
];
const AVAILABLE_TYPES = ['text/html', 'text/plain;format=flowed', 'image/png', 'image/webp', 'application/json'];
const isRange = (head: string) => /^[^/]+\/[^/]+$/.test(head) && !/^\*\/[^*]/.test(head);
const isWild = (head: string) => head.endsWith('/*');

const ACCEPT_REASONS: Reason[] = [
  ...WEIGHT_REASONS,
  { id: 'lone-star', rewrite: (list) => list.map((each) => (each.head === '*' ? { ...each, head: '*/*' } : each)) },
  { id: 'malformed-range', rewrite: (list) => list.filter(({ head }) => isRange(head)) },
  NOTHING_UNDERSTOOD,
  {
    id: 'wildcard-default',
    rewrite: (list) =>
      list.map((each) => {
        if (each.weight !== undefined || !isWild(each.head)) return each;
        return { ...each, weight: each.head === '*/*' ? '0.01' : '0.02' };
      }),
  },
  { id: 'after-weight', rewrite: (list) => list.map((each) => ({ ...each, extension: '' })) },
  {
    id: 'unspoken-parameter',
    rewrite(list) {
      const plain = new Set(list.filter((m) => m.parameters.length === 0).map((m) => m.head.toLowerCase()));
      return list.flatMap((each) => {
        const head = each.head.toLowerCase();
        if (each.parameters.length === 0 || isWild(head)) return [each];
        const spoken = head === 'text/plain' && each.parameters.every((p) => p.startsWith('format='));
        if (spoken || (head === 'text/plain' && each.parameters.includes('format=fixed'))) return [each];
        return plain.has(head) || Number(each.weight ?? 1) === 0 ? [] : [{ ...each, parameters: [] }];
      });
    },
  },
  {
    id: 'wildcard-parameter',
    rewrite: (list) => list.map((each) => (isWild(each.head) ? { ...each, parameters: [] } : each)),
  },
];

const acceptMember: fc.Arbitrary<Member> = fc.record({
  head: fc.constantFrom(...RANGE_HEADS),
  parameters: fc.oneof(
    { weight: 5, arbitrary: fc.constant<string[]>([]) },
    { weight: 1, arbitrary: fc.subarray(['format=flowed', 'level=1']) },
    { weight: 1, arbitrary: fc.constantFrom(['format=fixed'], ['format="flowed"']) },
  ),
  weight: weightText,
  extension: fc.oneof({ weight: 6, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constant(';ext=1') }),
});

test('N-1, N-2, N-3, N-10: 10,000 Accept fields agree with negotiator but for documented reasons', (t) => {
  const counts = compare({
    members: fc.array(acceptMember, { maxLength: 5 }),
    reasons: ACCEPT_REASONS,
    available: AVAILABLE_TYPES,
    oracle: (accept) => new Negotiator({ headers: { accept } }).mediaTypes([...AVAILABLE_TYPES]),
    ours: (field) => {
      const accept = parseAccept(field);
      return (type) => qualityOf(accept, type).q;
    },
  });
  t.log(Object.fromEntries(counts));
  t.deepEqual(checkReasons(counts, ACCEPT_REASONS), []);
});

const AVAILABLE_TAGS = ['en', 'de-DE', 'fr', 'zh-Hant-TW', 'pt-BR'];
const LANGUAGE_REASONS: Reason[] = [
  ...WEIGHT_REASONS,
  {
    id: 'malformed-range',
    rewrite: (list) => list.filter(({ head }) => /^(?:\*|[a-z]{1,8}(?:-[a-z0-9]{1,8})*)$/i.test(head)),
  },
  NOTHING_UNDERSTOOD,
  {
    id: 'basic-filtering',
    rewrite: (list) =>
      list.filter(({ head }) => !AVAILABLE_TAGS.some((tag) => head.toLowerCase().startsWith(`${tag.toLowerCase()}-`))),
  },
  {
    id: 'longer-prefix',
    rewrite(list) {
      const exact = list.some(({ head }) => head.toLowerCase() === 'zh-hant-tw');
      return list.flatMap((each) => {
        if (each.head.toLowerCase() !== 'zh-hant') return [each];
        return exact ? [] : [{ ...each, head: 'zh-Hant-TW' }];
      });
    },
  },
];

const languageMember: fc.Arbitrary<Member> = fc.record({
  head: fc.constantFrom(
    ...['en', 'EN', 'en-US', 'de', 'de-DE', 'de-DE-1996', 'fr', 'fr-CA', 'zh', 'zh-Hant', 'zh-Hant-TW', 'pt', 'pt-PT'],
    ...['*', '*', 'de_DE', 'toolongasubtag', 'en-'],
  ),
  parameters: fc.constant([]),
  weight: weightText,
  extension: fc.constant(''),
});

test('N-6: 10,000 Accept-Language fields agree with negotiator but for documented reasons', (t) => {
  const counts = compare({
    members: fc.array(languageMember, { maxLength: 6 }),
    reasons: LANGUAGE_REASONS,
    available: AVAILABLE_TAGS,
    oracle: (field) => new Negotiator({ headers: { 'accept-language': field } }).languages([...AVAILABLE_TAGS]),
    ours: (text) => {
      const field = parseAcceptLanguage(text);
      return (tag) => languageQuality(field, tag).q;
    },
  });
  t.log(Object.fromEntries(counts));
  t.deepEqual(checkReasons(counts, LANGUAGE_REASONS), []);
});

const AVAILABLE_CODINGS = ['br', 'gzip', 'zstd', 'identity'];
const CODING_REASONS: Reason[] = [
  ...WEIGHT_REASONS,
  {
    id: 'coding-alias',
    rewrite: (list) => list.map((each) => (each.head === 'x-gzip' ? { ...each, head: 'gzip' } : each)),
  },
];

const codingMember: fc.Arbitrary<Member> = fc.record({
  head: fc.constantFrom('gzip', 'GZIP', 'x-gzip', 'br', 'zstd', 'deflate', 'identity', '*', 'dcz'),
  parameters: fc.constant([]),
  weight: weightText,
  extension: fc.constant(''),
});

test('N-5: 10,000 Accept-Encoding fields agree with negotiator but for documented reasons', (t) => {
  const counts = compare({
    members: fc.array(codingMember, { maxLength: 6 }),
    reasons: CODING_REASONS,
    available: AVAILABLE_CODINGS,
    oracle: (field) => new Negotiator({ headers: { 'accept-encoding': field } }).encodings([...AVAILABLE_CODINGS]),
    ours: (text) => {
      const field = parseAcceptEncoding(text);
      return (coding) => codingQuality(field, coding);
    },
  });
  t.log(Object.fromEntries(counts));
  t.deepEqual(checkReasons(counts, CODING_REASONS), []);
});

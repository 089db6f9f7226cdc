/** What a client would take of raw data: a table in its own format, or the data in another form where Accept names that. */
import { asks, isAcceptable, isScriptAccept, isVetoed, qualityOf } from '../../core/accept.ts';
import type { PlainRecord } from '../../core/component.ts';
import type { Wish } from '../../core/plan.ts';
import type { Presentation } from '../../core/presentation.ts';
import { isData } from '../document-types.ts';
import { sharesOrigin } from '../target.ts';
import { chartWishes } from './chart-wishes.ts';
import { tableDemand } from './data-demands.ts';
import { documentDemands } from './derive-demands.ts';
import type { WishContext } from './make-wishes.ts';
import { isWantedType, profileRank, TYPE_OF, typeForMarkup } from './presentation-types.ts';

/** Types of raw data, in the order of preference where a client takes several alike. */
export const DATA_TYPES = ['text/csv', 'application/json', 'application/x-ndjson', 'text/tab-separated-values'];
/** What a table is shown in, by presentation, in the order for clients that take anything. */
const TABLES = ['full', 'text', 'markdown', 'wml'] as const;

interface Candidate {
  readonly mediaType: string;
  readonly presentation: Exclude<Presentation, 'original'> | 'table' | 'original';
}

/** Wishes for an original that holds data. @param own demands of plugins */
export function dataWishes(context: WishContext, own: PlainRecord): Wish[] {
  const named = context.target.presentation;
  if (named === 'chart') return chartWishes(context);
  const found = named === undefined ? unnamedCandidates(context) : namedCandidates(context, named);
  return found.flatMap((candidate) => {
    const rank = named === undefined ? rankOf(candidate, context) : rankNamed(candidate, context);
    return rank === undefined ? [] : [toWish(candidate, { rank, own }, context)];
  });
}

function namedCandidates({ negotiation }: WishContext, named: Presentation | 'table'): Candidate[] {
  if (named === 'table') return TABLES.map((each) => ({ mediaType: TYPE_OF[each], presentation: 'table' }));
  if (named === 'original') return [];
  return [{ mediaType: typeForMarkup(TYPE_OF[named], named, negotiation.preferences), presentation: named }];
}

function unnamedCandidates({ from, negotiation }: WishContext): Candidate[] {
  const { accept, preferences, unasked } = negotiation;
  const candidates = preferences.presentation.flatMap((each): Candidate[] => {
    if (each !== 'original')
      return [{ mediaType: typeForMarkup(TYPE_OF[each], each, preferences), presentation: each }];
    return unasked ? [{ mediaType: from, presentation: each }] : [];
  });
  // The Accept of scripts names JSON and text whatever it is they fetch (CT-3).
  if (isScriptAccept(accept)) return candidates;
  // As with documents: they are not to be made into what is wanted less.
  if (!unasked && isAcceptable(accept, from)) candidates.push({ mediaType: from, presentation: 'original' });
  const has = (mediaType: string) => candidates.some((candidate) => candidate.mediaType === mediaType);
  for (const each of [...TABLES, 'gemtext', 'epub'] as const)
    if (!has(TYPE_OF[each])) candidates.push({ mediaType: TYPE_OF[each], presentation: each });
  for (const mediaType of DATA_TYPES)
    if (asks(accept, mediaType)) candidates.push({ mediaType, presentation: 'table' });
  return candidates;
}

/** As with documents: a stored profile's order, the client's q, the profile's quality, order in the field, order of presentations. */
function rankOf({ mediaType, presentation }: Candidate, context: WishContext): number[] | undefined {
  const { accept, preferences, storedDecides } = context.negotiation;
  const { q, explicit, index } = qualityOf(accept, mediaType);
  const place = presentation === 'table' ? -1 : preferences.presentation.indexOf(presentation);
  const isOriginal = mediaType === context.from && presentation === 'original';
  const isListed = (place !== -1 || isWantedType(mediaType, context.negotiation)) && isForReading(context);
  if (q === 0 || (!isListed && !isOriginal && !explicit && !isVetoed(accept, context.from))) return undefined;
  const order = place === -1 ? -100 : -place;
  const stored = storedDecides ? (place === -1 ? -1_000 : -place) : 0;
  return [stored, q, ...profileRank(mediaType, preferences), accept.anything ? 0 : -index, order];
}

// CT-3: where pages keep their scripts, what takes anything may be one of them that fetches its data, and a browser tells
// the two apart (`Sec-Fetch-Dest`) on secure origins only. A person's navigation names HTML.
export function isForReading({ negotiation, target }: WishContext): boolean {
  const { accept, preferences, storedDecides, unasked } = negotiation;
  const mayBeScript = !sharesOrigin(target) && preferences.page.scripts && !asks(accept, 'text/html');
  return unasked && (storedDecides || !mayBeScript);
}

// The URL says what; which of the formats of a table, Accept and the preferences do.
function rankNamed({ mediaType, presentation }: Candidate, { negotiation }: WishContext): number[] | undefined {
  if (presentation !== 'table') return [0];
  const { accept, preferences, unasked, storedDecides } = negotiation;
  const { q, index } = qualityOf(accept, mediaType);
  if (q === 0) return undefined;
  const first = preferences.presentation.find((each) => each !== 'original');
  const isFirst = unasked && first !== undefined && TYPE_OF[first] === mediaType;
  return [
    storedDecides && isFirst ? 1 : 0,
    q,
    -index,
    isFirst ? 1 : 0,
    -TABLES.findIndex((each) => TYPE_OF[each] === mediaType),
  ];
}

function toWish(
  { mediaType, presentation }: Candidate,
  { rank, own }: { rank: readonly number[]; own: PlainRecord },
  context: WishContext,
): Wish {
  if (isData(mediaType)) return { mediaType, rank, presentation: 'original', required: {}, optional: own };
  const shown = presentation === 'table' || presentation === 'original' ? 'full' : presentation;
  const { required, optional } = documentDemands({ mediaType, presentation: shown }, context);
  const table = tableDemand(context, presentation);
  const lite = mediaType === 'application/vnd.wap.xhtml+xml' ? { lite: { markup: 'xhtml-mp', bar: null } } : {};
  return {
    mediaType,
    rank,
    presentation,
    required: { ...required, ...lite },
    optional: { ...own, ...optional, table },
  };
}

/** What a client would take of an original of a known type, ranked: the input of the planner (design part 3, "Which format"). */
import { asks, isAcceptable, isScriptAccept, isVetoed, qualityOf } from '../../core/accept.ts';
import type { Edge, PlainRecord } from '../../core/component.ts';
import type { Wish } from '../../core/plan.ts';
import { isDataPresentation, type Presentation } from '../../core/presentation.ts';
import type { VaryRecorder } from '../../core/vary.ts';
import { VIEW_TYPE } from '../../formatters/view-fences.ts';
import { isStoredLayer } from '../../profiles/resolve.ts';
import { FEED_TYPES, isCommonPicture, isData, isFeed, isFile, isHypertext, isPicture } from '../document-types.ts';
import type { Target } from '../target.ts';
import { SVG, showsSvg } from './chart-look.ts';
import { DATA_TYPES, dataWishes, isForReading } from './data-wishes.ts';
import { documentDemands, ownDemands, pictureDemands } from './derive-demands.ts';
import { foreignTypes } from './foreign-types.ts';
import { isReadable, isWhatItIs, presentationsOf } from './named-presentations.ts';
import type { Negotiation } from './negotiate.ts';
import { isWantedType, placeOfPresentation, profileRank, TYPE_OF, typeForMarkup } from './presentation-types.ts';

/** Presentations in which a picture still makes sense. */
const PICTURE_PRESENTATIONS: ReadonlySet<Presentation> = new Set(['full', 'lite', 'article']);

/** All that a wish depends on. */
export interface WishContext {
  /** Essence of the original's media type. */
  readonly from: string;
  /** Length of the original's body, where its origin states one. */
  readonly bytes?: number | undefined;
  readonly target: Target;
  readonly negotiation: Negotiation;
  readonly read: VaryRecorder;
  /** Edges of the formatters that are switched on: they say which demands are a plugin's own. */
  readonly edges: readonly (Edge & { readonly formatter: string })[];
}

interface Candidate {
  readonly mediaType: string;
  readonly presentation: Presentation;
}

/** Wishes, in no particular order; empty when only the original will do. */
export function makeWishes(context: WishContext): Wish[] {
  const wishes = allWishes(context);
  return MOVING.has(context.from) ? stillWhereNoneMoves(wishes) : wishes;
}

/** What is kept in these is a photograph, mostly: nothing that moves, no dots. */
const PHOTOGRAPHIC: ReadonlySet<string> = new Set(['image/jpeg', 'image/avif', 'image/heic', 'image/heif']);

/** Pictures move in these. A PNG hardly ever does, and can then be sent as it is. */
const MOVING: ReadonlySet<string> = new Set(['image/webp', 'image/gif']);

/** Where all that is taken stands still, the first frame is what is wanted; else a type that moves is chosen. */
function stillWhereNoneMoves(wishes: readonly Wish[]): Wish[] {
  if (wishes.some(({ mediaType }) => MOVING.has(mediaType))) return [...wishes];
  return wishes.map((wish) => ({ ...wish, optional: { ...wish.optional, still: true } }));
}

function allWishes(context: WishContext): Wish[] {
  const named = context.target.presentation;
  if (named === 'original') return [];
  const own = ownDemands(context.negotiation.preferences, context.edges);
  const wishOf = (candidate: Candidate, rank: readonly number[]) => toWish(candidate, { rank, own }, context);
  if (isData(context.from)) return [...dataWishes(context, own), ...foreignWishes(context, own)];
  if (named !== undefined && isDataPresentation(named)) return [];
  if (named !== undefined) return wishesNamed(context, named, wishOf);
  const wishes = candidatesOf(context, own)
    .map((candidate) => ({ candidate, rank: rankOf(candidate, context) }))
    .filter(({ rank }) => rank !== undefined)
    .map(({ candidate, rank }) => wishOf(candidate, rank!));
  return [...wishes, ...foreignWishes(context, own)];
}

/** What only plugins make carries nobody's demands but their own. */
function foreignWishes(context: WishContext, own: PlainRecord): Wish[] {
  if (context.target.presentation !== undefined) return [];
  return foreignTypes(context).flatMap((mediaType) => {
    const candidate = { mediaType, presentation: 'full' } as const;
    const rank = rankOf(candidate, context);
    return rank === undefined ? [] : [{ ...candidate, rank, required: {}, optional: own }];
  });
}

// The URL says how, but not in which format a picture is to come: Accept does, unless a link names that too.
function wishesNamed(
  context: WishContext,
  named: Exclude<Presentation, 'original'>,
  wishOf: (candidate: Candidate, rank: readonly number[]) => Wish,
): Wish[] {
  const format = context.target.picture?.mediaType;
  if (format !== undefined && isPicture(context.from)) return [wishOf({ mediaType: format, presentation: named }, [0])];
  const candidates = candidatesNamed(context, named);
  if (!isPicture(context.from)) return candidates.map((candidate) => wishOf(candidate, [0]));
  const asked = { ...context, negotiation: { ...context.negotiation, unasked: true } };
  return candidates.flatMap((candidate) => {
    const rank = rankOf(candidate, asked);
    return rank === undefined ? [] : [wishOf(candidate, rank)];
  });
}

function candidatesNamed(context: WishContext, named: Exclude<Presentation, 'original'>): Candidate[] {
  const { from, negotiation } = context;
  if (isPicture(from)) return PICTURE_PRESENTATIONS.has(named) ? pictureCandidates(context) : [];
  if (isWhatItIs(from, named, context.edges)) return [{ mediaType: from, presentation: 'original' }];
  if (isReadable(from, context.edges))
    return [{ mediaType: typeForMarkup(TYPE_OF[named], named, negotiation.preferences), presentation: named }];
  return presentationsOf(from, context.edges).includes(named) ? [{ mediaType: from, presentation: named }] : [];
}

function candidatesOf(context: WishContext, own: PlainRecord): Candidate[] {
  // A plugin's own demand is a wish for a change even where the original is preferred.
  const wantsOwn = Object.keys(own).length > 0;
  // The original competes with what Accept names, by a wildcard too: it is not to be made into what is wanted less.
  const { negotiation, from } = context;
  const isTaken = !negotiation.unasked && isAcceptable(negotiation.accept, from);
  return [
    ...candidatesByKind(context),
    ...(wantsOwn || isTaken ? [{ mediaType: context.from, presentation: 'original' } as const] : []),
  ];
}

function candidatesByKind(context: WishContext): Candidate[] {
  const { from, negotiation, target } = context;
  if (isPicture(from)) return pictureCandidates(context);
  // Style sheets keep their type; only their addresses change.
  if (from === 'text/css')
    return target.mode === 'prefix' && negotiation.unasked ? [{ mediaType: from, presentation: 'full' }] : [];
  if (from === VIEW_TYPE) return [...documentCandidates(context), ...dataOfView(context)];
  return isReadable(from, context.edges) ? documentCandidates(context) : [];
}

/** The data of a view's first fence, for programs that name their type. */
function dataOfView({ negotiation: { accept } }: WishContext): Candidate[] {
  if (isScriptAccept(accept)) return [];
  return DATA_TYPES.filter((mediaType) => asks(accept, mediaType)).map((mediaType) => ({
    mediaType,
    presentation: 'full',
  }));
}

/** Fetch 2.2.7: destinations that show what they get, or do not say. Scripts, styles and writing show no document. */
const SHOWING: ReadonlySet<string | undefined> = new Set([
  undefined,
  'document',
  'embed',
  'empty',
  'fencedframe',
  'frame',
  'iframe',
  'object',
]);

function documentCandidates({ from, negotiation, read }: WishContext): Candidate[] {
  const { presentation: wanted, page } = negotiation.preferences;
  const { accept } = negotiation;
  // CT-3: a script that its server calls plain text is one still, and no page to read.
  if (!SHOWING.has(read.get('sec-fetch-dest'))) return [];
  // CT-3: what a script names behind JSON is a habit of its library, no wish for another form of a page.
  if (!negotiation.unasked && isScriptAccept(accept)) return [];
  if ((isFeed(from) || isFile(from)) && FEED_TYPES.some((each) => asks(accept, each))) return [];
  const candidates: Candidate[] = wanted
    .filter((each) => each !== 'original')
    .filter((each) => each !== 'full' || !isFile(from))
    .map((each) => ({ mediaType: typeForMarkup(TYPE_OF[each], each, negotiation.preferences), presentation: each }));
  const has = (mediaType: string) => candidates.some((candidate) => candidate.mediaType === mediaType);
  // What Accept may name although the profile does not list it.
  const ownHypertext = wanted.includes('original') && isHypertext(from);
  // Every browser names HTML, and takes a file by a wildcard.
  const staysFile = isFile(from) && (wanted[0] === 'original' || wanted[0] === 'full') && qualityOf(accept, from).q > 0;
  if (!has('text/html') && !ownHypertext && !staysFile)
    candidates.push({ mediaType: 'text/html', presentation: hypertextFor(wanted[0]!) });
  for (const each of ['markdown', 'text', 'wml', 'gemtext', 'epub'] as const)
    if (!has(TYPE_OF[each])) candidates.push({ mediaType: TYPE_OF[each], presentation: each });
  if (page.markup !== 'xhtml-mp') candidates.push({ mediaType: 'application/vnd.wap.xhtml+xml', presentation: 'lite' });
  return candidates;
}

function hypertextFor(first: Presentation): Presentation {
  if (first === 'markdown' || first === 'epub' || first === 'gemtext') return 'article';
  return first === 'original' ? 'full' : 'lite';
}

function pictureCandidates({ from, negotiation, target }: WishContext): Candidate[] {
  const { types } = negotiation.preferences.images;
  const isStored = isStoredLayer(negotiation.values['images.types']?.layer);
  const all = new Set([
    ...types,
    from,
    ...['image/avif', 'image/webp', 'image/jpeg', 'image/png', 'image/gif', 'image/vnd.wap.wbmp', 'image/x-sixel'],
  ]);
  const shown = [...all].filter((type) => {
    const isListed = types.length === 0 || types.includes(type);
    if (type === SVG && negotiation.preferences.presentation[0] === 'text') return asks(negotiation.accept, SVG);
    if (type === SVG) return isStored ? isListed : showsSvg(negotiation);
    if (asks(negotiation.accept, type)) return isListed || !isStored;
    return isListed && (isStored || isCommonPicture(type) || type === from || types[0] === type);
  });
  // Who takes none of what the profile shows is given what it does take, in the profile's size.
  const { accept } = negotiation;
  const isMet = shown.some((type) => qualityOf(accept, type).q > 0);
  const usable = isMet ? shown : [...all].filter((type) => asks(accept, type));
  const coloured = negotiation.preferences.text.emphasis === 'ansi' ? ['text/plain'] : [];
  return [...usable, ...coloured].map((mediaType) => ({ mediaType, presentation: pictured(target) }));
}

function pictured({ presentation = 'full' }: Target): Presentation {
  return isDataPresentation(presentation) ? 'full' : presentation;
}

/**
 * Rank keys, higher first, or `undefined` when the candidate is out: a stored profile's order, where it decides; the
 * client's q; quality and order in the profile; order in the field; order of presentations.
 */
function rankOf(candidate: Candidate, context: WishContext): number[] | undefined {
  const { negotiation, from } = context;
  const { accept, preferences, storedDecides, unasked } = negotiation;
  const { q, explicit, index } = qualityOf(accept, candidate.mediaType);
  if (q === 0) return undefined;
  const place = preferences.presentation.indexOf(candidate.presentation);
  const [quality, ofTypes] = profileRank(candidate.mediaType, preferences);
  const ofProfile = isPicture(from)
    ? [quality, ofTypes + placeOfPicture(candidate, explicit, context)]
    : [quality, ofTypes];
  if (candidate.presentation === 'original') return [0, q, ...ofProfile, accept.anything ? 0 : -index, -1_000];
  const isRead = isFeed(from) || isFile(from) ? isForReading(context) : unasked;
  const isListed =
    isPicture(from) || from === 'text/css'
      ? unasked
      : (place !== -1 || isWantedType(candidate.mediaType, negotiation)) && isRead;
  // (1): who rules the original out and takes anything else asks for something else.
  if (!isListed && !explicit && !isVetoed(accept, from)) return undefined;
  // The same type named by Accept is no wish for a change: curl with `Accept: text/html` gets the page as it is.
  if (!unasked && candidate.mediaType === from) return undefined;
  const stored = storedDecides && isReadable(from, context.edges) ? (place === -1 ? -1_000 : -place) : 0;
  const order = isPicture(from)
    ? pictureOrder(candidate.mediaType, context)
    : placeOfPresentation(candidate.presentation, preferences);
  if (staysDrawing(candidate, context)) ofProfile[0]! += 1;
  return [stored, q, ...ofProfile, accept.anything ? 0 : -index, order];
}

/** Place among the formats that the profile shows, of those that Accept names; of the others less is known. */
function placeOfPicture({ mediaType }: Candidate, isNamed: boolean, context: WishContext): number {
  const { from, negotiation } = context;
  const { types, color, levels } = negotiation.preferences.images;
  // Few greys are dots, which a format for photographs blurs into greys again.
  const isDotted = color === 'mono' || (color === 'gray' && levels <= 4);
  if (isDotted && PHOTOGRAPHIC.has(mediaType)) return -150;
  const place = types.indexOf(mediaType);
  if (!isNamed || place === -1) return -100;
  if (mediaType === 'image/avif' && isIcon(context)) return -types.indexOf('image/webp') - 0.5;
  // 256 colours are none for a photograph: a GIF of one is six times its JPEG, in bands.
  return mediaType === 'image/gif' && PHOTOGRAPHIC.has(from) ? -50 : -place;
}

/**
 * What an AVIF is wrapped in weighs more than an icon does: those of up to 1,000 bytes weigh half in WebP, of up to 1,500
 * three quarters (measured on 400). Only the order of our own presets bows to that.
 */
const MAX_ICON_BYTES = 1_500;

function isIcon({ bytes = Number.POSITIVE_INFINITY, negotiation: { preferences, values } }: WishContext): boolean {
  const isOurs = !isStoredLayer(values['images.types']?.layer);
  return isOurs && bytes <= MAX_ICON_BYTES && preferences.images.types.includes('image/webp');
}

// Part of (3): browsers scale a drawing to any screen. Where bytes matter most, or a size is asked, it is a picture.
function staysDrawing({ mediaType }: Candidate, { from, target, negotiation }: WishContext): boolean {
  const first = target.presentation ?? negotiation.preferences.presentation[0];
  return from === SVG && mediaType === SVG && target.picture === undefined && first !== 'lite' && first !== 'text';
}

// Where Accept says nothing in particular the original's own type is kept, if the client shows it: no loss.
function pictureOrder(mediaType: string, { from, negotiation }: WishContext): number {
  const { types } = negotiation.preferences.images;
  // A colour terminal shows pictures as text, and no others unless it names them.
  if (mediaType === 'text/plain') return negotiation.preferences.presentation[0] === 'text' ? 2 : -1_000;
  const place = types.indexOf(mediaType);
  if (mediaType === from && (types.length === 0 || place !== -1)) return 1;
  return place === -1 ? -100 : -place;
}

function toWish(
  { mediaType, presentation }: Candidate,
  { rank, own }: { rank: readonly number[]; own: PlainRecord },
  context: WishContext,
): Wish {
  if (presentation === 'original' || (isData(mediaType) && context.from === VIEW_TYPE))
    return { mediaType, rank, presentation, required: {}, optional: own };
  const demands = isPicture(context.from)
    ? pictureDemands(context, mediaType)
    : documentDemands({ mediaType, presentation }, context);
  return { mediaType, rank, presentation, required: demands.required, optional: { ...own, ...demands.optional } };
}

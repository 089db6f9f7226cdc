/** Demands: what a client needs beyond a media type, derived from its preferences. Their names are the planner's vocabulary. */
import { isAcceptable } from '../../core/accept.ts';
import type { PlainData, PlainRecord } from '../../core/component.ts';
import type { Presentation } from '../../core/presentation.ts';
import { VIEW_TYPE } from '../../formatters/view-fences.ts';
import type { Preferences } from '../../profiles/preferences.ts';
import { isFeed, isFile, isHypertext } from '../document-types.ts';
import { replyCharsetOf } from '../reply-charset.ts';
import { sharesOrigin } from '../target.ts';
import { barOf, partsOf, splitOf } from './bar-of.ts';
import { SVG } from './chart-look.ts';
import { isReadByPlugin } from './foreign-types.ts';
import type { WishContext } from './make-wishes.ts';
import { viewDemand } from './view-demand.ts';

export interface Demands {
  readonly required: PlainRecord;
  readonly optional: PlainRecord;
}

/** Names of the demands derived here; any other name in an edge's `meets` is its plugin's own. */
const VOCABULARY: ReadonlySet<string> = new Set(
  'full lite article links view split parts wrap deck clean quality maxBytes maxWidth maxHeight fit format background color still light hasty table chart'.split(
    ' ',
  ),
);

/**
 * Demands that plugins name themselves: wanted when `prefers.formatters.<name of the plugin>` is true or an object
 * (design part 5).
 */
export function ownDemands({ formatters }: Preferences, edges: WishContext['edges']): PlainRecord {
  const own: Record<string, PlainData> = {};
  for (const edge of edges) {
    const options = Object.hasOwn(formatters, edge.formatter) ? formatters[edge.formatter] : undefined;
    if (options === undefined || options === false) continue;
    for (const name of edge.meets ?? []) if (!VOCABULARY.has(name)) own[name] = options;
  }
  return own;
}

/** Demands of a picture; every one may be left unmet, as a picture in a wrong size is better than none. */
export function pictureDemands(context: WishContext, wanted?: string): Demands {
  // Drawings of a site that is trusted reach browsers as they are.
  if (wanted === SVG && context.target.site?.trust) return { required: {}, optional: {} };
  const preferred = preferredDemands(context);
  const { text } = context.negotiation.preferences;
  const isForTerminal = wanted === 'text/plain' || wanted === 'image/x-sixel';
  // What a terminal can show is made whatever it weighs.
  const terminal = isForTerminal ? { format: true, wrap: { width: text.width, emphasis: text.emphasis } } : {};
  // The original is no way out for who does not take it, however small it is.
  const foreign = isAcceptable(context.negotiation.accept, context.from) ? {} : { format: true };
  const demands = { ...preferred, optional: { ...preferred.optional, ...terminal, ...foreign } };
  const { picture } = context.target;
  if (picture === undefined) return demands;
  const { width, height, fit, quality, gray, mediaType } = picture;
  return {
    ...demands,
    optional: {
      ...demands.optional,
      ...(width === undefined ? {} : { maxWidth: width }),
      ...(height === undefined ? {} : { maxHeight: height, fit: fit ?? 'inside' }),
      ...(quality === undefined ? {} : { quality }),
      ...(mediaType === undefined || mediaType === context.from ? {} : { format: true }),
      ...(gray ? { color: { mode: 'gray', levels: 256 } } : {}),
    },
  };
}

function preferredDemands({ negotiation, read, target }: WishContext): Demands {
  const { images } = negotiation.preferences;
  const isAsked = (path: string) =>
    negotiation.unasked || !/^(?:base|default)/.test(negotiation.values[path]?.layer ?? 'base');
  const dpr = quantiseDpr(readNumber(read.get('sec-ch-dpr') ?? read.get('dpr')) ?? images.dpr, images.dpr);
  const hinted = readNumber(read.get('sec-ch-width') ?? read.get('width'));
  const viewport = readNumber(read.get('sec-ch-viewport-width') ?? read.get('viewport-width'));
  const bound = Math.round(Math.min(images.maxWidth, viewport ?? images.maxWidth) * dpr);
  return {
    required: {},
    optional: {
      clean: true,
      quality: images.quality,
      ...(images.maxBytes === 0 ? {} : { maxBytes: images.maxBytes }),
      ...(isAsked('images.maxWidth')
        ? { maxWidth: quantiseWidth(hinted === undefined ? bound : Math.min(hinted, bound), images.maxWidth) }
        : {}),
      ...(images.color === 'full' ? {} : { color: { mode: images.color, levels: images.levels } }),
      ...(images.animation ? {} : { still: true }),
      ...(target.presentation === 'lite' || negotiation.preferences.presentation[0] === 'lite' ? { light: true } : {}),
    },
  };
}

/** Demands of a document in a presentation. */
export function documentDemands(
  wanted: { mediaType: string; presentation: Presentation },
  context: WishContext,
): Demands {
  const { target, from } = context;
  const { images, page, text } = context.negotiation.preferences;
  const required: PlainRecord = {};
  const optional: PlainRecord = {};
  const simplified: PlainRecord = {
    images: images.load,
    maxWidth: Math.round(images.maxWidth * images.dpr),
    styles: page.styles,
    markup: page.markup,
  };
  // On pages that are read as pages; what is made into something else has no use for links to its other forms.
  const withBar = /html/.test(wanted.mediaType) ? { ...simplified, bar: barOf(target) } : simplified;
  const isPlugins = isReadByPlugin(from, context.edges);
  // What a plugin makes is no safer than what others give.
  if (isHypertext(from) || (isPlugins && wanted.presentation === 'full' && isHypertext(wanted.mediaType))) {
    if (wanted.presentation === 'full')
      required['full'] = { scripts: !sharesOrigin(target) && page.scripts, ...leftOut(context) };
    if (wanted.presentation === 'lite') required['lite'] = withBar;
    if (wanted.presentation === 'article') required['article'] = withBar;
    if (wanted.presentation === 'markdown' || wanted.presentation === 'gemtext' || wanted.presentation === 'epub')
      required['article'] = simplified;
  }
  // What was made into hypertext has nothing around its content; it is made to fit, and leads to what it was made from.
  if (
    (isFeed(from) || isFile(from) || isPlugins) &&
    (wanted.presentation === 'lite' || wanted.presentation === 'article')
  )
    required['lite'] = withBar;
  // A text page is read, not followed by its links: they stay the addresses that anyone can use.
  if (wanted.mediaType !== 'text/plain' && wanted.mediaType !== 'application/epub+zip' && target.links.mode !== 'none')
    required['links'] = { ...target.links, ...(from === 'text/css' && !page.fonts ? { fonts: false } : {}) };
  if (wanted.mediaType === 'text/plain') optional['wrap'] = { width: text.width, emphasis: text.emphasis };
  // A deck has room for the beginning of what the page is about, not for its navigation.
  if (wanted.mediaType === 'text/vnd.wap.wml' && isHypertext(from)) optional['article'] = simplified;
  if (from === VIEW_TYPE) optional['view'] = viewDemand(wanted.mediaType, context);
  const split = splitOf(target, wanted.presentation, page);
  if (wanted.mediaType === 'text/vnd.wap.wml')
    optional['deck'] = { ...split, maxBytes: page.maxBytes, images: images.load, ...charsetOf(wanted, context) };
  else if (split !== undefined && (wanted.presentation === 'lite' || wanted.presentation === 'article'))
    optional['split'] = { ...split, ...charsetOf(wanted, context) };
  // A budget of tokens makes parts of a long page; whoever has none reads it whole.
  const parts = wanted.mediaType === 'text/markdown' && hasBudget(context) ? partsOf(target, 'markdown') : undefined;
  if (parts !== undefined) optional['parts'] = parts;
  return { required, optional };
}

/** The charset that bytes are counted in, where it is not UTF-8. */
function charsetOf({ mediaType }: { mediaType: string }, context: WishContext): PlainRecord {
  const charset = replyCharsetOf(mediaType, context);
  return charset === 'utf-8' ? {} : { charset };
}

/** What a whole page is to leave out; nothing of it stands in the demand of a client that wants all. */
function leftOut({ negotiation }: WishContext): PlainRecord {
  const { images, page } = negotiation.preferences;
  return {
    ...(images.load ? {} : { images: false }),
    ...(page.styles === 'all' ? {} : { styles: page.styles }),
    ...(page.fonts ? {} : { fonts: false }),
    ...(page.media ? {} : { media: false }),
  };
}

function hasBudget({ negotiation }: WishContext): boolean {
  const options = negotiation.preferences.formatters['html-to-markdown'];
  return typeof options === 'object' && options !== null && 'tokens' in options && options['tokens'] !== 0;
}

/** Widths at which variants meet in caches (H-4). */
const WIDTH_STEPS = [96, 160, 240, 320, 480, 640, 800, 1_080, 1_280, 1_600, 1_920, 2_560, 3_840];

// A preference is kept exactly; a hint is rounded up to a step, never beyond the preference.
function quantiseWidth(width: number, preferred: number): number {
  if (width >= preferred) return width;
  return Math.min(preferred, WIDTH_STEPS.find((step) => step >= width) ?? width);
}

function quantiseDpr(dpr: number, preferred: number): number {
  return dpr === preferred ? dpr : Math.min(3, Math.max(1, Math.round(dpr)));
}

function readNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,5}(?:\.\d{1,4})?$/.test(text.trim()) && Number(text) > 0
    ? Number(text)
    : undefined;
}

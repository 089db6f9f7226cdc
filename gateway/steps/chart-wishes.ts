/** What a client would take of a chart: a page, a picture, a table of its numbers, or the data. */
import { type AcceptField, asks, qualityOf } from '../../core/accept.ts';
import type { PlainRecord } from '../../core/component.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Wish } from '../../core/plan.ts';
import { isData, isPicture } from '../document-types.ts';
import { CHART_FORMATS, CHART_PICTURES, CHART_WIDTH, isShown, pictureFormat, SVG, showsSvg } from './chart-look.ts';
import { dataAddress, originalAddress } from './data-demands.ts';
import { documentDemands, pictureDemands } from './derive-demands.ts';
import type { WishContext } from './make-wishes.ts';
import { TYPE_OF } from './presentation-types.ts';

const PAGES = ['text/html', 'text/markdown', 'text/plain', 'text/vnd.wap.wml', 'application/vnd.wap.xhtml+xml'];
const DATA = ['text/csv', 'application/json', 'application/x-ndjson', 'text/tab-separated-values'];
/** Wishes for a chart. @throws GatewayError BAD_INPUT for a `format` we do not know */
export function chartWishes(context: WishContext): Wish[] {
  const { parameters = {} } = context.target;
  const { format } = parameters;
  if (format === undefined)
    return [...PAGES, ...CHART_PICTURES, ...DATA].flatMap((mediaType) => {
      const rank = rankOf(mediaType, context);
      return rank === undefined ? [] : [toWish(mediaType, rank, context)];
    });
  if (!Object.hasOwn(CHART_FORMATS, format)) {
    const known = Object.keys(CHART_FORMATS).join(', ');
    throw new GatewayError('BAD_INPUT', { why: `\`format\` must be one of ${known}, got \`${format.slice(0, 80)}\`` });
  }
  return [toWish(CHART_FORMATS[format]!, [0], context)];
}

/** What stored preferences say, q, the place of what was named, then what suits the client. */
function rankOf(mediaType: string, context: WishContext): number[] | undefined {
  const { accept, preferences, storedDecides } = context.negotiation;
  const { q, explicit } = qualityOf(accept, mediaType);
  if (q === 0) return undefined;
  if (isData(mediaType) && !explicit) return undefined;
  const { load } = preferences.images;
  if (isPicture(mediaType) && !explicit && !(load && isShown(mediaType, context.negotiation))) return undefined;
  const suits = suitability(mediaType, context);
  return [storedDecides && suits === 0 ? 1 : 0, q, -placeIn(accept, mediaType), suits];
}

// A chart has no format of its own: all pictures that a field names stand where its first one stands.
function placeIn(accept: AcceptField, mediaType: string): number {
  const named = isPicture(mediaType) ? CHART_PICTURES.filter((each) => asks(accept, each)) : [mediaType];
  return Math.min(...[mediaType, ...named].map((each) => qualityOf(accept, each).index));
}

/** 0 for what suits best, less for what suits less. */
function suitability(mediaType: string, { negotiation }: WishContext): number {
  const { presentation, images } = negotiation.preferences;
  const first = presentation[0];
  const read = first === 'text' || first === 'markdown' || first === 'wml' ? TYPE_OF[first] : undefined;
  if (read !== undefined && mediaType === read) return 0;
  if (!images.load && mediaType === 'text/html') return read === undefined ? 0 : -1;
  const place = CHART_PICTURES.indexOf(mediaType);
  if (place === -1) return -100 - PAGES.indexOf(mediaType);
  return read === undefined && images.load ? -place : -10 - place;
}

function toWish(mediaType: string, rank: readonly number[], context: WishContext): Wish {
  const presentation = 'chart';
  if (isData(mediaType)) return { mediaType, rank, presentation, required: {}, optional: {} };
  const chart = chartDemand(mediaType, context);
  if (isPicture(mediaType)) {
    const { optional } = pictureDemands(context);
    return { mediaType, rank, presentation, required: { chart }, optional: mediaType === SVG ? {} : optional };
  }
  const { required, optional } = documentDemands({ mediaType, presentation: 'full' }, context);
  const lite = mediaType === 'application/vnd.wap.xhtml+xml' ? { lite: { markup: 'xhtml-mp', bar: null } } : {};
  return { mediaType, rank, presentation, required: { ...required, ...lite, chart }, optional };
}

/** What the chart formatter is told of the client, and the chart's own parameters. */
function chartDemand(mediaType: string, context: WishContext): PlainRecord {
  const { target, negotiation } = context;
  const { format: _, ...request } = target.parameters ?? {};
  const { images } = negotiation.preferences;
  const look = { width: Math.min(CHART_WIDTH, images.maxWidth), maxWidth: images.maxWidth, color: images.color };
  if (isPicture(mediaType)) return { request, ...look };
  // A deck is made of a page.
  const isPage = /html|wml/.test(mediaType);
  if (!isPage) return { request, original: originalAddress(target) ?? '' };
  const address = dataAddress(target, 'chart');
  const query = new URLSearchParams({ ...request, format: pictureFormat(negotiation) });
  return {
    request,
    ...look,
    original: originalAddress(target) ?? '',
    show: !images.load ? 'table' : showsSvg(negotiation) || address === undefined ? 'drawing' : 'picture',
    picture: address === undefined ? '' : `${address}?${query}`,
  };
}

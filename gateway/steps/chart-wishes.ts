/** What a client would take of a chart: a page, a picture, a table of its numbers, or the data. */
import { type AcceptField, asks, qualityOf } from '../../core/accept.ts';
import type { PlainRecord } from '../../core/component.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Wish } from '../../core/plan.ts';
import { isStoredLayer } from '../../profiles/resolve.ts';
import { isCommonPicture, isData, isPicture } from '../document-types.ts';
import { dataAddress, originalAddress } from './data-demands.ts';
import { documentDemands, pictureDemands } from './derive-demands.ts';
import type { WishContext } from './make-wishes.ts';
import { TYPE_OF } from './presentation-types.ts';

const SVG = 'image/svg+xml';
const WBMP = 'image/vnd.wap.wbmp';
/** Pictures of a chart from the best to the worst for lines and letters; the last draws them blurred. */
const PICTURES = [SVG, 'image/webp', 'image/png', 'image/gif', 'image/avif', 'image/jpeg', WBMP];
const PAGES = ['text/html', 'text/markdown', 'text/plain', 'text/vnd.wap.wml', 'application/vnd.wap.xhtml+xml'];
const DATA = ['text/csv', 'application/json', 'application/x-ndjson', 'text/tab-separated-values'];
/** Values of the parameter `format`. */
const FORMATS: Readonly<Record<string, string>> = {
  svg: SVG,
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  jpeg: 'image/jpeg',
  avif: 'image/avif',
  wbmp: WBMP,
  html: 'text/html',
  markdown: 'text/markdown',
  text: 'text/plain',
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  json: 'application/json',
  ndjson: 'application/x-ndjson',
};
/** Width of a chart where the client has room for more, CSS pixels. */
export const CHART_WIDTH = 720;

/** Wishes for a chart. @throws GatewayError BAD_INPUT for a `format` we do not know */
export function chartWishes(context: WishContext): Wish[] {
  const { parameters = {} } = context.target;
  const { format } = parameters;
  if (format === undefined)
    return [...PAGES, ...PICTURES, ...DATA].flatMap((mediaType) => {
      const rank = rankOf(mediaType, context);
      return rank === undefined ? [] : [toWish(mediaType, rank, context)];
    });
  if (!Object.hasOwn(FORMATS, format)) {
    const known = Object.keys(FORMATS).join(', ');
    throw new GatewayError('BAD_INPUT', { why: `\`format\` must be one of ${known}, got \`${format.slice(0, 80)}\`` });
  }
  return [toWish(FORMATS[format]!, [0], context)];
}

/** What stored preferences say, q, the place of what was named, then what suits the client. */
function rankOf(mediaType: string, context: WishContext): number[] | undefined {
  const { accept, preferences, storedDecides } = context.negotiation;
  const { q, explicit } = qualityOf(accept, mediaType);
  if (q === 0) return undefined;
  if (isData(mediaType) && !explicit) return undefined;
  const { load } = preferences.images;
  if (isPicture(mediaType) && !explicit && !(load && isShown(mediaType, context))) return undefined;
  const suits = suitability(mediaType, context);
  return [storedDecides && suits === 0 ? 1 : 0, q, -placeIn(accept, mediaType), suits];
}

// A chart has no format of its own: all pictures that a field names stand where its first one stands.
function placeIn(accept: AcceptField, mediaType: string): number {
  const named = isPicture(mediaType) ? PICTURES.filter((each) => asks(accept, each)) : [mediaType];
  return Math.min(...[mediaType, ...named].map((each) => qualityOf(accept, each).index));
}

/** Where Accept says nothing in particular: the newer kinds only to clients that like them best. */
function isShown(mediaType: string, { negotiation }: WishContext): boolean {
  if (mediaType === SVG) return showsSvg(negotiation);
  const { types } = negotiation.preferences.images;
  const isStored = isStoredLayer(negotiation.values['images.types']?.layer);
  const isSafe = isStored || isCommonPicture(mediaType) || types[0] === mediaType;
  return isSafe && (types.length === 0 || types.includes(mediaType));
}

/** Browsers that show AVIF or are not known to lack anything show SVG, whatever their Accept says. */
export function showsSvg({ accept, preferences }: WishContext['negotiation']): boolean {
  const { types } = preferences.images;
  return types.length === 0 || types.includes('image/avif') || asks(accept, SVG);
}

/** 0 for what suits best, less for what suits less. */
function suitability(mediaType: string, { negotiation }: WishContext): number {
  const { presentation, images } = negotiation.preferences;
  const first = presentation[0];
  const read = first === 'text' || first === 'markdown' || first === 'wml' ? TYPE_OF[first] : undefined;
  if (read !== undefined && mediaType === read) return 0;
  if (!images.load && mediaType === 'text/html') return read === undefined ? 0 : -1;
  const place = PICTURES.indexOf(mediaType);
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
  const query = new URLSearchParams({ ...request, format: pictureFormat(context) });
  return {
    request,
    ...look,
    original: originalAddress(target) ?? '',
    show: !images.load ? 'table' : showsSvg(negotiation) || address === undefined ? 'drawing' : 'picture',
    picture: address === undefined ? '' : `${address}?${query}`,
  };
}

/** The best picture for letters among those that a client shows; what it likes best where it has no colours. */
export function pictureFormat(context: WishContext): string {
  const { accept, preferences } = context.negotiation;
  const { types } = preferences.images;
  const isTaken = (each: string) => types.includes(each) && (asks(accept, each) || isShown(each, context));
  const best = types[0] === WBMP ? WBMP : (PICTURES.find((each) => each !== SVG && isTaken(each)) ?? 'image/png');
  return Object.keys(FORMATS).find((name) => FORMATS[name] === best) ?? 'png';
}

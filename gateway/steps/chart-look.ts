/** How a client is shown charts: as drawings, or as pictures of which format. */
import { asks } from '../../core/accept.ts';
import { isStoredLayer } from '../../profiles/resolve.ts';
import { isCommonPicture } from '../document-types.ts';
import type { Negotiation } from './negotiate.ts';

export const SVG = 'image/svg+xml';
const WBMP = 'image/vnd.wap.wbmp';
/** Pictures of a chart from the best to the worst for lines and letters; the last draws them blurred. */
export const CHART_PICTURES = [SVG, 'image/webp', 'image/png', 'image/gif', 'image/avif', 'image/jpeg', WBMP];

/** Values of the parameter `format`. */
export const CHART_FORMATS: Readonly<Record<string, string>> = {
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

/** Where Accept says nothing in particular: the newer kinds only to clients that like them best. */
export function isShown(mediaType: string, negotiation: Negotiation): boolean {
  if (mediaType === SVG) return showsSvg(negotiation);
  const { types } = negotiation.preferences.images;
  const isStored = isStoredLayer(negotiation.values['images.types']?.layer);
  const isSafe = isStored || isCommonPicture(mediaType) || types[0] === mediaType;
  return isSafe && (types.length === 0 || types.includes(mediaType));
}

/** Browsers that show AVIF or are not known to lack anything show SVG, whatever their Accept says. */
export function showsSvg({ accept, preferences }: Negotiation): boolean {
  const { types } = preferences.images;
  return types.length === 0 || types.includes('image/avif') || asks(accept, SVG);
}

/** The best picture for letters among those that a client shows; what it likes best where it has no colours. */
export function pictureFormat(negotiation: Negotiation): string {
  const { accept, preferences } = negotiation;
  const { types } = preferences.images;
  const isTaken = (each: string) => types.includes(each) && (asks(accept, each) || isShown(each, negotiation));
  const best = types[0] === WBMP ? WBMP : (CHART_PICTURES.find((each) => each !== SVG && isTaken(each)) ?? 'image/png');
  return Object.keys(CHART_FORMATS).find((name) => CHART_FORMATS[name] === best) ?? 'png';
}

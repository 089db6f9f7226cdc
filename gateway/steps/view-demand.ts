/** Who looks at a view: what the `view` formatter is told. */
import type { PlainRecord } from '../../core/component.ts';
import { placeOf } from './bar-of.ts';
import { CHART_WIDTH, pictureFormat, showsSvg } from './chart-look.ts';
import type { WishContext } from './make-wishes.ts';

/** The demand `view` for a document of a type. */
export function viewDemand(mediaType: string, context: WishContext): PlainRecord {
  const { target, negotiation } = context;
  const { images } = negotiation.preferences;
  const look = { width: Math.min(CHART_WIDTH, images.maxWidth), maxWidth: images.maxWidth, color: images.color };
  const isShown = /html|wml/.test(mediaType) && images.load;
  if (!isShown) return { ...look, show: 'table' };
  // A deck holds no drawings, and where our pages cannot be reached there are no pictures of them.
  const drawsSvg = showsSvg(negotiation) && !/wml/.test(mediaType);
  if (drawsSvg || target.ownOrigin === undefined) return { ...look, show: drawsSvg ? 'drawing' : 'table' };
  return {
    ...look,
    show: 'picture',
    before: `${target.ownOrigin}${target.gatewayPath}as/chart/`,
    within: placeOf(target).within,
    format: pictureFormat(negotiation),
  };
}

/** Style sheets and `style` attributes without what runs or fetches from where nothing may be fetched (threat 35). */
import { readUrl } from '../../core/links/address-map.ts';
import { rewriteCssUrls } from '../../core/links/css-urls.ts';

// Old browsers run these: `expression()`, `behavior:`, `-moz-binding:` (XBL) and their spellings.
const REFUSED_NAMES: ReadonlySet<string> = new Set([
  'expression',
  'behavior',
  'behaviour',
  '-ms-behavior',
  '-moz-binding',
  'progid',
  '@import',
]);
const RASTER_DATA =
  /^data:(?:image\/(?:png|gif|jpe?g|webp|avif|bmp|x-icon)|font\/[\w+-]+|application\/(?:x-)?font[\w+-]*)[;,]/i;

/** CSS to the same CSS, cleaned: comments gone, imports and unfit addresses made invalid, running things renamed. */
export function sanitiseCss(css: string): string {
  const clean = rewriteCssUrls(css, safeCssUrl, REFUSED_NAMES);
  // No tag can begin in what is left, whichever way a parser reads the element around it.
  return clean.replace(/<(?=[!/?])/g, '\\3c ').replace(/<(?=[a-z])/gi, '< ');
}

function safeCssUrl(url: string): string | undefined {
  const absolute = readUrl(url, 'https://base.invalid/');
  if (absolute === undefined) return undefined;
  if (absolute.protocol === 'http:' || absolute.protocol === 'https:') return url;
  return RASTER_DATA.test(url) ? url : undefined;
}

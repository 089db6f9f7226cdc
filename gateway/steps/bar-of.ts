/** Where the other forms and parts of a page are: what its bar and its parts lead to. */
import type { PlainRecord } from '../../core/component.ts';
import type { Preferences } from '../../profiles/preferences.ts';
import { isIsolated, type Target } from '../target.ts';

const SHOWN = ['lite', 'article', 'text', 'full', 'original'] as const;

/**
 * The part `bar` of a page demand, `null` where our pages cannot be reached: addresses of our own, absolute, so that the step `links` takes them for what they are.
 * In forward mode they lead into prefix mode, which answers under our own name there too.
 */
export function barOf(target: Target): PlainRecord | null {
  if (target.ownOrigin === undefined) return null;
  const before = `${target.ownOrigin}${target.gatewayPath}`;
  const { rest, within } = placeOf(target);
  return {
    links: Object.fromEntries(SHOWN.map((presentation) => [presentation, `${before}as/${presentation}/${rest}`])),
    pictures: { before: `${before}as/original/`, within },
  };
}

/**
 * The demand `split`: where the other parts of a page in parts are; `undefined` where our pages cannot be reached, or the
 * client takes pages of any size. Runs after `links`, so its addresses are as the client sees them.
 */
export function splitOf(
  target: Target,
  presentation: string,
  { split, maxBytes }: Preferences['page'],
): PlainRecord | undefined {
  const parts = partsOf(target, presentation);
  return parts === undefined || !split || maxBytes === 0 ? undefined : { maxBytes, ...parts };
}

/** Which part of a page is asked for, and where the others are; `undefined` where our pages cannot be reached. */
export function partsOf(target: Target, presentation: string): PlainRecord | undefined {
  if (target.ownOrigin === undefined) return undefined;
  const own = `${target.mode === 'forward' ? target.ownOrigin : ''}${target.gatewayPath}`;
  const { rest } = placeOf(target);
  return { part: target.part ?? 1, before: `${own}as/${presentation};part=`, after: `/${rest}` };
}

interface Place {
  /** TARGET, as design part 3 has it. */
  readonly rest: string;
  /** What a picture's address must begin with, and loses. */
  readonly within: string;
}

/** Where a target is, as our own addresses name it. */
export function placeOf(target: Target): Place {
  const { url, site, set } = target;
  const href = url.href.replace(/#.*$/s, '');
  if (site === undefined && set === undefined && !isIsolated(target)) return { rest: href, within: '' };
  const within =
    site === undefined ? `${url.origin}/` : `${site.upstream.origin}${site.upstream.pathname.replace(/\/$/, '')}/`;
  return { rest: href.slice(within.length), within };
}

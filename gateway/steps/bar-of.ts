/** Where the other forms of a page are: what its bar leads to. */
import type { PlainRecord } from '../../core/component.ts';
import type { Target } from '../target.ts';

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

interface Place {
  /** TARGET, as design part 3 has it. */
  readonly rest: string;
  /** What a picture's address must begin with, and loses. */
  readonly within: string;
}

/** Where a target is, as our own addresses name it. */
export function placeOf({ url, site }: Target): Place {
  const href = url.href.replace(/#.*$/s, '');
  if (site === undefined) return { rest: href, within: '' };
  const within = `${site.upstream.origin}${site.upstream.pathname.replace(/\/$/, '')}/`;
  return { rest: href.slice(within.length), within };
}

/** Targets that are function sets of the fleet: a server asks them, nothing is fetched. */
import type { SetRoute } from '../../core/fleet.ts';
import type { Target } from '../target.ts';
import { readParameters } from './data-query.ts';

/** What an address asks for besides its target. */
interface Asked extends Pick<Target, 'presentation' | 'part' | 'explain'> {
  /** The query where it is the presentation's own. */
  readonly query?: string;
}

/** @param url as the client knows it */
export function makeSetTarget(url: URL, set: SetRoute, { presentation, part, query, explain }: Asked): Target {
  return {
    kind: 'resource',
    mode: 'reverse',
    url,
    grant: undefined,
    set,
    site: undefined,
    presentation,
    part,
    parameters: query === undefined ? undefined : readParameters(query),
    explain,
    links: { mode: 'reverse', siteOrigin: url.origin, upstreamOrigin: url.origin, gatewayPath: '/-/' },
    ownOrigin: url.origin,
    gatewayPath: '/-/',
  };
}

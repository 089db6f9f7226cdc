/** What stands below the gateway path: pages of our own, presentations, explanations, pictures by link. */
import { GatewayError } from '../../core/errors.ts';
import {
  DATA_PRESENTATIONS,
  type DataPresentation,
  isDataPresentation,
  isPresentation,
  PRESENTATIONS,
  type Presentation,
} from '../../core/presentation.ts';
import type { Site } from '../sites.ts';
import type { OwnPage, Route, Target } from '../target.ts';

/** Names of our own pages; `as`, `explain`, `image`, `docs` and `views` lead to targets and are handled apart. */
const PAGES = new Set([
  'healthz',
  'readyz',
  'go',
  'sign-in',
  'sign-out',
  'settings',
  'proxy.pac',
  'setup',
  'services',
  'fleet',
]);

/** Whose names they are, and where they lead. */
export interface Place {
  readonly gatewayPath: string;
  readonly site: Site | undefined;
  readonly toPicture: (path: string) => Target;
  /** Where a name that is none of ours leads, where it does. */
  readonly toUnknown?: () => Route | undefined;
  readonly toTarget: (rest: string, wanted: Wanted) => Route;
  /** The document of our own at a path below the gateway path. */
  readonly toDocument: (below: string) => Route;
}

/** What an address asks for besides its target. */
export interface Wanted {
  readonly presentation: Presentation | DataPresentation | undefined;
  /** The query where it is the presentation's own. */
  readonly query?: string;
  readonly part?: number | undefined;
  readonly explain: boolean;
  /** Path before TARGET, to keep when redirecting to the proper spelling. */
  readonly lead: string;
}

/** A target as it is. */
export const PLAIN: Wanted = { presentation: undefined, explain: false, lead: '/' };

// Names under the gateway path that are not ours belong to a site's upstream; on an own host they are 404.
export function findGatewayPage(path: string, place: Place): Route | undefined {
  if (!path.startsWith(place.gatewayPath)) return undefined;
  const below = path.slice(place.gatewayPath.length);
  const presented = /^(explain\/-\/)?as\/([^/?]*)\/?(.*)$/s.exec(below);
  if (presented !== null) return toPresented(presented, place);
  const explained = /^explain\/(.*)$/s.exec(below);
  if (explained !== null)
    return place.toTarget(explained[1]!, {
      presentation: undefined,
      explain: true,
      lead: `${place.gatewayPath}explain/`,
    });
  const [pathOnly, query] = splitQuery(below);
  if (pathOnly === 'image') return place.toPicture(path);
  const name = /^[^/]*/.exec(pathOnly)![0];
  if (name === 'docs' || name === 'views') return place.toDocument(pathOnly);
  if (PAGES.has(name) || isWaiting(name, query))
    return { kind: 'page', name, query, site: place.site, gatewayPath: place.gatewayPath } satisfies OwnPage;
  if (place.site !== undefined) return undefined;
  const elsewhere = place.toUnknown?.();
  if (elsewhere !== undefined) return elsewhere;
  throw new GatewayError('NOT_FOUND', { path: pathOnly === '' ? path : `${place.gatewayPath}${pathOnly}` });
}

// Where a form waits for the link of a front-end. A site may well have a page of that name, but none with such an id.
function isWaiting(name: string, query: URLSearchParams): boolean {
  return name === 'waiting' && /^[\w-]{32}$/.test(query.get('id') ?? '');
}

function toPresented([, explained, segment, rest]: RegExpExecArray, place: Place): Route {
  const [, name, part] = /^([^;]*)(?:;part=([1-9]\d{0,4}))?$/.exec(segment!) ?? [undefined, segment];
  const presentation = checkPresentation(name!);
  const wanted = {
    presentation,
    part: part === undefined ? undefined : Number(part),
    explain: explained !== undefined,
    lead: `${place.gatewayPath}${explained ?? ''}as/${segment}/`,
  };
  if (!isDataPresentation(presentation)) return place.toTarget(rest!, wanted);
  const mark = `${rest}?`.indexOf('?');
  return place.toTarget(rest!.slice(0, mark), { ...wanted, query: rest!.slice(mark) });
}

function checkPresentation(name: string): Presentation | DataPresentation {
  if (isPresentation(name) || isDataPresentation(name)) return name;
  const known = [...PRESENTATIONS, ...DATA_PRESENTATIONS].join(', ');
  throw new GatewayError('UNKNOWN_PRESENTATION', { name: name || '(none)', known });
}

/** Path and query apart. */
export function splitQuery(path: string): [string, URLSearchParams] {
  const mark = path.indexOf('?');
  return mark === -1 ? [path, new URLSearchParams()] : [path.slice(0, mark), new URLSearchParams(path.slice(mark + 1))];
}

/** What somebody who meets an error can do next: an error page is where a person is lost. */
import type { ErrorCode } from '../core/errors.ts';
import type { OwnPlace } from './pages/layout.ts';

/** Advice, and where to go from here. */
export interface ErrorHelp {
  readonly advice: string | undefined;
  readonly links: readonly { readonly label: string; readonly href: string }[];
  /** True where another address should be written. */
  readonly wantsAddress: boolean;
}

const ADVICE: Partial<Record<ErrorCode, string>> = {
  BAD_TARGET: 'Write a whole address, such as https://example.org/page.',
  BLOCKED_TARGET: 'Private networks and unusual ports are closed here unless whoever runs this gateway opens them.',
  CONTENT_TOO_LARGE: 'The original can still be had as it is.',
  BAD_CHART: 'What the chart is to show stands after the question mark of the address.',
  BAD_CONTENT: 'The file seems to be damaged where it comes from.',
  NOT_ACCEPTABLE: 'Ask for one of the other forms.',
  SHED: 'Open the same address again in a moment.',
  TOO_MANY_REQUESTS: 'Wait for a moment, then open the same address again.',
  UNKNOWN_PRESENTATION: 'The name stands after /-/as/ in the address.',
  UNKNOWN_PROFILE: 'The field Format-Profile names it; without the field you are served as your device prefers.',
  UPSTREAM_DNS: 'Look for a mistake in the name.',
  UPSTREAM_DOWN: 'The server may be back in a moment.',
  UPSTREAM_ENCODING: 'The fault is the server’s; its owner can mend it.',
  UPSTREAM_INCOMPLETE: 'Open the same address again: the connection may have been cut.',
  UPSTREAM_PROTOCOL: 'The fault is the server’s; its owner can mend it.',
  UPSTREAM_REFUSED: 'The server may be back in a moment.',
  UPSTREAM_TIMEOUT: 'The server may be quicker in a moment.',
  UPSTREAM_TLS: 'The gateway goes no further, for it could not tell whose page it would show you.',
  UPSTREAM_TOO_LARGE: 'The original can still be had as it is.',
};
const WANTS_ADDRESS: ReadonlySet<ErrorCode> = new Set(['BAD_TARGET', 'UPSTREAM_DNS', 'NOT_FOUND', 'BLOCKED_TARGET']);
/** The original may be had where only its formatting failed. */
const HAS_ORIGINAL: ReadonlySet<ErrorCode> = new Set(['CONTENT_TOO_LARGE', 'NOT_ACCEPTABLE', 'UPSTREAM_TOO_LARGE']);
const WORTH_RETRYING: ReadonlySet<ErrorCode> = new Set([
  'SHED',
  'TOO_MANY_REQUESTS',
  'UPSTREAM_DOWN',
  'UPSTREAM_INCOMPLETE',
  'UPSTREAM_REFUSED',
  'UPSTREAM_TIMEOUT',
]);
const PREFIXED = /^\/(?:-\/as\/[a-z]+(?:;part=\d+)?\/)?(https?:\/\/[^\s]+)$/i;

/**
 * @param path Path and query of a GET in origin-form; `undefined` where there is no way back to it,
 * as on a site that the gateway stands in front of.
 * @param place Where our own pages are.
 */
export function helpWith(code: ErrorCode, path: string | undefined, place: OwnPlace): ErrorHelp {
  const own = ownPagesOf(place);
  const target = path === undefined ? undefined : PREFIXED.exec(path)?.[1];
  const links: { label: string; href: string }[] = [];
  if (path !== undefined && WORTH_RETRYING.has(code)) links.push({ label: 'Try again', href: path });
  if (target !== undefined && HAS_ORIGINAL.has(code))
    links.push({ label: 'The original', href: `/-/as/original/${target}` });
  if (target !== undefined && code.startsWith('UPSTREAM_') && code !== 'UPSTREAM_DNS')
    links.push({ label: 'Without the gateway', href: target });
  if (code === 'SIGN_IN_NEEDED') links.push({ label: 'Sign in', href: `${own}sign-in` });
  if ((code === 'UNKNOWN_PRESENTATION' || code === 'UNKNOWN_PROFILE') && place.site?.personal !== false)
    links.push({ label: 'How you are served', href: `${own}settings` });
  links.push({ label: 'About this error', href: aboutError(code, place) });
  return { advice: ADVICE[code], links, wantsAddress: path !== undefined && WANTS_ADDRESS.has(code) };
}

/** The place in the documentation that speaks of an error. */
export function aboutError(code: ErrorCode, place: OwnPlace): string {
  return `${ownPagesOf(place)}docs/errors#${code.toLowerCase()}`;
}

function ownPagesOf({ origin = '', gatewayPath }: OwnPlace): string {
  return `${origin}${gatewayPath}`;
}

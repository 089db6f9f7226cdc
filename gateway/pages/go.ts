/** `/-/go?url=…`: the address box. Works without scripts; answers 303 to the target: in prefix mode, or a path of the site. */
import { parse as parseDomain } from 'tldts';
import { GatewayError } from '../../core/errors.ts';
import { isPresentation, PRESENTATIONS } from '../../core/presentation.ts';
import { parseTargetUrl } from '../../egress/target-url.ts';
import type { Received } from '../received.ts';
import { makeRedirect } from './layout.ts';
import type { PageEntry } from './pages.ts';

export const goPage: PageEntry = {
  methods: ['GET'],
  handle(received, { query, gatewayPath, site }) {
    const text = query.get('url')?.trim() ?? '';
    if (text === '') throw new GatewayError('BAD_TARGET', { target: text, why: 'no address was given' });
    const presentation = query.get('as') ?? '';
    if (presentation !== '' && !isPresentation(presentation))
      throw new GatewayError('UNKNOWN_PRESENTATION', { name: presentation, known: PRESENTATIONS.join(', ') });
    const target = site === undefined ? parseTargetUrl(withScheme(text)).href : readSitePath(text, received);
    return makeRedirect(303, `${presentation === '' ? '/' : `${gatewayPath}as/${presentation}/`}${target}`);
  },
};

/**
 * The path, without its first slash, of an address on the site that was asked: in front of one a target is never a URL.
 *
 * @throws GatewayError BAD_TARGET for addresses elsewhere.
 */
function readSitePath(text: string, { authority, peer }: Received): string {
  const base = new URL(`${peer.secure ? 'https' : 'http'}://${authority}/`);
  const url = URL.parse(text, base);
  const isHere = url !== null && /^https?:$/.test(url.protocol) && url.host === base.host && url.username === '';
  const path = isHere ? `${url.pathname}${url.search}${url.hash}` : '//';
  // Two slashes would be another host to whoever follows the redirect.
  if (path.startsWith('//')) throw new GatewayError('BAD_TARGET', { target: text, why: 'it is no path of this site' });
  return path.slice(1);
}

// People type `example.org`; most of the web is https. Addresses and local names have no certificates.
function withScheme(text: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text;
  const name = /^[^/?#:]*/.exec(text)![0];
  if (/^[a-z][a-z0-9+.-]*:(?!\d)/i.test(text)) return text;
  const { isIp, isIcann } = parseDomain(name);
  return `${isIp !== true && isIcann === true ? 'https' : 'http'}://${text}`;
}

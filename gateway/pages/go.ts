/** `/-/go?url=…`: the address box. Works without scripts; answers 303 to the target in prefix mode. */
import { parse as parseDomain } from 'tldts';
import { GatewayError } from '../../core/errors.ts';
import { isPresentation, PRESENTATIONS } from '../../core/presentation.ts';
import { parseTargetUrl } from '../../egress/target-url.ts';
import { makeRedirect } from './layout.ts';
import type { PageEntry } from './pages.ts';

export const goPage: PageEntry = {
  methods: ['GET'],
  handle(_received, { query, gatewayPath }) {
    const text = query.get('url')?.trim() ?? '';
    if (text === '') throw new GatewayError('BAD_TARGET', { target: text, why: 'no address was given' });
    const presentation = query.get('as') ?? '';
    if (presentation !== '' && !isPresentation(presentation))
      throw new GatewayError('UNKNOWN_PRESENTATION', { name: presentation, known: PRESENTATIONS.join(', ') });
    const url = parseTargetUrl(withScheme(text));
    return makeRedirect(303, `${presentation === '' ? '/' : `${gatewayPath}as/${presentation}/`}${url.href}`);
  },
};

// People type `example.org`; most of the web is https. Addresses and local names have no certificates.
function withScheme(text: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text;
  const name = /^[^/?#:]*/.exec(text)![0];
  if (/^[a-z][a-z0-9+.-]*:(?!\d)/i.test(text)) return text;
  const { isIp, isIcann } = parseDomain(name);
  return `${isIp !== true && isIcann === true ? 'https' : 'http'}://${text}`;
}

/**
 * The conformance statement for the W3C's "Guidelines for Web Content Transformation Proxies 1.0" (Working Group Note of 26 October
 * 2010), clause by clause.
 */

/** One clause. */
export interface Clause {
  readonly number: string;
  readonly clause: string;
  /** What it asks, in our words. */
  readonly asks: string;
  /** `departs` and `obsolete` say why in `how`. */
  readonly conforms: 'yes' | 'departs' | 'obsolete';
  readonly how: string;
}

export const STATEMENT: readonly Clause[] = [
  {
    number: 'CT-1',
    clause: '4.1.1',
    asks: 'Exchanges other than GET, HEAD and POST pass untouched.',
    conforms: 'yes',
    how: 'Requests by other methods go on as they came; CONNECT is a blind tunnel, TRACE is refused, as it would show credentials.',
  },
  {
    number: 'CT-2',
    clause: '4.1.2',
    asks: 'A request with `no-transform` is sent on with its fields as they are, and its response is left alone.',
    conforms: 'yes',
    how: 'Accept and Accept-Encoding go on as sent, the bytes come back as they are.',
  },
  {
    number: 'CT-3',
    clause: '4.1.3',
    asks: 'Only what is known to be a Web browser is served something else than it asked for.',
    conforms: 'yes',
    how: 'Programs, robots, scripts of pages and unknown clients get the original unless address, profile or Accept asks otherwise.',
  },
  {
    number: 'CT-4',
    clause: '4.1.4',
    asks: 'Who is served something stale is told, and can have it fresh.',
    conforms: 'yes',
    how: '`Age`, `Cache-Status` and, over a link that is down, a line on the page tell; `no-cache` and Reload go to the origin.',
  },
  {
    number: 'CT-5',
    clause: '4.1.5',
    asks: 'Request fields are not removed; User-Agent and the Accept family are altered only where a site rejects them, the user chose it, or a session needs it.',
    conforms: 'departs',
    how: 'User-Agent and Accept-Language are never altered. Accept gains `*/*;q=0.1` where it has no wildcard, so that an origin does not refuse what can be converted, and Accept-Encoding is what the gateway decodes. Neither is done under `no-transform`, and a site that rejects it is asked as the client asked.',
  },
  {
    number: 'CT-6',
    clause: '4.1.5.1',
    asks: 'No request is sent twice to compare answers.',
    conforms: 'yes',
    how: 'A second request is sent only where the first was refused or answered for the altered fields (CT-12 to CT-14).',
  },
  {
    number: 'CT-7',
    clause: '4.1.5.4',
    asks: 'A page and what is in it are asked for with the same fields.',
    conforms: 'yes',
    how: 'What is altered does not depend on the resource.',
  },
  {
    number: 'CT-8',
    clause: '4.1.5.5',
    asks: 'Altered values travel along in `X-Device-*`.',
    conforms: 'yes',
    how: 'The fields that identify a device are not altered, so there is nothing to repeat; inbound `X-Device-*` are believed and passed on from trusted proxies alone.',
  },
  {
    number: 'CT-9',
    clause: '4.1.6',
    asks: '`Via` on every request, with the comment that names these guidelines.',
    conforms: 'yes',
    how: 'Both ways, with `(http://www.w3.org/ns/ct)`.',
  },
  {
    number: 'CT-10',
    clause: '4.1.6',
    asks: 'The client’s address is told in `X-Forwarded-For`.',
    conforms: 'yes',
    how: 'Appended; what came from no trusted proxy is left out first.',
  },
  {
    number: 'CT-11',
    clause: '4.2.1',
    asks: 'A user can opt out, for all sites or one, above everything else.',
    conforms: 'yes',
    how: '`/-/settings`, per-site exceptions of profiles, `/-/as/original/` for one page.',
  },
  {
    number: 'CT-12',
    clause: '4.2.2',
    asks: 'A response with `no-transform` is left as it is.',
    conforms: 'yes',
    how: 'Its coding too: one that the client did not offer is asked for again with the client’s own Accept-Encoding.',
  },
  {
    number: 'CT-13',
    clause: '4.2.4',
    asks: 'A rejection of altered fields is followed by the original ones.',
    conforms: 'yes',
    how: 'A 406 is asked again as the client asked, and the host is remembered.',
  },
  {
    number: 'CT-14',
    clause: '4.2.5',
    asks: 'Where the site varies by an altered field, its own variant is asked for.',
    conforms: 'yes',
    how: 'Where `Vary` names Accept and it was altered, the request is sent as it came, and the site’s variant preferred.',
  },
  {
    number: 'CT-15',
    clause: '4.2.6',
    asks: 'A site’s own representation for such clients is used in preference to converting.',
    conforms: 'yes',
    how: '`rel=alternate` of a type that is wanted (Markdown, text) is fetched and served, named in Content-Location.',
  },
  {
    number: 'CT-16',
    clause: '4.2.7',
    asks: 'Content made for phones goes to them untouched.',
    conforms: 'yes',
    how: 'WML and XHTML-MP pass to who takes them.',
  },
  {
    number: 'CT-17',
    clause: '4.2.8',
    asks: 'An altered response carries `Warning: 214`.',
    conforms: 'obsolete',
    how: 'RFC 9111 5.5 removed Warning. `Format-Chain` names what was done, the comment in `Via` by whom.',
  },
  {
    number: 'CT-18',
    clause: '4.2.8',
    asks: 'What is made is valid by a published grammar; XML is well-formed.',
    conforms: 'yes',
    how: 'HTML is serialised from a tree, XHTML-MP and WML by a serialiser of XML.',
  },
  {
    number: 'CT-19',
    clause: '4.2.8',
    asks: 'The user sees that a page was changed and can have the original.',
    conforms: 'yes',
    how: 'A line at its foot leads to the other forms and the original; `Link: rel="canonical"` too.',
  },
  {
    number: 'CT-20',
    clause: '4.2.9',
    asks: 'Links are rewritten only where the page may be changed, and never so that origins meet.',
    conforms: 'yes',
    how: 'Without subdomains of their own, sites are shown without scripts and with their cookies in a jar on the server; with `SUBDOMAINS` each origin has one of its own.',
  },
  {
    number: 'CT-21',
    clause: '4.2.9.3',
    asks: 'HTTPS is not intercepted; where https links are rewritten the user is told and can go around; bad certificates are told.',
    conforms: 'yes',
    how: 'CONNECT is a blind tunnel. Addresses in prefix mode show the site, error pages offer the way without the gateway, and no switch takes a bad certificate.',
  },
  {
    number: 'CT-22',
    clause: '5',
    asks: 'Site owners can test what is done with their pages.',
    conforms: 'yes',
    how: '`/-/explain/TARGET` shows it, for any User-Agent, Accept and profile.',
  },
];

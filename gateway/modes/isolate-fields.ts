/** Response fields of an origin that is shown on a subdomain of its own (SUBDOMAINS; threat 24, S-4). */
import type { Fields } from '../../core/fields.ts';
import { type LinkMap, subdomainOf } from '../../core/links/address-map.ts';
import { dropPrefixFields } from '../hop-fields.ts';

type SubdomainMap = Extract<LinkMap, { mode: 'subdomain' }>;

/** What scripts of other origins may see, and who may load it: an origin's own word, kept. */
const SHARING = [
  'access-control-allow-credentials',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'access-control-max-age',
];

/**
 * Puts a policy of ours in place of the origin's, and drops what would act beyond its subdomain. Pages load from
 * subdomains alone, so that nothing leaves past the gateway; whoever forbade scripts, framing or everything (`sandbox`)
 * forbids it still.
 */
export function isolateFields(fields: Fields, links: SubdomainMap): void {
  const given = fields.clone();
  dropPrefixFields(fields);
  for (const name of SHARING) fields.set(name, given.get(name));
  const allowed = given.get('access-control-allow-origin');
  // An origin that is allowed is known to browsers by its subdomain.
  if (allowed !== undefined && /^https?:/i.test(allowed))
    fields.set('access-control-allow-origin', mapOrigin(allowed, links) ?? 'null');
  const sharing = given.get('cross-origin-resource-policy')?.trim().toLowerCase();
  // To a browser all subdomains are one site, which their origins are not.
  if (sharing !== undefined)
    fields.set('cross-origin-resource-policy', sharing === 'cross-origin' ? sharing : 'same-origin');
  fields.set('content-security-policy', policyFor(given, links));
}

function mapOrigin(text: string, { below }: SubdomainMap): string | undefined {
  const origin = URL.parse(text)?.origin;
  return origin === undefined || origin === 'null' ? undefined : subdomainOf(below, origin);
}

function policyFor(given: Fields, links: SubdomainMap): string {
  const all = links.below.replace('://', '://*.');
  const anything = `'self' ${all} data: blob: 'unsafe-inline' 'unsafe-eval'`;
  const own = policiesOf(given);
  const sandbox = own.map((policy) => policy.get('sandbox')).find((tokens) => tokens !== undefined);
  const isScriptless = own.some((policy) =>
    /^'none'$/i.test((policy.get('script-src') ?? policy.get('default-src') ?? '').trim()),
  );
  return [
    `default-src ${anything}`,
    // Sockets have schemes of their own.
    `connect-src ${anything} ${all.replace(/^http/, 'ws')}`,
    `img-src ${anything} ${links.publicOrigin}`,
    ...(isScriptless ? ["script-src 'none'"] : []),
    "object-src 'none'",
    `base-uri 'self'`,
    `form-action 'self' ${all} ${links.publicOrigin}`,
    `frame-ancestors ${ancestorsOf(given, own, { all, links })}`,
    ...(sandbox === undefined ? [] : [`sandbox ${sandbox}`.trim()]),
  ].join('; ');
}

/** Directives of the policies an origin sent, by name; of a repeated one the first (CSP 3, 2.2.1). */
function policiesOf(given: Fields): Map<string, string>[] {
  return given
    .getAll('content-security-policy')
    .flatMap((field) => field.split(','))
    .map((policy) => {
      const directives = new Map<string, string>();
      for (const directive of policy.split(';')) {
        const [, name = '', value = ''] = /^\s*(\S+)\s*(.*)$/s.exec(directive) ?? [];
        if (name !== '' && !directives.has(name.toLowerCase())) directives.set(name.toLowerCase(), value.trim());
      }
      return directives;
    });
}

// CSP 3, 6.4.2: where `frame-ancestors` stands, X-Frame-Options counts for nothing.
function ancestorsOf(
  given: Fields,
  own: readonly Map<string, string>[],
  { all, links }: { all: string; links: SubdomainMap },
): string {
  const named = own.map((policy) => policy.get('frame-ancestors')).find((value) => value !== undefined);
  if (named !== undefined) {
    const mapped = named.split(/\s+/).flatMap((source) => mapSource(source, { all, links }));
    return mapped.length === 0 ? "'none'" : mapped.join(' ');
  }
  const options = given.get('x-frame-options')?.trim().toLowerCase();
  if (options === undefined) return `'self' ${all}`;
  return options === 'sameorigin' ? "'self'" : "'none'";
}

// A name with a star in it cannot be said of labels: nobody is the safe reading.
function mapSource(source: string, { all, links }: { all: string; links: SubdomainMap }): string[] {
  if (/^'(?:self|none)'$/i.test(source)) return [source.toLowerCase()];
  if (source === '*' || /^https?:$/i.test(source)) return [all];
  const scheme = links.upstreamOrigin.split(':')[0];
  const mapped = mapOrigin(/^https?:\/\//i.test(source) ? source : `${scheme}://${source}`, links);
  return mapped === undefined || source.includes('*') ? [] : [mapped];
}

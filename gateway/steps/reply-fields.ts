/** Fields of replies (design part 3, "Reply fields"). */
import {
  currentAgeSeconds,
  formatCacheControl,
  freshnessLifetimeSeconds,
  parseCacheControl,
} from '../../core/cache-control.ts';
import type { Clock } from '../../core/clock.ts';
import type { Note } from '../../core/executor.ts';
import type { Fields } from '../../core/fields.ts';
import { toClient } from '../../core/links/address-map.ts';
import { formatLinkField, type LinkValue, parseLinkField } from '../../core/links/link-header.ts';
import { formatRefresh, readRefresh } from '../../core/links/refresh.ts';
import type { Plan } from '../../core/plan.ts';
import type { VaryRecorder } from '../../core/vary.ts';
import { askForHints } from '../client-hints.ts';
import { dropAlways, dropPrefixFields, VIA_COMMENT } from '../hop-fields.ts';
import { isolateFields } from '../modes/isolate-fields.ts';
import { setContentSecurity } from '../security-fields.ts';
import { isIsolated, sharesOrigin, type Target } from '../target.ts';
import { placeOf } from './bar-of.ts';
import type { Client } from './identify.ts';

/** How the caches took part, for Cache-Status (RFC 9211). */
export interface CacheReport {
  /** The origin cache: `hit`, or why the request went on. */
  readonly origin: {
    readonly hit: boolean;
    readonly forward?: string | undefined;
    readonly status?: number | undefined;
    readonly stored?: boolean;
    readonly ttl?: number | undefined;
  };
  /** The variant cache; absent when nothing was formatted. */
  readonly variant?: { readonly hit: boolean; readonly collapsed: boolean } | undefined;
}

/** All that reply fields are made from. */
export interface ReplyContext {
  readonly target: Target;
  readonly client: Client;
  readonly read: VaryRecorder;
  readonly pseudonym: string;
  readonly requestId: string;
  readonly clock: Clock;
  readonly cache: CacheReport;
  /** True where the client's own connection is encrypted. */
  readonly secure: boolean;
  /** Server-Timing members. */
  readonly timings: readonly { readonly name: string; readonly ms: number }[];
}

/** An upstream response's fields, which came without hop-by-hop ones, as the client may see them: dangerous and addressed ones dealt with. */
export function takeOriginFields(origin: Fields, context: Pick<ReplyContext, 'target'>, url: string): Fields {
  const { target } = context;
  const fields = origin.clone();
  dropAlways(fields);
  if (sharesOrigin(target)) dropPrefixFields(fields);
  if (target.links.mode === 'subdomain') isolateFields(fields, target.links);
  if (target.picture !== undefined) fields.delete('set-cookie');
  mapAddresses(fields, target, url);
  if (target.mode === 'reverse') rewriteCookieDomains(fields);
  nameRealms(fields, target);
  return fields;
}

/** Adds what every reply with content says, whatever became of the body. */
export function finishFields(fields: Fields, context: ReplyContext, essence: string): void {
  const { target, read, client, cache } = context;
  setContentSecurity(fields, target, essence);
  if (context.secure && target.mode !== 'forward') askForHints(fields, essence);
  fields.set('vary', read.vary(fields.get('vary')));
  if (client.personal) makePrivate(fields);
  fields.append('via', `1.1 ${context.pseudonym} ${VIA_COMMENT}`);
  fields.set('cache-status', [fields.get('cache-status'), formatCacheStatus(cache)].filter(Boolean).join(', '));
  fields.set(
    'server-timing',
    [fields.get('server-timing'), ...context.timings.map(({ name, ms }) => `${name};dur=${ms.toFixed(1)}`)]
      .filter(Boolean)
      .join(', ') || undefined,
  );
  fields.set('x-request-id', context.requestId);
}

/** Format-Chain for a chain that ran. */
export function formatChain(plan: Plan): string {
  return plan.steps.map((step) => `${step.formatter};v="${step.version}"`).join(', ');
}

/** Age, where the response was not fetched just now. */
export function setAge(fields: Fields, times: { requestedAt: number; receivedAt: number }, clock: Clock): void {
  const now = clock.now();
  const age = currentAgeSeconds(fields, { ...times, now });
  if (age > 0 || fields.has('age')) fields.set('age', String(age));
}

/** Seconds for which an original is still fresh. */
export function ttlSeconds(
  fields: Fields,
  times: { requestedAt: number; receivedAt: number },
  clock: Clock,
): number | undefined {
  const lifetime = freshnessLifetimeSeconds(fields, times.receivedAt);
  return lifetime === undefined ? undefined : lifetime - currentAgeSeconds(fields, { ...times, now: clock.now() });
}

/** Fields that formatters asked for (their `fields` notes). */
export function applyNotes(fields: Fields, notes: readonly Note[], target: Target, base: string): void {
  for (const note of notes) {
    if (note.event !== 'fields') continue;
    for (const [name, value] of Object.entries(note.fields)) {
      if (name === 'refresh') fields.set('refresh', mapRefresh(String(value), target, base));
      else fields.set(name, String(value));
    }
  }
}

/** Links to the original and to other forms (H-11). */
export function addFormatLinks(
  fields: Fields,
  target: Target,
  alternates: readonly { presentation: string; mediaType: string }[],
): void {
  const links: LinkValue[] = parseLinkField(fields.get('link') ?? '').filter((link) => !isCanonical(link));
  const { rest } = placeOf(target);
  const publicAddress =
    target.mode === 'reverse' ? `${target.ownOrigin}/${rest}` : isIsolated(target) ? target.url.href : rest;
  links.push({ target: withoutFragment(publicAddress), parameters: [['rel', 'canonical']] });
  if (target.mode !== 'forward') {
    for (const { presentation, mediaType } of alternates)
      links.push({
        target: `${target.gatewayPath}as/${presentation}/${rest}`,
        parameters: [
          ['rel', 'alternate'],
          ['type', mediaType],
        ],
      });
  }
  fields.set('link', formatLinkField(links));
}

function isCanonical(link: LinkValue): boolean {
  return link.parameters.some(([name, value]) => name === 'rel' && /\bcanonical\b/i.test(value));
}

function withoutFragment(address: string): string {
  return address.replace(/#.*$/, '');
}

function mapAddresses(fields: Fields, target: Target, base: string): void {
  const location = fields.get('location');
  if (location !== undefined) fields.set('location', mapLocation(location, target, base));
  const refresh = fields.get('refresh');
  if (refresh !== undefined) fields.set('refresh', mapRefresh(refresh, target, base));
  const links = fields.get('link');
  if (links !== undefined && target.links.mode !== 'none')
    fields.set(
      'link',
      formatLinkField(parseLinkField(links).flatMap((link) => mapLink(link, target, base))) || undefined,
    );
  if (target.mode === 'prefix') fields.delete('content-location');
}

// A redirect keeps the presentation that the URL named.
function mapLocation(location: string, target: Target, base: string): string | undefined {
  const address = toClient(target.links, location, base);
  if (address === undefined || (target.presentation === undefined && !target.explain)) return address;
  const [origin, mapped] = withinGateway(address, target);
  if (mapped === undefined) return address;
  const lead = `${origin}${target.gatewayPath}${target.explain ? 'explain/' : `as/${target.presentation}/`}`;
  const { parameters } = target;
  if (parameters === undefined) return `${lead}${mapped.slice(1)}`;
  // Design part 3: the query is the chart's; a target that has one of its own is percent-encoded whole.
  const named = /[?#%]/.test(mapped) ? encodeURIComponent(mapped.slice(1)) : mapped.slice(1);
  const asked = target.explain ? `${origin}${target.gatewayPath}explain/-/as/${target.presentation}/` : lead;
  return `${asked}${named}?${new URLSearchParams(parameters)}`;
}

/** What comes before the path of an address that we answer for, and that path. */
function withinGateway(address: string, { links, ownOrigin }: Target): [origin: string, path: string | undefined] {
  if (address.startsWith('/')) return ['', address];
  const url = URL.parse(address);
  const path = url === null ? undefined : url.href.slice(url.origin.length);
  if (url === null || url.origin === ownOrigin) return ['', path];
  const [scheme, name] = links.mode === 'subdomain' ? links.below.split('://') : [];
  const isOurs = name !== undefined && url.protocol === `${scheme}:` && url.host.endsWith(`.${name}`);
  return [url.origin, isOurs ? path : undefined];
}

function mapRefresh(value: string, target: Target, base: string): string | undefined {
  const refresh = readRefresh(value);
  if (refresh?.url === undefined) return refresh === undefined ? undefined : value;
  const url = mapLocation(refresh.url, target, base);
  return url === undefined ? undefined : formatRefresh({ seconds: refresh.seconds, url });
}

// Preload and module hints would only cost bytes where scripts are off and addresses have changed.
function mapLink(link: LinkValue, target: Target, base: string): LinkValue[] {
  const rel = link.parameters.find(([name]) => name === 'rel')?.[1] ?? '';
  if (
    sharesOrigin(target) &&
    /preload|modulepreload|preconnect|dns-prefetch|prefetch|prerender|stylesheet|compression-dictionary/i.test(rel)
  )
    return [];
  const mapped = toClient(target.links, link.target, base);
  return mapped === undefined ? [] : [{ ...link, target: mapped }];
}

// Threat 23: a Domain of the upstream's own would be refused by the client, or reach too far.
function rewriteCookieDomains(fields: Fields): void {
  const lines = fields.getAll('set-cookie');
  if (lines.length === 0) return;
  fields.delete('set-cookie');
  for (const line of lines)
    if (!/^\s*format-/i.test(line)) fields.append('set-cookie', line.replace(/;\s*domain=[^;]*/gi, ''));
}

// Threat 23: the realm names its site, or the browser would offer one site's password to another.
function nameRealms(fields: Fields, target: Target): void {
  if (target.mode !== 'prefix') return;
  const lines = fields.getAll('www-authenticate');
  fields.delete('www-authenticate');
  for (const line of lines)
    fields.append(
      'www-authenticate',
      line.replace(
        /\brealm=(?:"([^"]*)"|([^\s,]+))/gi,
        (_, quoted, bare) => `realm="${target.url.host}: ${quoted ?? bare}"`,
      ),
    );
}

// N-9: what another person with the same fields might get otherwise is nobody else's.
function makePrivate(fields: Fields): void {
  const directives = new Map(parseCacheControl(fields.get('cache-control')));
  for (const name of ['public', 's-maxage', 'proxy-revalidate']) directives.delete(name);
  if (!directives.has('no-store')) directives.set('private', true);
  fields.set('cache-control', formatCacheControl(directives));
  for (const name of ['cdn-cache-control', 'surrogate-control']) fields.delete(name);
}

function formatCacheStatus({ origin, variant }: CacheReport): string {
  const ttl = origin.ttl === undefined ? '' : `; ttl=${Math.trunc(origin.ttl)}`;
  const forward = `; fwd=${origin.forward ?? 'miss'}${origin.status === undefined ? '' : `; fwd-status=${origin.status}`}${origin.stored === true ? '; stored' : ''}`;
  const members = [`gw-origin${origin.hit ? `; hit${ttl}` : forward}`];
  if (variant !== undefined)
    members.push(`gw-variant; ${variant.hit ? 'hit' : `fwd=miss${variant.collapsed ? '; collapsed' : ''}; stored`}`);
  return members.join(', ');
}

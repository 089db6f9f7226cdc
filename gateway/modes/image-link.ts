/** `/-/image?url=…`: one picture in a size and format of the asker's choice, for hosts that are named or links that are signed (threat 15). */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { GatewayError } from '../../core/errors.ts';
import { type AllowedUpstream, canonicalHost, isAllowedBy } from '../../egress/allowed-upstream.ts';
import { portOf } from '../../egress/target-port.ts';
import { parseTargetUrl } from '../../egress/target-url.ts';
import { findSite, type Site } from '../sites.ts';

/** What a link asks of its picture. */
export interface PictureRequest {
  /** Pixels; a picture is never enlarged. */
  readonly width: number | undefined;
  readonly height: number | undefined;
  /** How width and height together are filled. */
  readonly fit: (typeof FITS)[number] | undefined;
  /** Encoder-independent, 1 to 100. */
  readonly quality: number | undefined;
  /** Media type that is wanted whatever Accept says. */
  readonly mediaType: string | undefined;
  readonly gray: boolean;
}

/** Who is served. */
export interface ImageRules {
  /** Hosts served unsigned. */
  readonly hosts: readonly string[];
  readonly upstreamAllow: readonly AllowedUpstream[];
  readonly keys: readonly { readonly kid: string; readonly secret: string }[];
  readonly clock: Clock;
}

/** A picture that may be had. */
export interface ImageLink {
  readonly url: URL;
  readonly site: Site | undefined;
  readonly picture: PictureRequest;
}

const FITS = ['inside', 'cover', 'contain', 'fill'] as const;
const FORMATS: Readonly<Record<string, string>> = {
  avif: 'image/avif',
  gif: 'image/gif',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  png: 'image/png',
  wbmp: 'image/vnd.wap.wbmp',
  webp: 'image/webp',
};
const MAX_SIDE = 4_096;

/**
 * Reads a link.
 *
 * @param path Path and query as sent.
 * @param place Sites of this gateway, and the one whose host was asked, if any: there `url` is a path of that site.
 * @throws GatewayError BAD_REQUEST naming the parameter, BAD_TARGET, FORBIDDEN.
 */
export function readImageLink(
  path: string,
  rules: ImageRules,
  place: { readonly sites: readonly Site[]; readonly site: Site | undefined },
): ImageLink {
  const query = new URLSearchParams(path.slice(path.indexOf('?') + 1 || path.length));
  const text = readOnce(query, 'url');
  if (text === undefined || text === '') throw malformed('`url` must be the address of a picture');
  const picture = readPicture(query);
  const isSigned = checkSignature(path, query, rules);
  if (place.site !== undefined && !/^https?:/i.test(text)) {
    const base = `${place.site.upstream.origin}${place.site.upstream.pathname.replace(/\/$/, '')}`;
    return { url: parseTargetUrl(`${base}/${text.replace(/^\/+/, '')}`), site: place.site, picture };
  }
  const url = parseTargetUrl(text);
  const site = findSite(place.sites, url.host);
  if (site !== undefined) {
    const base = `${site.upstream.origin}${site.upstream.pathname.replace(/\/$/, '')}`;
    return { url: parseTargetUrl(`${base}${url.pathname}${url.search}`), site, picture };
  }
  if (!isSigned && !isNamed(url, rules))
    throw new GatewayError('FORBIDDEN', { why: `links to pictures of \`${url.host}\` must be signed` });
  return { url, site: undefined, picture };
}

// Design part 3: over the path, `?` and the other parameters as sent, sorted.
function checkSignature(path: string, query: URLSearchParams, { keys, clock }: ImageRules): boolean {
  const signature = readOnce(query, 'sig');
  if (signature === undefined) return false;
  const [route = '', parameters = ''] = path.split(/\?(.*)/s);
  const others = parameters.split('&').filter((each) => !each.startsWith('sig='));
  const message = `${route}?${others.sort().join('&')}`;
  const kid = readOnce(query, 'kid') ?? '';
  const expires = readOnce(query, 'exp') ?? '';
  const given = Buffer.from(signature);
  // An unknown key costs the same time as a known one.
  const secret = keys.find((each) => each.kid === kid)?.secret;
  const wanted = Buffer.from(
    createHmac('sha256', secret ?? 'no such key')
      .update(message)
      .digest('base64url'),
  );
  const isRight = given.length === wanted.length && timingSafeEqual(given, wanted) && secret !== undefined;
  if (!isRight) throw new GatewayError('FORBIDDEN', { why: 'the signature of the link is not valid' });
  if (!/^\d{1,12}$/.test(expires) || Number(expires) * 1_000 <= clock.now())
    throw new GatewayError('FORBIDDEN', { why: 'the link has expired' });
  return true;
}

function isNamed(url: URL, { hosts, upstreamAllow }: ImageRules): boolean {
  const host = canonicalHost(url.hostname);
  if (hosts.includes(host)) return true;
  // A range names the addresses in it, and no name that may lead there.
  return upstreamAllow.some((entry) => isAllowedBy(entry, { host, address: host, port: portOf(url) }));
}

// `l` and `jpeg` are what the bandwidth-hero extension sends.
function readPicture(query: URLSearchParams): PictureRequest {
  const format = readOnce(query, 'format') ?? (readOnce(query, 'jpeg') === '1' ? 'jpeg' : undefined);
  const fit = readOnce(query, 'fit');
  if (format !== undefined && !Object.hasOwn(FORMATS, format))
    throw malformed(`\`format\` must be one of ${Object.keys(FORMATS).join(', ')}`);
  if (fit !== undefined && !isFit(fit)) throw malformed(`\`fit\` must be one of ${FITS.join(', ')}`);
  return {
    width: readNumber(query, 'w', MAX_SIDE),
    height: readNumber(query, 'h', MAX_SIDE),
    fit,
    quality: readNumber(query, 'q', 100) ?? readNumber(query, 'l', 100),
    mediaType: format === undefined ? undefined : FORMATS[format],
    gray: readSwitch(query, 'bw'),
  };
}

function isFit(text: string): text is (typeof FITS)[number] {
  return (FITS as readonly string[]).includes(text);
}

function readNumber(query: URLSearchParams, name: string, max: number): number | undefined {
  const text = readOnce(query, name);
  if (text === undefined || text === '') return undefined;
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > max) throw malformed(`\`${name}\` must be 1 to ${max}, got \`${text.slice(0, 40)}\``);
  return value;
}

function readSwitch(query: URLSearchParams, name: string): boolean {
  const text = readOnce(query, name) ?? '0';
  if (!/^(?:0|1|true|false|)$/.test(text)) throw malformed(`\`${name}\` must be 0 or 1, got \`${text.slice(0, 40)}\``);
  return text === '1' || text === 'true';
}

// Which of two would count is another question in every program on the way.
function readOnce(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name);
  if (values.length > 1) throw malformed(`\`${name}\` stands there twice`);
  return values[0];
}

function malformed(why: string): GatewayError {
  return new GatewayError('BAD_REQUEST', { why });
}

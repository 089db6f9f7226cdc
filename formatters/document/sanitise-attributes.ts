/** Attributes that may stay, with values that cannot run, and addresses of the allowed schemes only. */
import type { Element } from 'domhandler';
import { cleanAddress, readUrl } from '../../core/links/address-map.ts';
import { isAddressAttribute } from '../../core/links/html-addresses.ts';
import { formatSrcset, parseSrcset } from '../../core/links/srcset.ts';
import { safeName } from './clobbering.ts';
import { sanitiseCss } from './sanitise-css.ts';
import type { Policy } from './sanitise-policy.ts';

// They open a program that asks before it does anything.
const LINK_SCHEMES = new Set(
  'http: https: mailto: tel: sms: callto: geo: sip: skype: tg: viber: webcal: whatsapp: xmpp:'.split(' '),
);
const RASTER = /^data:image\/(?:png|gif|jpe?g|webp|avif|bmp|x-icon)[;,]/i;
const ARIA = /^aria-[a-z]+$/;
// A `name` of these is what a form sends: it stays as it is, or the form would not work.
const CONTROLS = new Set(['button', 'fieldset', 'input', 'output', 'select', 'textarea', 'meta', 'details']);
const REFERENCES = new Set(['for', 'form', 'list']);
const TARGETS = new Set(['_blank', '_parent', '_self', '_top']);

/** The attributes of `element` that the policy lets through, in a table without prototype. */
export function sanitiseAttributes(element: Element, policy: Policy): Record<string, string> {
  const kept: Record<string, string> = Object.create(null);
  const own = policy.byElement.get(element.name);
  for (const name in element.attribs) {
    const isStyle = policy.styles && name === 'style';
    if (!(isStyle || own?.has(name) || policy.attributes.has(name) || ARIA.test(name))) continue;
    const value = attributeValue(element, name, element.attribs[name]!);
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

/**
 * An address cleaned, or `undefined` when its scheme is not allowed: http, https and relative ones everywhere,
 * `mailto:`, `tel:`, `sms:` and others of that kind for links, raster `data:` for pictures.
 */
export function safeAddress(value: string, place: 'link' | 'picture' | 'resource'): string | undefined {
  const text = cleanAddress(value);
  // No scheme before the first slash, question mark or hash: relative, whatever the base.
  if (!/^[^/?#:]*:/.test(text)) return text;
  const url = readUrl(text, 'https://base.invalid/');
  if (url === undefined) return undefined;
  if (url.protocol === 'http:' || url.protocol === 'https:') return text;
  if (place === 'link' && LINK_SCHEMES.has(url.protocol)) return text;
  return place === 'picture' && RASTER.test(text) ? text : undefined;
}

function attributeValue(element: Element, name: string, value: string): string | undefined {
  if (isAddressAttribute(element.name, name)) return addressValue(element, name, value);
  if (name === 'srcset') return srcsetValue(value);
  if (name === 'style') return sanitiseCss(value).trim() || undefined;
  if (name === 'target') return TARGETS.has(value.toLowerCase()) ? value : undefined;
  if (name === 'id' || (name === 'name' && !CONTROLS.has(element.name))) return safeName(value, element.name);
  // Labels and lists belong to fields; what else is referred to may be anything.
  const referred = REFERENCES.has(name) ? 'input' : name.startsWith('aria-') || name === 'headers' ? 'p' : undefined;
  if (referred !== undefined)
    return value
      .split(' ')
      .map((each) => safeName(each, referred))
      .join(' ');
  return value;
}

function addressValue(element: Element, name: string, value: string): string | undefined {
  if (value.startsWith('#')) return `#${safeName(value.slice(1), name === 'usemap' ? 'map' : 'p')}`;
  if (name === 'href') return safeAddress(value, element.name === 'link' ? 'resource' : 'link');
  const isPicture = (element.name === 'img' || element.name === 'source') && name === 'src';
  return safeAddress(value, isPicture ? 'picture' : 'resource');
}

function srcsetValue(value: string): string | undefined {
  const safe = parseSrcset(value).flatMap((candidate) => {
    const url = safeAddress(candidate.url, 'picture');
    return url === undefined ? [] : [{ ...candidate, url }];
  });
  return safe.length === 0 ? undefined : formatSrcset(safe);
}

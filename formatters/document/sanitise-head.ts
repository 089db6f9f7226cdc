/** What the head says about the page, as far as it neither acts nor fetches what runs. */
import type { Element } from 'domhandler';
import { makeElement } from './edit-tree.ts';
import { sanitiseAttributes } from './sanitise-attributes.ts';
import { LINK_RELATIONS, type Policy } from './sanitise-policy.ts';

const META_NAMES = new Set(
  `application-name apple-mobile-web-app-title author citation_author color-scheme date description format-detection
  handheldfriendly keywords mobileoptimized rating robots theme-color viewport dc.creator dc.date dc.title
  dcterms.created dcterms.creator dcterms.title parsely-pub-date`.split(/\s+/),
);
const META_PROPERTY = /^(?:og|article|book|profile|twitter):[a-z:_]+$/i;

/**
 * A `meta` or `link` that may stay, else `undefined`. No `http-equiv` stays: the charset it names is given as `charset`,
 * and it is UTF-8 whatever was there, for that is what is sent.
 */
export function sanitiseMeta(element: Element, policy: Policy): Element | undefined {
  const { attribs } = element;
  if (element.name === 'link') return sanitiseLink(element, policy);
  if (element.name !== 'meta') return undefined;
  if (attribs['charset'] !== undefined || /^\s*content-type\s*$/i.test(attribs['http-equiv'] ?? ''))
    return makeElement('meta', { charset: 'utf-8' });
  if (attribs['http-equiv'] !== undefined || attribs['content'] === undefined) return undefined;
  const name = attribs['name']?.toLowerCase() ?? '';
  const property = attribs['property'] ?? attribs['name'] ?? '';
  const isKnown = META_NAMES.has(name) || (policy.name !== 'lite' && META_PROPERTY.test(property));
  return isKnown ? makeElement('meta', sanitiseAttributes(element, policy)) : undefined;
}

function sanitiseLink(element: Element, policy: Policy): Element | undefined {
  const relations = (element.attribs['rel'] ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  if (relations.length === 0 || !relations.every((each) => LINK_RELATIONS.has(each))) return undefined;
  if (relations.includes('stylesheet') && !policy.styles) return undefined;
  if (policy.name === 'lite' && relations.some((each) => /icon/.test(each))) return undefined;
  const attributes = sanitiseAttributes(element, policy);
  return attributes['href'] ? makeElement('link', attributes) : undefined;
}

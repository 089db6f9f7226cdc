/**
 * Names that an element must not carry: as `id` or `name` they would stand before a property of the document, the window
 * or a form, and a script that reads it would get the element (DOM clobbering, threats 34 and 35).
 */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Taken wherever they stand: no author means them as the name of a place. */
const ALWAYS = words(`
  __proto__ constructor prototype hasOwnProperty toString valueOf isPrototypeOf propertyIsEnumerable toLocaleString
  attributes acceptCharset noValidate checkValidity reportValidity requestSubmit className innerHTML outerHTML innerText
  textContent nodeName nodeType nodeValue tagName localName namespaceURI childNodes firstChild lastChild
  firstElementChild lastElementChild childElementCount nextSibling previousSibling nextElementSibling
  previousElementSibling parentNode parentElement ownerDocument insertBefore appendChild removeChild replaceChild
  replaceWith cloneNode hasAttribute hasAttributes getAttribute setAttribute removeAttribute removeAttributeNode
  getAttributeNames getAttributeNode getElementsByTagName getElementsByClassName getElementById getElementsByName
  querySelector querySelectorAll addEventListener removeEventListener dispatchEvent createElement createElementNS
  createTextNode createTreeWalker createNodeIterator createDocumentFragment createEvent createRange importNode adoptNode
  implementation documentElement defaultView currentScript forms embeds applets body head cookie documentURI baseURI
  location writeln execCommand designMode readyState activeElement scrollingElement styleSheets visibilityState opener
  localStorage sessionStorage indexedDB setTimeout setInterval postMessage globalThis trustedTypes shadowRoot classList
  isConnected compareDocumentPosition getRootNode`);

/** Taken where the element is one that forms or the document list by name; elsewhere they name places of the page. */
const LISTED = words(`
  action autocomplete encoding enctype elements length method name novalidate reset submit target title style id
  children remove append prepend before after contains matches closest click focus blur scripts images links anchors
  plugins all domain referrer URL origin write open close fonts hidden window self top parent frames document navigator
  history screen caches crypto fetch alert confirm prompt print eval Function Object Array Promise Symbol Proxy Reflect
  event dataset slot part normalize`);
const LISTING = words('button embed fieldset form iframe img input map object output select textarea');

/**
 * A value for `id` or `name` of an element, or for what refers to such an element: itself, or prefixed when taken.
 *
 * @example safeName('body', 'h2') // 'x-body'
 * @example safeName('title', 'h2') // 'title', but 'x-title' for an `img`
 */
export function safeName(name: string, element: string): string {
  return ALWAYS.has(name) || (LISTED.has(name) && LISTING.has(element)) ? `x-${name}` : name;
}

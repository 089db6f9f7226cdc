/**
 * Names that an element must not carry: as `id` or `name` they would stand before a property of the document, the window
 * or a form, and a script that reads it would get the element (DOM clobbering, threats 34 and 35).
 */

const TAKEN = new Set(
  `__proto__ constructor prototype hasOwnProperty toString valueOf isPrototypeOf propertyIsEnumerable toLocaleString
  action attributes acceptCharset autocomplete encoding enctype elements length method name noValidate novalidate
  reset submit checkValidity reportValidity requestSubmit target title style className id innerHTML outerHTML innerText
  textContent nodeName nodeType nodeValue tagName localName namespaceURI childNodes children firstChild lastChild
  firstElementChild lastElementChild childElementCount nextSibling previousSibling nextElementSibling
  previousElementSibling parentNode parentElement ownerDocument insertBefore appendChild removeChild replaceChild
  remove replaceWith append prepend before after cloneNode contains hasAttribute hasAttributes getAttribute
  setAttribute removeAttribute removeAttributeNode getAttributeNames getAttributeNode getElementsByTagName
  getElementsByClassName getElementById getElementsByName querySelector querySelectorAll matches closest addEventListener
  removeEventListener dispatchEvent click focus blur createElement createElementNS createTextNode createTreeWalker
  createNodeIterator createDocumentFragment createEvent createRange importNode adoptNode implementation documentElement
  defaultView currentScript scripts forms images links anchors embeds plugins applets all body head cookie domain
  referrer URL documentURI baseURI location origin write writeln open close execCommand designMode readyState
  activeElement scrollingElement styleSheets fonts hidden visibilityState window self top parent frames opener document
  navigator history screen localStorage sessionStorage indexedDB caches crypto fetch alert confirm prompt print eval
  Function Object Array Promise Symbol Proxy Reflect setTimeout setInterval postMessage event globalThis trustedTypes
  dataset shadowRoot slot part classList isConnected normalize compareDocumentPosition getRootNode`.split(/\s+/),
);

/**
 * A value for `id`, `name` of what is no form control, and whatever refers to them: itself, or prefixed when taken.
 *
 * @example safeName('body') // 'x-body'
 */
export function safeName(name: string): string {
  return TAKEN.has(name) ? `x-${name}` : name;
}

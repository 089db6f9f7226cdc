/** Which attributes of HTML, SVG and old HTML hold addresses. */

const ANYWHERE = new Set(['href', 'src', 'xlink:href', 'background', 'cite', 'longdesc']);
const BY_ELEMENT: Readonly<Record<string, ReadonlySet<string>>> = {
  form: new Set(['action']),
  button: new Set(['formaction']),
  input: new Set(['formaction']),
  video: new Set(['poster']),
  object: new Set(['data', 'codebase', 'classid', 'usemap']),
  applet: new Set(['code', 'codebase', 'archive', 'object']),
  html: new Set(['manifest']),
  head: new Set(['profile']),
  img: new Set(['lowsrc', 'dynsrc', 'usemap']),
};

/** True when the attribute, both names in lower case, holds one address. `srcset` and `style` hold several. */
export function isAddressAttribute(element: string, attribute: string): boolean {
  return ANYWHERE.has(attribute) || (Object.hasOwn(BY_ELEMENT, element) && BY_ELEMENT[element]!.has(attribute));
}

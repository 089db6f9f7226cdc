/** What each policy of the sanitiser lets through: allow-lists of elements and attributes. */

/** `lite`: structure and forms. `full`: layout and styles too. `fragment`: what Markdown can mean. */
export type PolicyName = 'lite' | 'full' | 'fragment';

/** A policy as tables. */
export interface Policy {
  readonly name: PolicyName;
  readonly elements: ReadonlySet<string>;
  /** Attributes any element may have. `aria-…` always may. */
  readonly attributes: ReadonlySet<string>;
  readonly byElement: ReadonlyMap<string, ReadonlySet<string>>;
  /** Keeps `style` elements and attributes, cleaned, and links to style sheets. */
  readonly styles: boolean;
  /** Keeps drawings (SVG) and formulas (MathML), by allow-lists of their own. */
  readonly foreign: boolean;
}

const words = (text: string): string[] => text.trim().split(/\s+/);

const TEXT = words(`
  a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup data dd del
  details dfn dir div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins kbd li main
  mark menu nav ol p pre q rp rt ruby s samp section small span strike strong sub summary sup table tbody td tfoot th
  thead time tr tt u ul var wbr`);
const FORMS = words(`
  button datalist fieldset form input label legend meter optgroup option output progress search select textarea`);
const HEAD = words('body head html link meta title');
const RICH = words('area audio map picture source style track video');

const GLOBAL = words('dir id lang role title');
const LAYOUT = words(`
  align background bgcolor border cellpadding cellspacing class clear color face frame height hidden hspace link
  nowrap rules size style text valign vlink vspace width`);

const BY_ELEMENT: Readonly<Record<string, string>> = {
  a: 'href hreflang name rel type download',
  area: 'alt coords href shape',
  audio: 'controls loop muted preload src',
  bdo: 'dir',
  blockquote: 'cite',
  button: 'disabled form formaction formenctype formmethod formnovalidate name type value',
  col: 'span',
  colgroup: 'span',
  data: 'value',
  del: 'cite datetime',
  details: 'open name',
  fieldset: 'disabled form name',
  font: 'color face size',
  form: 'accept-charset action autocomplete enctype method name novalidate',
  html: 'dir lang xmlns',
  img: 'alt decoding height loading src usemap width',
  input: `accept alt autocomplete checked disabled form formaction formenctype formmethod formnovalidate height
    inputmode list max maxlength min minlength multiple name pattern placeholder readonly required size src step type
    value width accesskey`,
  ins: 'cite datetime',
  label: 'for',
  li: 'type value',
  link: 'href hreflang media rel sizes title type',
  map: 'name',
  meta: 'charset content name property',
  meter: 'high low max min optimum value',
  ol: 'reversed start type',
  optgroup: 'disabled label',
  option: 'disabled label selected value',
  output: 'for form name',
  progress: 'max value',
  q: 'cite',
  select: 'autocomplete disabled form multiple name required size',
  source: 'height media sizes src srcset type width',
  style: 'media type',
  table: 'summary',
  td: 'abbr colspan headers rowspan',
  textarea: `autocomplete cols disabled form maxlength minlength name placeholder readonly required rows wrap`,
  th: 'abbr colspan headers rowspan scope',
  time: 'datetime',
  track: 'default kind label src srclang',
  ul: 'type',
  video: 'controls height loop muted playsinline poster preload src width',
};

const byElement = new Map(Object.entries(BY_ELEMENT).map(([name, list]) => [name, new Set(words(list))]));

/** The policies by name. */
export const POLICIES: Readonly<Record<PolicyName, Policy>> = {
  lite: {
    name: 'lite',
    elements: new Set([...TEXT, ...FORMS, ...HEAD, 'area', 'map']),
    attributes: new Set(GLOBAL),
    byElement,
    styles: false,
    foreign: false,
  },
  full: {
    name: 'full',
    elements: new Set([...TEXT, ...FORMS, ...HEAD, ...RICH]),
    attributes: new Set([...GLOBAL, ...LAYOUT, 'tabindex', 'accesskey', 'itemprop', 'target']),
    byElement: new Map([...byElement, ['img', new Set([...byElement.get('img')!, 'srcset', 'sizes'])]]),
    styles: true,
    foreign: true,
  },
  fragment: {
    name: 'fragment',
    elements: new Set([...TEXT, 'body', 'head', 'html', 'input', 'link', 'meta', 'title']),
    attributes: new Set([...GLOBAL, 'align', 'class', 'height', 'width']),
    byElement: new Map([...byElement, ['input', new Set(['checked', 'disabled', 'type'])]]),
    styles: false,
    foreign: true,
  },
};

/** Dropped with all they hold; everything else that is not allowed gives way to its children. */
export const DROPPED_WITH_CONTENT: ReadonlySet<string> = new Set(
  words(
    'applet base basefont bgsound canvas embed iframe frame frameset noembed noframes noscript object param script style template',
  ),
);

/** Relations of `link` that mean something without scripts. */
export const LINK_RELATIONS: ReadonlySet<string> = new Set(
  words('alternate apple-touch-icon author canonical help icon license next prev previous search shortcut stylesheet'),
);

/** Drawings: shapes, text and paint; nothing that runs, fetches, animates or holds HTML. */
export const SVG_ELEMENTS: ReadonlySet<string> = new Set(
  words(`circle clipPath defs desc ellipse g line linearGradient marker mask path pattern polygon polyline
    radialGradient rect stop svg symbol text textPath title tspan use`),
);
export const SVG_ATTRIBUTES: ReadonlySet<string> = new Set(
  words(`clip-path clip-rule clipPathUnits color cx cy d display dominant-baseline dx dy fill fill-opacity fill-rule
    font-family font-size font-style font-weight fx fy gradientTransform gradientUnits height letter-spacing
    lengthAdjust marker-end marker-mid marker-start markerHeight markerUnits markerWidth mask maskUnits offset opacity
    orient overflow patternContentUnits patternTransform patternUnits points preserveAspectRatio r refX refY rotate rx
    ry spreadMethod startOffset stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset stroke-linecap
    stroke-linejoin stroke-miterlimit stroke-opacity stroke-width text-anchor textLength transform version
    vector-effect viewBox visibility width x x1 x2 xmlns y y1 y2 focusable class id role lang`),
);

/** Formulas: presentation MathML. */
export const MATHML_ELEMENTS: ReadonlySet<string> = new Set(
  words(`annotation math menclose merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms
    mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover semantics`),
);
export const MATHML_ATTRIBUTES: ReadonlySet<string> = new Set(
  words(`accent accentunder alttext columnalign columnspan depth dir display displaystyle encoding fence form height
    largeop linethickness lspace mathbackground mathcolor mathsize mathvariant maxsize minsize movablelimits notation
    rowspan rspace scriptlevel separator stretchy symmetric voffset width xmlns id class`),
);

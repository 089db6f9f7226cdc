/** What of a drawing is kept (SVG 1.1 and 2): shapes, text, paint, effects and motion; nothing that runs or fetches. */

const words = (text: string): string[] => text.trim().split(/\s+/);

/** Elements that draw, or are drawn by reference. Others go with all they hold. */
export const SVG_ELEMENTS: ReadonlySet<string> = new Set(
  words(`circle clipPath defs desc ellipse feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix
    feDiffuseLighting feDisplacementMap feDistantLight feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR
    feGaussianBlur feImage feMerge feMergeNode feMorphology feOffset fePointLight feSpecularLighting feSpotLight feTile
    feTurbulence filter g image line linearGradient marker mask path pattern polygon polyline radialGradient rect stop
    style svg switch symbol text textPath title tref tspan use view`),
);

/** Elements that move something, where motion is wanted. */
export const MOTION_ELEMENTS: ReadonlySet<string> = new Set(words('animate animateMotion animateTransform mpath set'));

/** Elements whose content HTML would parse as HTML: they hold text alone (mutation XSS, threat 34). */
export const TEXT_ONLY: ReadonlySet<string> = new Set(['desc', 'style', 'title']);

/** Elements whose address may be a picture of its own. */
export const PICTURES: ReadonlySet<string> = new Set(['image', 'feImage']);

/** Attributes that are also properties of CSS. */
const PROPERTIES = words(`
  alignment-baseline baseline-shift clip clip-path clip-rule color color-interpolation color-interpolation-filters
  color-profile color-rendering cursor cx cy d direction display dominant-baseline enable-background fill fill-opacity
  fill-rule filter flood-color flood-opacity font font-family font-size font-size-adjust font-stretch font-style
  font-variant font-weight glyph-orientation-horizontal glyph-orientation-vertical height image-rendering kerning
  letter-spacing lighting-color marker marker-end marker-mid marker-start mask mask-type mix-blend-mode opacity overflow
  paint-order pointer-events r rx ry shape-rendering stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset
  stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width text-anchor text-decoration
  text-rendering transform transform-origin unicode-bidi vector-effect visibility width word-spacing writing-mode x y`);

const GEOMETRY = words(`
  amplitude azimuth baseFrequency bias diffuseConstant divisor dx dy elevation exponent fr fx fy gradientTransform in
  in2 intercept k1 k2 k3 k4 kernelMatrix kernelUnitLength limitingConeAngle markerHeight markerWidth numOctaves offset
  order orient pathLength patternTransform points pointsAtX pointsAtY pointsAtZ preserveAspectRatio radius refX refY
  rotate scale seed slope specularConstant specularExponent startOffset stdDeviation surfaceScale tableValues targetX
  targetY textLength viewBox x1 x2 y1 y2 z`);

/** Attributes that an animation may change: never addresses, styles, names or handlers. */
export const ANIMATED_ATTRIBUTES: ReadonlySet<string> = new Set([...PROPERTIES, ...GEOMETRY]);

/** Attributes of any kept element; `aria-…` may stand everywhere too. Case counts: XML. */
export const SVG_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...PROPERTIES,
  ...GEOMETRY,
  ...words(`
    class clipPathUnits edgeMode filterRes filterUnits focusable gradientUnits id lang lengthAdjust markerUnits
    maskContentUnits maskUnits media method mode operator patternContentUnits patternUnits preserveAlpha primitiveUnits
    requiredExtensions requiredFeatures result role side spacing spreadMethod stitchTiles style systemLanguage type
    values version xChannelSelector yChannelSelector zoomAndPan`),
]);

/** Attributes of elements that move something. */
export const MOTION_ATTRIBUTES: ReadonlySet<string> = new Set(
  words(`
    accumulate additive attributeName attributeType begin by calcMode dur end fill from id keyPoints keySplines keyTimes
    max min origin path repeatCount repeatDur restart rotate to type values`),
);

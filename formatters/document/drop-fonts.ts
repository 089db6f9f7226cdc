/** Style sheets without the fonts they would have loaded: text is shown in the client's own. */

const SKIPPED = /\/\*[\s\S]*?(?:\*\/|$)|"(?:[^"\\\n]|\\[\s\S])*"?|'(?:[^'\\\n]|\\[\s\S])*'?|[{}]|@font-face(?![\w-])/gi;

/**
 * Takes `@font-face` rules out; everything else stays byte for byte. Linear.
 *
 * @example dropFonts('a{color:red}@font-face{src:url(f.woff2)}b{}') // 'a{color:red}b{}'
 */
export function dropFonts(css: string): string {
  let kept = '';
  let from = 0;
  let ruleAt: number | undefined;
  let depth = 0;
  for (const { 0: token, index } of css.matchAll(SKIPPED)) {
    if (ruleAt === undefined) {
      if (token[0] === '@') ruleAt = index;
      depth = 0;
    } else if (token === '{') depth++;
    else if (token === '}' && --depth <= 0) {
      kept += css.slice(from, ruleAt);
      // A block that ends around the rule was never the rule's own.
      from = depth < 0 ? index : index + 1;
      ruleAt = undefined;
    }
  }
  return kept + css.slice(from, ruleAt);
}

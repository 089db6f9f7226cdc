/** A drawing that is refused: not well-formed, too large, or made to be unfolded. Formatters say it in their own name. */
export class SvgError extends Error {
  override readonly name = 'SvgError';
}

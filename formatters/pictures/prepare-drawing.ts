/** A drawing as it may be given to a renderer or a browser: parsed strictly, rebuilt, weighed, written anew. */
import { FormatFailure } from '../../core/executor.ts';
import { rebuildSvg } from './rebuild-svg.ts';
import { SvgError } from './svg-error.ts';
import { parseSvg, type SvgLimits } from './svg-tree.ts';
import { expandedWeight } from './svg-weight.ts';
import { writeSvg } from './write-svg.ts';

export interface DrawingRules extends SvgLimits {
  /** Elements there may be when every reference is followed. */
  readonly maxExpanded: number;
  /** Motion is left out. */
  readonly still: boolean;
  /** In whose name it is refused. */
  readonly formatter: string;
}

/**
 * Prepares.
 *
 * @throws FormatFailure hostile where it is no drawing, not well-formed, or unfolds beyond its bound (threat 40)
 */
export function prepareDrawing(text: string, rules: DrawingRules): string {
  try {
    const drawing = rebuildSvg(parseSvg(text, rules), rules);
    if (drawing === undefined) throw new SvgError('labelled as a drawing, but it is none');
    if (expandedWeight(drawing, rules.maxExpanded) > rules.maxExpanded)
      throw new SvgError(`the drawing unfolds into over ${rules.maxExpanded} elements`);
    return writeSvg(drawing);
  } catch (error) {
    if (!(error instanceof SvgError)) throw error;
    throw new FormatFailure('hostile', rules.formatter, error.message, { cause: error });
  }
}

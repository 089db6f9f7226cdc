/** What the demand `wrap` asks for. */
import type { PlainData } from '../../../core/component.ts';

export interface WrapDemand {
  /** Columns of a line, 20 to 1000. Default 72. */
  readonly width: number;
  /** `ansi`: bold and underlined by SGR sequences. Default `none`. */
  readonly emphasis: 'ansi' | 'none';
}

/** Reads the demand; what is missing or of another type gets its default. */
export function readWrapDemand(value: PlainData | undefined): WrapDemand {
  const given = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  const { width, emphasis } = given;
  return {
    width: typeof width === 'number' && width > 0 ? Math.min(Math.max(Math.floor(width), 20), 1000) : 72,
    emphasis: emphasis === 'ansi' ? 'ansi' : 'none',
  };
}

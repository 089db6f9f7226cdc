/** How this formatter refuses: 422 in the gateway (threat 40). */
import { FormatFailure } from '../../core/executor.ts';

export function hostile(reason: string, cause?: unknown): FormatFailure {
  return new FormatFailure('hostile', 'svg-raster', reason, cause === undefined ? {} : { cause });
}

/** How this formatter says no: the two ways that end a job, each with its HTTP status in the gateway. */
import { FormatFailure } from '../../core/executor.ts';

/** The bytes are corrupt or pretend to be what they are not: 422 (threats 38 and 39). */
export function hostile(reason: string, cause?: unknown): FormatFailure {
  return new FormatFailure('hostile', 'image', reason, cause === undefined ? {} : { cause });
}

/** More pixels or frames than may be decoded: 413 (threat 39). */
export function tooLarge(reason: string, cause?: unknown): FormatFailure {
  return new FormatFailure('too-large', 'image', reason, cause === undefined ? {} : { cause });
}

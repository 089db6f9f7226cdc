/** What the steps have found out about an exchange, for those who watch the traffic. */
import type { ErrorCode } from '../../core/errors.ts';
import type { ClientClass } from '../../profiles/client-class.ts';
import type { Mode } from '../config.ts';

/**
 * Facts of an exchange. Of the target only the host: never a path, a query or a password (threat 62). A reply that is given
 * again from memory carries the very same object, so that counting it is one look-up.
 */
export interface Trace {
  /** Id of the client record; `undefined` where none is kept. */
  readonly client: string | undefined;
  readonly class: ClientClass;
  readonly mode: Mode;
  /** Host of the target, with its port where it is not the scheme's own. */
  readonly host: string;
  /** Presentation that was made; `original` for a body that passed. */
  readonly presentation: string;
  /** `Format-Chain` of the reply. */
  readonly chain: string;
  /** Essences of the original's media type and of the reply's; empty where there is none. */
  readonly from: string;
  readonly to: string;
  /** Bytes of the original as its origin would have sent it; `undefined` where nobody knows. */
  readonly originalBytes: number | undefined;
  readonly originHit: boolean;
  /** `undefined` when nothing was formatted. */
  readonly variantHit: boolean | undefined;
  /** Why there was no reply with content. */
  readonly failure: ErrorCode | undefined;
}

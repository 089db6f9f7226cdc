/** The last record of a request: what is sent. */
import type { Readable } from 'node:stream';
import type { Fields } from '../core/fields.ts';
import type { Trace } from './traffic/trace.ts';

/** A finished reply. `body` is whole bytes, a stream of raw bytes, or nothing. */
export interface Reply {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Uint8Array | Readable | undefined;
  /** What is counted of it; nothing for pages of our own. */
  readonly trace?: Trace | undefined;
}

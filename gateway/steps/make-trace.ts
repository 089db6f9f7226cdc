/** What the watchers of the traffic are told of an exchange. */
import type { ErrorCode } from '../../core/errors.ts';
import type { Fields } from '../../core/fields.ts';
import { readMediaType } from '../../core/media-type.ts';
import type { ClientClass } from '../../profiles/client-class.ts';
import type { Exchange } from '../exchange.ts';
import type { Target } from '../target.ts';
import type { Trace } from '../traffic/trace.ts';

/** What became of an original. */
export interface Outcome {
  /** Fields of the original, and of the reply. */
  readonly original: Fields;
  readonly reply: Fields;
  /** Bytes of the decoded original, where they have been counted. */
  readonly decodedBytes: number | undefined;
  readonly originHit: boolean;
  readonly variantHit?: boolean;
  readonly presentation: string;
}

/** The trace of a reply with content. */
export function traceOf({ client, target }: Exchange, outcome: Outcome): Trace {
  return {
    client: client.record?.id,
    class: client.detection.class,
    mode: target.mode,
    host: target.url.host,
    presentation: outcome.presentation,
    chain: outcome.reply.get('format-chain') ?? '',
    from: readMediaType(outcome.original.get('content-type'))?.essence ?? '',
    to: readMediaType(outcome.reply.get('content-type'))?.essence ?? '',
    // What the origin sent, coded: a page that is compressed anyway must not look like a saving of ours.
    originalBytes: outcome.original.statedLength() ?? outcome.decodedBytes,
    originHit: outcome.originHit,
    variantHit: outcome.variantHit,
    failure: undefined,
  };
}

/** Where no content was seen. */
const NO_CONTENT = {
  client: undefined,
  chain: '',
  from: '',
  to: '',
  originalBytes: undefined,
  originHit: false,
  variantHit: undefined,
} as const;

/** The trace of an exchange that came to nothing. */
export function traceOfFailure(target: Target, clientClass: ClientClass, failure: ErrorCode): Trace {
  const { mode, url, presentation = 'none' } = target;
  return { ...NO_CONTENT, class: clientClass, mode, host: url.host, presentation, failure };
}

/** The trace of a tunnel: of what goes through it nothing is known. */
export function traceOfTunnel(host: string, clientClass: ClientClass): Trace {
  return {
    ...NO_CONTENT,
    class: clientClass,
    mode: 'forward',
    host,
    presentation: 'original',
    failure: undefined,
  };
}

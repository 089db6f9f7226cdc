/** What the front-end knows and works with. */
import type { BackEnd } from '../../core/back-end.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { BegunBodies } from './begun-bodies.ts';
import type { ComingParts } from './coming-parts.ts';
import type { HeldReplies } from './held-replies.ts';
import type { HeldStore } from './held-store.ts';
import type { LinkMeter } from './link-meter.ts';
import type { Outbox } from './outbox.ts';
import type { PartAccepts } from './part-accepts.ts';
import type { WaitingLine } from './waiting-line.ts';

export interface FrontEndParts {
  readonly backEnd: BackEnd;
  readonly clock: Clock;
  readonly log: Log;
  readonly outbox: Outbox;
  readonly store: HeldStore;
  /** Bytes of the link that may be spent for a page that nobody has asked for yet; 0 for none. */
  readonly prefetchBytes: number;
}

export interface FrontEndState extends FrontEndParts {
  readonly held: HeldReplies;
  readonly begun: BegunBodies;
  readonly accepts: PartAccepts;
  readonly coming: ComingParts;
  readonly meter: LinkMeter;
  readonly line: WaitingLine;
  /** Requests under way on the link. */
  asking: number;
}

/** The port between a front-end and its back-end (S5): the gateway says what is asked and answered, the fleet carries it. */
import type { Readable } from 'node:stream';

export interface BackEndQuestion {
  /** Plain data. */
  readonly head: unknown;
  readonly body: Uint8Array | undefined;
  /** True where something else can be shown: a link that is down is not waited for. */
  readonly isSparable: boolean;
  readonly signal: AbortSignal;
}

/** What a front-end asks. */
export interface BackEnd {
  /** False where the last attempt to reach it failed. */
  readonly isUp: boolean;
  /**
   * Asks for a reply as it would be made here, and what belongs to it.
   *
   * @throws Error where the link is down; GatewayError where the back-end threw one.
   */
  render(question: BackEndQuestion): Promise<Readable>;
  /** How fast the link is: no reply has more on its way than it carries in a second, so that others get their turn. */
  pace(linkMbps: number): void;
}

/** What a back-end answers with. */
export type RenderHandler = (
  head: Readonly<Record<string, unknown>>,
  body: Buffer,
  signal: AbortSignal,
) => Promise<Readable>;

/** How fast the link is, from what comes over it: unasked, it costs nothing. */
import type { Clock } from '../../core/clock.ts';

export interface LinkMeter {
  /** Megabits a second; `undefined` while nothing is known. */
  readonly mbps: number | undefined;
  /** Begins with the bytes of one frame, which the other side sends at once; told of what comes, and of the end. */
  begin(): { took(bytes: number): void; end(): void };
  /** What was known before a new start. */
  recall(mbps: number): void;
}

/** Less than this says more of the timing of packets than of the link. */
const MIN_BYTES = 4_096;
const MIN_MS = 2;
const FASTEST_MBPS = 1_000;
const SAMPLES = 9;
/** A link that was slow is slow until it is this much faster: what pages look like does not change to and fro. */
const SLOW_MBPS = 0.4;
const CLEARLY_FASTER = 1.5;

export function makeLinkMeter(clock: Clock): LinkMeter {
  const samples: number[] = [];
  let judged: number | undefined;
  const judge = (mbps: number) => {
    samples.push(mbps);
    if (samples.length > SAMPLES) samples.shift();
    const median = [...samples].sort((a, b) => a - b)[Math.floor((samples.length - 1) / 2)]!;
    const stays = judged !== undefined && judged < SLOW_MBPS && median < SLOW_MBPS * CLEARLY_FASTER;
    judged = stays ? Math.min(median, judged!) : median;
  };
  return {
    get mbps() {
      return judged;
    },
    begin() {
      // What has arrived when the first bytes are seen has had an unknown time to come.
      let since: number | undefined;
      let last = 0;
      let bytes = 0;
      return {
        took(more) {
          last = clock.monotonic();
          if (since === undefined) since = last;
          else bytes += more;
        },
        end() {
          if (since === undefined || bytes < MIN_BYTES) return;
          const ms = last - since;
          judge(ms < MIN_MS ? FASTEST_MBPS : Math.min(FASTEST_MBPS, (bytes * 8) / 1_000 / ms));
        },
      };
    },
    recall: judge,
  };
}

/** What a benchmark is made of: subjects that do the same work in turns, in one run, on one machine. */

/** One of the things compared. */
export interface Subject {
  readonly name: string;
  /** Does the work so many times, one after the other. */
  run(times: number): Promise<void>;
}

/** A scenario that has been set up. */
export interface Course {
  /** The first is what the others are compared with. */
  readonly subjects: readonly Subject[];
  /** Processes whose processor time is nobody's: origins. */
  readonly uncounted: readonly number[];
  /** What the figures are about: sizes, settings. */
  readonly about: Readonly<Record<string, string | number>>;
  close(): Promise<void>;
}

export interface Scenario {
  readonly name: string;
  /** Ratio of the second subject's processor time to the first's that is aimed at. */
  readonly aim: number;
  /** Operations of each subject in a round, long and short. */
  readonly times: { readonly long: number; readonly short: number };
  /** @param args what follows the scenario on the command line */
  open(args: readonly string[]): Promise<Course>;
}

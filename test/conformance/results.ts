/** What the suite found, in the numbers that `docs/conformance.md` shows. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Case, CaseMode } from './case.ts';
import { GROUPS } from './requirements.ts';
import type { Result } from './run-suite.ts';

/** Cases of a group: `void` ones are those about changes that a proxy does not make. */
export interface Tally {
  readonly held: number;
  readonly broken: number;
  readonly void: number;
}

/** One proxy in one mode. */
export interface Score {
  readonly name: string;
  /** As packaged; empty for this gateway. */
  readonly version: string;
  readonly mode: CaseMode;
  /** By the letters of a group: cases that any proxy can be asked. */
  readonly common: Readonly<Record<string, Tally>>;
  /** By the letters of a group: all cases. */
  readonly all: Readonly<Record<string, Tally>>;
  /** Titles of cases that do not hold. */
  readonly broken: readonly string[];
}

export const RESULTS_FILE: string = join(import.meta.dirname, '../../bench/results/conformance.json');

/** The score of results; a case counts in the group of each of its numbers. */
export function scoreOf(
  subject: Pick<Score, 'name' | 'version' | 'mode'>,
  results: readonly Result[],
  cases: readonly Case[],
): Score {
  const own = new Set(cases.filter((each) => each.own === true).map((each) => each.title));
  const tally = (among: readonly Result[]) =>
    Object.fromEntries(GROUPS.map(({ letters }) => [letters, tallyOf(among.filter((each) => isOf(each, letters)))]));
  return {
    ...subject,
    common: tally(results.filter(({ title }) => !own.has(title))),
    all: tally(results),
    broken: results.filter(({ outcome }) => outcome === 'broken').map(({ title }) => title),
  };
}

/** What was written last. */
export function readResults(): { readonly cases: number; readonly scores: readonly Score[] } {
  return JSON.parse(readFileSync(RESULTS_FILE, 'utf8'));
}

function isOf({ rules }: Result, letters: string): boolean {
  return rules.some((rule) => rule.startsWith(`${letters}-`));
}

function tallyOf(results: readonly Result[]): Tally {
  const count = (outcome: Result['outcome']) => results.filter((each) => each.outcome === outcome).length;
  return { held: count('held'), broken: count('broken'), void: count('void') };
}

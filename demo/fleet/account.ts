/** A running account for people: chapters, one line for each happening with its milliseconds, a closing table. */
import type { Clock } from '../../core/clock.ts';

export interface Account {
  chapter(title: string): void;
  /** @param ms what it took, where that says something */
  tell(happening: string, ms?: number): void;
  /** Columns of numbers stand to the right. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void;
}

export interface AccountOptions {
  readonly write: (line: string) => void;
  /** Whether colours and weights may be used. */
  readonly isStyled: boolean;
  readonly clock: Clock;
}

const HAPPENING_WIDTH = 92;

export function makeAccount({ write, isStyled, clock }: AccountOptions): Account {
  const began = clock.monotonic();
  const style = (code: number, text: string) => (isStyled ? `\u001b[${code}m${text}\u001b[0m` : text);
  return {
    chapter(title) {
      write('');
      write(style(1, title));
    },
    tell(happening, ms) {
      const at = `${((clock.monotonic() - began) / 1_000).toFixed(1).padStart(6)} s`;
      const took = ms === undefined ? '' : `${Math.round(ms)} ms`.padStart(9);
      write(`${style(2, at)}  ${ms === undefined ? happening : happening.padEnd(HAPPENING_WIDTH)}${style(36, took)}`);
    },
    table(head, rows) {
      const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
      const line = (row: readonly string[]) =>
        row
          .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
          .join('   ');
      write(style(1, line(head)));
      write(widths.map((width) => '-'.repeat(width)).join('   '));
      for (const row of rows) write(line(row));
    },
  };
}

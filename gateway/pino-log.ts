/** The log port over pino: JSON lines on standard error. */
import pino from 'pino';
import type { Log } from '../core/log.ts';

/** Lines of requests are written some at a time: a write for each costs more than making it. */
const MIN_BYTES = 32_768;
/** Milliseconds that a line may wait; what a killed process had not yet written. Warnings and errors do not wait. */
const FLUSH_MS = 50;
const URGENT: ReadonlySet<string> = new Set(['warn', 'error']);

/** @param level debug, info, warn, error or silent. */
export function makeLog(level: string): Log {
  const output = pino.destination({
    dest: 2,
    sync: false,
    minLength: MIN_BYTES,
    maxWrite: 2 * MIN_BYTES,
    periodicFlush: FLUSH_MS,
  });
  const logger = pino({ level, base: null }, output);
  const say =
    (name: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) => {
      logger[name](fields['error'] === undefined ? fields : withError(fields), message);
      if (URGENT.has(name)) output.flush();
    };
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}

/** Named as pino names what it writes with its stack. */
function withError({ error, ...rest }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { ...rest, err: error };
}

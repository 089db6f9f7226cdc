/** The log port over pino: JSON lines on standard error. */
import pino from 'pino';
import type { Log } from '../core/log.ts';

/** @param level debug, info, warn, error or silent. */
export function makeLog(level: string): Log {
  const logger = pino({ level, base: null }, pino.destination({ dest: 2, sync: false }));
  const say =
    (name: 'debug' | 'info' | 'warn' | 'error') => (message: string, fields?: Readonly<Record<string, unknown>>) => {
      const { error, ...rest } = fields ?? {};
      logger[name](error === undefined ? rest : { ...rest, err: error }, message);
    };
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}

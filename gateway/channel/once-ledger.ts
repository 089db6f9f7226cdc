/** What a back-end has done that must not be done twice: forms, by the token that their front-end gave them. */
import type { DatabaseSync } from 'node:sqlite';
import type { Readable } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import { openDatabase } from '../../core/database.ts';
import { type ErrorCode, GatewayError } from '../../core/errors.ts';

export interface OnceLedger {
  /**
   * Does it, or gives what came of it before: of two with one token the second gets the first one's reply.
   *
   * @param work resolves to the reply; one that is streamed, or longer than 1 MiB, is not remembered
   * @throws GatewayError FORM_BEGUN where it was begun before and what came of it is not known; what `work` threw, then
   *   and each time again.
   */
  run(token: string, work: () => Promise<Buffer | Readable>): Promise<Buffer | Readable>;
  close(): void;
}

const MIGRATIONS = [
  `CREATE TABLE once (token TEXT PRIMARY KEY, begun INTEGER NOT NULL, reply BLOB, failure TEXT) STRICT, WITHOUT ROWID;
   CREATE INDEX once_begun ON once (begun);`,
];
const KEPT_MS = 7 * 86_400_000;
/** What takes longer has come to nothing. */
const LONGEST_MS = 70_000;
const LOOK_MS = 250;
const MAX_REPLY_BYTES = 1_048_576;
/** Nothing has reached the origin: it may be tried again. */
const UNSENT: ReadonlySet<ErrorCode> = new Set(['UPSTREAM_DNS', 'UPSTREAM_REFUSED', 'UPSTREAM_DOWN', 'SHED']);

interface Row {
  readonly begun: number;
  readonly reply: Uint8Array | null;
  readonly failure: string | null;
}

export function openOnceLedger(file: string, clock: Clock): OnceLedger {
  // An acknowledged form is one that was sent: it must not be sent again after a power cut either.
  const database = openDatabase({ file, migrations: MIGRATIONS, durable: true });
  database.prepare('DELETE FROM once WHERE begun < ?').run(clock.now() - KEPT_MS);
  const running = new Map<string, Promise<Buffer | Readable>>();
  return {
    run(token, work) {
      const under = running.get(token);
      if (under !== undefined) return under.then(asSecond);
      const run = runOnce(database, { token, work, clock }).finally(() => running.delete(token));
      running.set(token, run);
      return run;
    },
    close: () => database.close(),
  };
}

// A stream is read by one.
function asSecond(reply: Buffer | Readable): Buffer {
  if (Buffer.isBuffer(reply)) return reply;
  throw new GatewayError('FORM_BEGUN', {});
}

interface Once {
  readonly token: string;
  readonly work: () => Promise<Buffer | Readable>;
  readonly clock: Clock;
}

async function runOnce(database: DatabaseSync, { token, work, clock }: Once): Promise<Buffer | Readable> {
  const begun = database
    .prepare('INSERT INTO once (token, begun) VALUES (?, ?) ON CONFLICT DO NOTHING')
    .run(token, clock.now());
  if (begun.changes === 0) return await repeat(database, token, clock);
  try {
    const reply = await work();
    if (Buffer.isBuffer(reply) && reply.byteLength <= MAX_REPLY_BYTES)
      database.prepare('UPDATE once SET reply = ? WHERE token = ?').run(reply, token);
    return reply;
  } catch (error) {
    if (error instanceof GatewayError && UNSENT.has(error.code))
      database.prepare('DELETE FROM once WHERE token = ?').run(token);
    else if (error instanceof GatewayError)
      database
        .prepare('UPDATE once SET failure = ? WHERE token = ?')
        .run(JSON.stringify([error.code, error.details]), token);
    throw error;
  }
}

async function repeat(database: DatabaseSync, token: string, clock: Clock): Promise<Buffer> {
  for (;;) {
    const row = database.prepare('SELECT begun, reply, failure FROM once WHERE token = ?').get(token) as
      | Row
      | undefined;
    if (row?.reply != null) return Buffer.from(row.reply);
    if (row?.failure != null) {
      const [code, details] = JSON.parse(row.failure) as [ErrorCode, GatewayError['details']];
      throw new GatewayError(code, details);
    }
    // Another process of this server may be about it still.
    if (row === undefined || clock.now() - row.begun > LONGEST_MS) throw new GatewayError('FORM_BEGUN', {});
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
  }
}

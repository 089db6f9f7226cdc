/** Forms that could not be sent while the link was down: kept on disk, sent in order when it is back, each of them once. */
import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { BackEnd } from '../../core/back-end.ts';
import type { Clock } from '../../core/clock.ts';
import { openDatabase } from '../../core/database.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { unpackBody } from './bodies.ts';
import { FrameReader } from './frames.ts';
import type { RenderRequest } from './render-request.ts';
import { checkRendered, type RenderedHead } from './rendered-head.ts';

/** What came of a form that was sent. */
export interface FormAnswer {
  readonly status: number;
  readonly fields: RenderedHead['fields'];
  readonly body: Uint8Array;
}

export interface KeptForm {
  /** The upstream address that it is for. */
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly keptAt: number;
  readonly state: 'waiting' | 'sending' | 'answered' | 'failed';
  /** Place in the queue, from 1 on; 0 once it has left it. */
  readonly place: number;
  readonly answer: FormAnswer | undefined;
  /** Why it failed, in a sentence for people. */
  readonly failure: string | undefined;
}

export interface Outbox {
  /** Keeps a form. Resolves to the secret name under which it is found. @throws GatewayError SHED where there is no room, STORE_FULL. */
  keep(form: { head: RenderRequest; body: Uint8Array; jarOwner: string | undefined }): string;
  find(name: string): KeptForm | undefined;
  /** True where it was taken out before it was sent. */
  cancel(name: string): boolean;
  /** Sends what waits, where the link is up. Called by itself every second. */
  send(): Promise<void>;
  close(): void;
}

export interface OutboxParts {
  /** In the data folder. */
  readonly file: string;
  readonly backEnd: BackEnd;
  /** Takes cookies that an answer set. */
  readonly takeCookies: (jarOwner: string, url: URL, cookies: readonly string[]) => void;
  readonly clock: Clock;
  readonly log: Log;
}

const MIGRATIONS = [
  `CREATE TABLE form (name TEXT PRIMARY KEY, serial INTEGER NOT NULL, kept INTEGER NOT NULL, url TEXT NOT NULL, head TEXT NOT NULL,
     body BLOB NOT NULL, owner TEXT, state TEXT NOT NULL, failure TEXT, status INTEGER, fields TEXT, answer BLOB) STRICT, WITHOUT ROWID;
   CREATE INDEX form_state ON form (state, serial);`,
];
const LOOK_MS = 1_000;
const MAX_WAITING = 64;
const MAX_BODY_BYTES = 1_048_576;
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
const ANSWER_KEPT_MS = 86_400_000;
/** Who wrote a form does not expect it to be sent after so long. */
const PATIENCE_MS = 86_400_000;

interface Row {
  readonly name: string;
  readonly serial: number;
  readonly kept: number;
  readonly url: string;
  readonly head: string;
  readonly body: Uint8Array;
  readonly owner: string | null;
  readonly state: KeptForm['state'];
  readonly failure: string | null;
  readonly status: number | null;
  readonly fields: string | null;
  readonly answer: Uint8Array | null;
}

export function openOutbox(parts: OutboxParts): Outbox {
  const { file, clock } = parts;
  const database = openDatabase({ file, migrations: MIGRATIONS, durable: true });
  // What was being sent when the process ended is sent again: the back-end knows it by its token.
  database.exec("UPDATE form SET state = 'waiting' WHERE state = 'sending'");
  database.prepare("DELETE FROM form WHERE state <> 'waiting' AND kept < ?").run(clock.now() - ANSWER_KEPT_MS);
  let sending: Promise<void> | undefined;
  const send = () => {
    sending ??= sendAll(database, parts).finally(() => {
      sending = undefined;
    });
    return sending;
  };
  const timer = clock.every(LOOK_MS, () => void send());
  return {
    send,
    keep({ head, body, jarOwner }) {
      if (countWaiting(database) >= MAX_WAITING || body.byteLength > MAX_BODY_BYTES)
        throw new GatewayError('SHED', { seconds: 60 });
      const name = head.once ?? randomBytes(24).toString('base64url');
      database
        .prepare(
          `INSERT INTO form (name, serial, kept, url, head, body, owner, state)
           VALUES (?, (SELECT coalesce(max(serial), 0) + 1 FROM form), ?, ?, ?, ?, ?, 'waiting')`,
        )
        .run(name, clock.now(), head.order.url, JSON.stringify({ ...head, once: name }), body, jarOwner ?? null);
      return name;
    },
    find: (name) => findForm(database, name),
    cancel: (name) => database.prepare("DELETE FROM form WHERE name = ? AND state = 'waiting'").run(name).changes === 1,
    close() {
      timer.cancel();
      database.close();
    },
  };
}

function countWaiting(database: DatabaseSync): number {
  return (database.prepare("SELECT count(*) AS n FROM form WHERE state = 'waiting'").get() as { n: number }).n;
}

function findForm(database: DatabaseSync, name: string): KeptForm | undefined {
  const row = database.prepare('SELECT * FROM form WHERE name = ?').get(name) as Row | undefined;
  if (row === undefined) return undefined;
  const before = database.prepare("SELECT count(*) AS n FROM form WHERE state = 'waiting' AND serial <= ?");
  const isAnswered = row.state === 'answered';
  return {
    url: row.url,
    keptAt: row.kept,
    state: row.state,
    place: row.state === 'waiting' ? (before.get(row.serial) as { n: number }).n : 0,
    answer: isAnswered
      ? { status: row.status ?? 0, fields: JSON.parse(row.fields ?? '[]'), body: row.answer ?? new Uint8Array() }
      : undefined,
    failure: row.failure ?? undefined,
  };
}

async function sendAll(database: DatabaseSync, parts: OutboxParts): Promise<void> {
  for (;;) {
    if (!parts.backEnd.isUp || !database.isOpen) return;
    const row = database.prepare("SELECT * FROM form WHERE state = 'waiting' ORDER BY serial LIMIT 1").get() as
      | Row
      | undefined;
    if (row === undefined) return;
    if (parts.clock.now() - row.kept > PATIENCE_MS) {
      const failure = 'the link was down for a day; it was not sent';
      database.prepare("UPDATE form SET state = 'failed', failure = ? WHERE name = ?").run(failure, row.name);
      continue;
    }
    database.prepare("UPDATE form SET state = 'sending' WHERE name = ?").run(row.name);
    const isSent = await sendOne(database, row, parts);
    if (!isSent) return;
  }
}

/** False where the link went down again. */
async function sendOne(database: DatabaseSync, row: Row, { backEnd, takeCookies, log }: OutboxParts): Promise<boolean> {
  const put = (sql: string, ...values: (string | number | Uint8Array)[]) => {
    if (database.isOpen) database.prepare(`UPDATE form SET ${sql} WHERE name = ?`).run(...values, row.name);
  };
  try {
    const { head, body } = await askOnce(backEnd, row);
    if (row.owner !== null) takeCookies(row.owner, new URL(row.url), head.cookies);
    put("state = 'answered', status = ?, fields = ?, answer = ?", head.status, JSON.stringify(head.fields), body);
    return true;
  } catch (error) {
    if (error instanceof GatewayError) {
      put("state = 'failed', failure = ?", error.message);
      return true;
    }
    log.debug('a form was not sent yet', { error: error as Error });
    put("state = 'waiting'");
    return false;
  }
}

async function askOnce(backEnd: BackEnd, row: Row): Promise<{ head: RenderedHead; body: Uint8Array }> {
  const { head: asked, body, url } = row;
  const { signal } = new AbortController();
  const question = { head: JSON.parse(asked) as RenderRequest, body: Buffer.from(body), isSparable: true, signal };
  const reader = new FrameReader<RenderedHead>(await backEnd.render(question));
  try {
    const head = await reader.head();
    if (head === undefined) throw new RangeError('the back-end sent nothing');
    const first = checkRendered(head);
    const bytes = first.length === -1 ? await readRest(reader, new URL(url).host) : await reader.body(first);
    return { head: first, body: await unpackBody(bytes, first, () => undefined) };
  } finally {
    reader.end();
  }
}

async function readRest(reader: FrameReader<RenderedHead>, host: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of reader.rest()) {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES)
      throw new GatewayError('UPSTREAM_TOO_LARGE', { host, why: 'an answer to a form that was kept' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

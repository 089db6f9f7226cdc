/** The embedded client records: bounded in number and age; sightings are gathered, choices are durable. */
import { createHmac } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';
import { inRelaxedTransaction, inTransaction, openDatabase } from '../core/database.ts';
import { GatewayError } from '../core/errors.ts';
import type { ClientKey, ClientRecord, ClientSighting, Clients } from './clients.ts';
import type { PartialPreferences } from './preferences.ts';

const MIGRATIONS = [
  `CREATE TABLE client (
     id TEXT PRIMARY KEY, kind TEXT NOT NULL, seen TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
     requests INTEGER NOT NULL, profile TEXT, settings TEXT, sites TEXT NOT NULL DEFAULT '{}') STRICT;
   CREATE INDEX client_last ON client (last_seen);`,
  'ALTER TABLE client ADD COLUMN saved INTEGER NOT NULL DEFAULT 0;',
];
const FLUSH_MS = 1_000;
const DAY_MS = 86_400_000;
const MAX_USER_AGENT = 512;
/** Sightings that are written without waiting for the timer, and the most that wait while the disk takes none. */
const FLUSH_COUNT = 1_000;
const MAX_UNSAVED = 5_000;

export interface ClientStoreOptions {
  readonly file: string;
  readonly clock: Clock;
  /** Secret of this installation: ids and address hashes cannot be made without it. */
  readonly key: string;
  /** Default 10,000. */
  readonly maxClients?: number;
  /** Default 90 days. */
  readonly maxAgeMs?: number;
}

interface Row {
  readonly id: string;
  readonly kind: ClientRecord['kind'];
  readonly seen: string;
  readonly first_seen: number;
  readonly last_seen: number;
  readonly requests: number;
  readonly saved: number;
  readonly profile: string | null;
  readonly settings: string | null;
  readonly sites: string;
}

/** What has been seen of a client since the last write. */
interface Sighting {
  readonly record: ClientRecord;
  readonly requests: number;
  /** False: the file held it, and where it is gone since, somebody had it forgotten. */
  readonly isNew: boolean;
}

export function openClients(options: ClientStoreOptions): Clients {
  const { file, clock, key, maxClients = 10_000, maxAgeMs = 90 * DAY_MS } = options;
  const database = openDatabase({ file, migrations: MIGRATIONS, durable: true });
  const sql = prepareStatements(database);
  const records = new LRUCache<string, ClientRecord>({ max: 5_000 });
  const unsaved = new Map<string, Sighting>();
  let seenVersion: unknown;

  // Another process may have assigned a profile, kept a choice or forgotten a client: its write drops what is held here.
  const load = (id: string): ClientRecord | undefined => {
    const version = sql.version.get()?.['data_version'];
    if (version !== seenVersion) records.clear();
    seenVersion = version;
    const held = records.get(id);
    if (held !== undefined) return held;
    const row = sql.find.get(id) as unknown as Row | undefined;
    const record = withUnsaved(row === undefined ? undefined : toRecord(row), unsaved.get(id));
    if (record !== undefined) records.set(id, record);
    else unsaved.delete(id);
    return record;
  };
  const flush = () => {
    if (unsaved.size === 0) return;
    try {
      inRelaxedTransaction(database, () => {
        for (const sighting of unsaved.values()) saveSighting(sql, sighting);
        if (dropSurplus(sql, clock.now() - maxAgeMs, maxClients)) records.clear();
      });
      unsaved.clear();
    } catch {
      // Sightings are a convenience: a full disk must not take requests down with it (threat 65), nor fill the memory.
      if (unsaved.size > MAX_UNSAVED) unsaved.clear();
    }
  };
  const timer = clock.every(FLUSH_MS, flush);
  const change = (id: string, apply: () => { readonly changes: number | bigint }): ClientRecord => {
    flush();
    if (load(id) === undefined) throw new GatewayError('NOT_FOUND', { path: id });
    const { changes } = inTransaction(database, apply);
    // Known here and not in the file: its sighting could not be written.
    if (Number(changes) === 0) throw new GatewayError('STORE_FULL');
    records.delete(id);
    return load(id)!;
  };
  return {
    see(clientKey, sighting) {
      const id = idOf(clientKey, key);
      const held = load(id);
      const record = sighted(held, { id, kind: clientKey.kind, now: clock.now() }, sighting);
      const before = unsaved.get(id);
      records.set(id, record);
      unsaved.set(id, { record, requests: (before?.requests ?? 0) + 1, isNew: before?.isNew ?? held === undefined });
      if (before === undefined && unsaved.size % FLUSH_COUNT === 0) flush();
      return record;
    },
    find: (clientKey) => load(idOf(clientKey, key)),
    get: (id) => load(id),
    list({ limit, offset, class: wanted = null, text = null }) {
      flush();
      const query = { wanted, text: text?.toLowerCase() ?? null, id: text, limit, offset };
      return (sql.list.all(query) as unknown as Row[]).map(toRecord);
    },
    assign: (id, profile) => change(id, () => sql.assign.run(profile ?? null, id)),
    choose: (id, settings, sites) =>
      change(id, () =>
        sql.choose.run(
          settings === undefined ? null : JSON.stringify(settings),
          sites === undefined ? null : JSON.stringify(sites),
          id,
        ),
      ),
    forget(id) {
      unsaved.delete(id);
      records.delete(id);
      inTransaction(database, () => sql.forget.run(id));
    },
    addSaved(bytes) {
      // The records themselves first: of a client that is new the file knows nothing yet.
      flush();
      try {
        inRelaxedTransaction(database, () => {
          for (const [id, count] of bytes) sql.addSaved.run(count, id);
        });
      } catch {
        // As for sightings: a convenience, and no request is to suffer for it.
        return;
      }
      for (const [id, count] of bytes) {
        const held = records.get(id);
        if (held !== undefined) records.set(id, { ...held, saved: held.saved + count });
      }
    },
    close() {
      timer.cancel();
      flush();
      database.close();
    },
  };
}

function prepareStatements(database: DatabaseSync) {
  return {
    version: database.prepare('PRAGMA data_version'),
    find: database.prepare('SELECT * FROM client WHERE id = ?'),
    list: database.prepare(`SELECT * FROM client WHERE (:wanted IS NULL OR json_extract(seen, '$.class') = :wanted)
      AND (:text IS NULL OR id = :id OR instr(lower(json_extract(seen, '$.userAgent')), :text) > 0
        OR instr(profile, :text) > 0)
      ORDER BY last_seen DESC, id LIMIT :limit OFFSET :offset`),
    add: database.prepare(`INSERT INTO client (id, kind, seen, first_seen, last_seen, requests) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, last_seen = excluded.last_seen, requests = requests + excluded.requests`),
    seeAgain: database.prepare('UPDATE client SET seen = ?, last_seen = ?, requests = requests + ? WHERE id = ?'),
    assign: database.prepare('UPDATE client SET profile = ? WHERE id = ?'),
    choose: database.prepare('UPDATE client SET settings = ?, sites = coalesce(?, sites) WHERE id = ?'),
    addSaved: database.prepare('UPDATE client SET saved = saved + ? WHERE id = ?'),
    forget: database.prepare('DELETE FROM client WHERE id = ?'),
    count: database.prepare('SELECT count(*) AS count FROM client'),
    dropOld: database.prepare('DELETE FROM client WHERE last_seen < ?'),
    // Those for whom nobody has decided anything go first.
    dropExcess: database.prepare(`DELETE FROM client WHERE id IN (SELECT id FROM client
      ORDER BY (profile IS NOT NULL OR settings IS NOT NULL) DESC, last_seen DESC, id LIMIT -1 OFFSET ?)`),
  } satisfies Record<string, StatementSync>;
}

type Statements = ReturnType<typeof prepareStatements>;

function saveSighting(sql: Statements, { record, requests, isNew }: Sighting): void {
  const { id, kind, firstSeen, lastSeen, class: clientClass, preset, evidence, userAgent } = record;
  const seen = JSON.stringify({ class: clientClass, preset, evidence, userAgent });
  if (isNew) sql.add.run(id, kind, seen, firstSeen, lastSeen, requests);
  else sql.seeAgain.run(seen, lastSeen, requests, id);
}

/** Holds the file to its bounds; true where something went. */
function dropSurplus(sql: Statements, oldest: number, maxClients: number): boolean {
  const old = Number(sql.dropOld.run(oldest).changes);
  if (Number(sql.count.get()?.['count']) <= maxClients) return old > 0;
  sql.dropExcess.run(maxClients);
  return true;
}

// What the file says of decisions holds; what was seen since is newer than the file.
function withUnsaved(stored: ClientRecord | undefined, sighting: Sighting | undefined): ClientRecord | undefined {
  if (sighting === undefined) return stored;
  if (stored === undefined) return sighting.isNew ? sighting.record : undefined;
  const { profile, settings, sites, firstSeen, saved } = stored;
  const requests = stored.requests + sighting.requests;
  return { ...sighting.record, requests, profile, settings, sites, firstSeen, saved };
}

function sighted(
  held: ClientRecord | undefined,
  facts: { id: string; kind: ClientRecord['kind']; now: number },
  sighting: ClientSighting,
): ClientRecord {
  const { id, kind, now } = facts;
  return {
    id,
    kind,
    class: sighting.class,
    preset: sighting.preset,
    evidence: sighting.evidence,
    userAgent: sighting.userAgent.slice(0, MAX_USER_AGENT),
    firstSeen: held?.firstSeen ?? now,
    lastSeen: now,
    requests: (held?.requests ?? 0) + 1,
    saved: held?.saved ?? 0,
    profile: held?.profile,
    settings: held?.settings,
    sites: held?.sites ?? {},
  };
}

function toRecord(row: Row): ClientRecord {
  const seen = JSON.parse(row.seen) as Pick<ClientRecord, 'class' | 'preset' | 'evidence' | 'userAgent'>;
  return {
    id: row.id,
    kind: row.kind,
    ...seen,
    firstSeen: row.first_seen,
    lastSeen: row.last_seen,
    requests: row.requests,
    saved: row.saved,
    profile: row.profile ?? undefined,
    settings: row.settings === null ? undefined : (JSON.parse(row.settings) as PartialPreferences),
    sites: JSON.parse(row.sites) as Record<string, PartialPreferences>,
  };
}

function idOf(clientKey: ClientKey, key: string): string {
  const parts =
    clientKey.kind === 'user'
      ? [clientKey.name]
      : clientKey.kind === 'cookie'
        ? [clientKey.secret]
        : [clientKey.address, clientKey.userAgent];
  return createHmac('sha256', key)
    .update(JSON.stringify([clientKey.kind, ...parts]))
    .digest('base64url')
    .slice(0, 24);
}

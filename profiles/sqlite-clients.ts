/** The embedded client records: bounded in number and age; sightings are gathered, choices are durable. */
import { createHmac } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';
import { openDatabase } from '../core/database.ts';
import { GatewayError } from '../core/errors.ts';
import type { ClientKey, ClientRecord, ClientSighting, Clients } from './clients.ts';
import type { PartialPreferences } from './preferences.ts';

const MIGRATIONS = [
  `CREATE TABLE client (
     id TEXT PRIMARY KEY, kind TEXT NOT NULL, seen TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
     requests INTEGER NOT NULL, profile TEXT, settings TEXT, sites TEXT NOT NULL DEFAULT '{}') STRICT;
   CREATE INDEX client_last ON client (last_seen);`,
];
const FLUSH_MS = 1_000;
const DAY_MS = 86_400_000;
const MAX_USER_AGENT = 512;

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
  readonly profile: string | null;
  readonly settings: string | null;
  readonly sites: string;
}

export function openClients(options: ClientStoreOptions): Clients {
  const { file, clock, key, maxClients = 10_000, maxAgeMs = 90 * DAY_MS } = options;
  const database = openDatabase({ file, migrations: MIGRATIONS, durable: true });
  const sql = prepareStatements(database);
  const records = new LRUCache<string, ClientRecord>({ max: 5_000 });
  const unsaved = new Map<string, { record: ClientRecord; requests: number }>();
  let seenVersion: unknown;

  // Another process may have assigned a profile or kept a choice: its write drops what is held here.
  const load = (id: string): ClientRecord | undefined => {
    const version = sql.version.get()?.['data_version'];
    if (version !== seenVersion) records.clear();
    seenVersion = version;
    const held = records.get(id) ?? unsaved.get(id)?.record;
    if (held !== undefined) return held;
    const row = sql.find.get(id) as unknown as Row | undefined;
    const record = row === undefined ? undefined : toRecord(row);
    if (record !== undefined) records.set(id, record);
    return record;
  };
  const flush = () => {
    if (unsaved.size === 0) return;
    const pending = [...unsaved.values()];
    unsaved.clear();
    try {
      saveSightings(database, sql, pending);
      sql.dropOld.run(clock.now() - maxAgeMs);
      sql.dropExcess.run(maxClients);
    } catch {
      // Sightings are a convenience: a full disk must not take requests down with it (threat 65).
    }
  };
  const timer = clock.every(FLUSH_MS, flush);
  const change = (id: string, apply: () => void): ClientRecord => {
    flush();
    if (load(id) === undefined) throw new GatewayError('NOT_FOUND', { path: id });
    durably(apply);
    records.delete(id);
    return load(id)!;
  };
  return {
    see(clientKey, sighting) {
      const id = idOf(clientKey, key);
      const record = sighted(load(id), { id, kind: clientKey.kind, now: clock.now() }, sighting);
      records.set(id, record);
      unsaved.set(id, { record, requests: (unsaved.get(id)?.requests ?? 0) + 1 });
      if (unsaved.size >= 1_000) flush();
      return record;
    },
    find: (clientKey) => load(idOf(clientKey, key)),
    get: (id) => load(id),
    list({ limit, offset }) {
      flush();
      return (sql.list.all(limit, offset) as unknown as Row[]).map(toRecord);
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
      durably(() => sql.forget.run(id));
    },
    close() {
      timer.cancel();
      flush();
      database.close();
    },
  };
}

function prepareStatements(
  database: DatabaseSync,
): Record<
  'version' | 'find' | 'list' | 'see' | 'assign' | 'choose' | 'forget' | 'dropOld' | 'dropExcess',
  StatementSync
> {
  return {
    version: database.prepare('PRAGMA data_version'),
    find: database.prepare('SELECT * FROM client WHERE id = ?'),
    list: database.prepare('SELECT * FROM client ORDER BY last_seen DESC, id LIMIT ? OFFSET ?'),
    see: database.prepare(`INSERT INTO client (id, kind, seen, first_seen, last_seen, requests) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, last_seen = excluded.last_seen, requests = requests + excluded.requests`),
    assign: database.prepare('UPDATE client SET profile = ? WHERE id = ?'),
    choose: database.prepare('UPDATE client SET settings = ?, sites = coalesce(?, sites) WHERE id = ?'),
    forget: database.prepare('DELETE FROM client WHERE id = ?'),
    // What a person or an admin has decided is kept as long as the client comes back at all.
    dropOld: database.prepare('DELETE FROM client WHERE last_seen < ?'),
    dropExcess: database.prepare(`DELETE FROM client WHERE id IN (
      SELECT id FROM client ORDER BY (profile IS NOT NULL OR settings IS NOT NULL) DESC, last_seen DESC LIMIT -1 OFFSET ?)`),
  };
}

function saveSightings(
  database: DatabaseSync,
  sql: { see: StatementSync },
  pending: readonly { record: ClientRecord; requests: number }[],
): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const { record, requests } of pending) {
      const { id, kind, firstSeen, lastSeen, ...rest } = record;
      const seen = JSON.stringify({
        class: rest.class,
        preset: rest.preset,
        evidence: rest.evidence,
        userAgent: rest.userAgent,
      });
      sql.see.run(id, kind, seen, firstSeen, lastSeen, requests);
    }
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
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

function durably(write: () => unknown): void {
  try {
    write();
  } catch (cause) {
    throw new GatewayError('STORE_FULL', {}, { cause });
  }
}

/** Makes the SQLite data set of the demo (`demo/data/harbour.db`): two years at Port Halyard, the same at every run. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { demoData } from '../demo/demo-data.ts';

const FOLDER = demoData['sql-data']!;
const MONTHS = 24;
/** Tonnes in a good month, the month (from 0) that is best, and a price in euros a kilogram. */
const SPECIES = [
  ['cod', 42, 2, 4.1],
  ['herring', 88, 8, 1.2],
  ['mackerel', 61, 6, 1.9],
  ['crab', 9, 5, 11.4],
] as const;
const VESSELS = [
  ['ferry', 180, 46],
  ['fishing boat', 210, 5],
  ['yacht', 75, 3],
  ['freighter', 14, 11],
] as const;

const SCHEMA = `
  PRAGMA page_size = 1024;
  CREATE TABLE landings (month TEXT NOT NULL, species TEXT NOT NULL, tonnes REAL NOT NULL, euros_per_kg REAL NOT NULL, PRIMARY KEY (month, species)) WITHOUT ROWID;
  CREATE TABLE arrivals (month TEXT NOT NULL, vessel TEXT NOT NULL, calls INTEGER NOT NULL, persons INTEGER NOT NULL, PRIMARY KEY (month, vessel)) WITHOUT ROWID;
  CREATE TABLE berths (berth TEXT PRIMARY KEY, depth_m REAL NOT NULL, for_whom TEXT NOT NULL) WITHOUT ROWID;
  CREATE VIEW landings_by_month AS SELECT month, round(sum(tonnes), 1) AS tonnes, round(sum(tonnes * euros_per_kg)) AS thousand_euros FROM landings GROUP BY month;`;

/** Between 0.85 and 1.15, the same for the same numbers. */
function weather(month: number, kind: number): number {
  const mixed = Math.imul(month * 31 + kind * 17 + 7, 2_654_435_761) >>> 8;
  return 0.85 + ((mixed % 1_000) / 1_000) * 0.3;
}

function season(month: number, best: number, swing: number): number {
  return 1 + swing * Math.cos(((month - best) / 12) * 2 * Math.PI);
}

mkdirSync(FOLDER, { recursive: true });
const file = join(FOLDER, 'harbour.db');
rmSync(file, { force: true });
const database = new DatabaseSync(file);
database.exec(SCHEMA);
const landed = database.prepare('INSERT INTO landings VALUES (?, ?, ?, ?)');
const arrived = database.prepare('INSERT INTO arrivals VALUES (?, ?, ?, ?)');
database.exec('BEGIN');
for (let month = 0; month < MONTHS; month++) {
  const name = `${2024 + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}`;
  for (const [index, [species, tonnes, best, price]] of SPECIES.entries()) {
    const amount = tonnes * season(month, best, 0.6) * weather(month, index);
    const paid = price * (2 - season(month, best, 0.15)) * weather(month, index + 10);
    landed.run(name, species, Math.round(amount * 10) / 10, Math.round(paid * 100) / 100);
  }
  for (const [index, [vessel, calls, persons]] of VESSELS.entries()) {
    const number = Math.round(calls * season(month, 6, vessel === 'yacht' ? 0.9 : 0.25) * weather(month, index + 20));
    arrived.run(name, vessel, number, Math.round(number * persons * weather(month, index + 30)));
  }
}
const berth = database.prepare('INSERT INTO berths VALUES (?, ?, ?)');
for (const [name, depth, whom] of [
  ['A 1–4', 3.2, 'ferries'],
  ['A 5–9', 2.4, 'visitors, three nights at most'],
  ['B', 1.1, 'dinghies'],
] as const)
  berth.run(name, depth, whom);
database.exec('COMMIT; VACUUM');
database.close();

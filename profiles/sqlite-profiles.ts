/** The embedded profile store: one file shared by all processes of a server; a change is seen by the next request in each. */
import type { Clock } from '../core/clock.ts';
import { inTransaction, openDatabase } from '../core/database.ts';
import { GatewayError } from '../core/errors.ts';
import { checkIfMatch, editionTag } from '../core/if-match.ts';
import { makeRules, type ProfileRules } from './match-rules.ts';
import { presets } from './presets.ts';
import { type Profile, parseProfile } from './profile.ts';
import { chainOf, checkBase } from './profile-chain.ts';
import type { ProfileReplica, Profiles, StoredProfile } from './profiles.ts';

const MIGRATIONS = [
  `CREATE TABLE profile (name TEXT PRIMARY KEY, body TEXT NOT NULL, changed INTEGER NOT NULL) STRICT;`,
];

export interface ProfileStoreOptions {
  readonly file: string;
  readonly clock: Clock;
}

/** The profiles as they were at one moment. */
interface Edition {
  readonly byName: ReadonlyMap<string, StoredProfile>;
  readonly rules: ProfileRules;
}

export function openProfiles({ file, clock }: ProfileStoreOptions): Profiles & ProfileReplica {
  const database = openDatabase({ file, migrations: MIGRATIONS, durable: true });
  const sql = {
    version: database.prepare('PRAGMA data_version'),
    all: database.prepare('SELECT name, body FROM profile'),
    put: database.prepare('INSERT OR REPLACE INTO profile (name, body, changed) VALUES (?, ?, ?)'),
    remove: database.prepare('DELETE FROM profile WHERE name = ?'),
  };
  let seen: unknown;
  let edition: Edition | undefined;
  // data_version changes when another connection has written; our own writes drop the edition themselves.
  const current = (): Edition => {
    const version = sql.version.get()?.['data_version'];
    if (edition === undefined || version !== seen)
      edition = readEdition(sql.all.all() as unknown as { name: string; body: string }[]);
    seen = version;
    return edition;
  };
  const write = <T>(change: (edition: Edition) => T): T =>
    inTransaction(database, () => {
      edition = undefined;
      const result = change(current());
      edition = undefined;
      return result;
    });
  return {
    get: (name) => current().byName.get(name),
    list: () => [...current().byName.values()],
    match: (subject) => current().rules.match(subject),
    get hasAddressRules() {
      return current().rules.hasAddressRules;
    },
    chain: (name) => chainOf(current().byName, name),
    put(given, ifMatch) {
      const profile = parseProfile(given);
      return write(({ byName }) => {
        checkIfMatch(byName.get(profile.name)?.etag, ifMatch);
        checkBase(byName, profile);
        sql.put.run(profile.name, JSON.stringify(profile), clock.now());
        return toStored(profile, false);
      });
    },
    remove(name, ifMatch) {
      write(({ byName }) => {
        checkIfMatch(byName.get(name)?.etag, ifMatch);
        checkRemovable(byName, name);
        sql.remove.run(name);
      });
    },
    replicate(changes) {
      write(() => {
        for (const [name, profile] of changes)
          if (profile === undefined) sql.remove.run(name);
          else sql.put.run(name, JSON.stringify(profile), clock.now());
      });
    },
    close: () => database.close(),
  };
}

function readEdition(rows: readonly { name: string; body: string }[]): Edition {
  const stored = new Map<string, StoredProfile>();
  for (const { name, body } of rows) {
    const profile = readProfile(body);
    if (profile !== undefined) stored.set(name, toStored(profile, false));
  }
  const all = new Map<string, StoredProfile>();
  for (const [name, preset] of presets) all.set(name, stored.get(name) ?? toStored(preset, true));
  for (const [name, each] of [...stored].sort(([a], [b]) => (a < b ? -1 : 1))) all.set(name, each);
  return { byName: all, rules: makeRules([...stored.values()].map((each) => each.profile)) };
}

// One profile that cannot be read (of another version, or damaged) must not take the others away: it stays in the file
// and is not in force until it is put anew.
function readProfile(body: string): Profile | undefined {
  try {
    return parseProfile(JSON.parse(body));
  } catch {
    return undefined;
  }
}

function toStored(profile: Profile, preset: boolean): StoredProfile {
  return { profile, preset, etag: editionTag(JSON.stringify(profile)) };
}

function checkRemovable(byName: ReadonlyMap<string, StoredProfile>, name: string): void {
  const held = byName.get(name);
  if (held === undefined) throw new GatewayError('NOT_FOUND', { path: name });
  if (held.preset)
    throw new GatewayError('CONFLICT', { why: `\`${name}\` is a preset: it can be changed, not removed` });
  // Removing the change of a preset gives the preset back, so nobody loses a base.
  const users = [...byName.values()].filter((each) => each.profile.extends === name).map((each) => each.profile.name);
  if (users.length > 0 && !presets.has(name))
    throw new GatewayError('CONFLICT', { why: `\`${name}\` is the base of ${users.join(', ')}` });
}

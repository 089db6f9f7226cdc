/**
 * All sites: those of the SITES file, which are read-only and win, then those an admin has set. The admin's are kept in a
 * file that all processes share; a change is seen by the next request in each.
 */
import type { Clock } from '../core/clock.ts';
import { inTransaction, openDatabase } from '../core/database.ts';
import { GatewayError } from '../core/errors.ts';
import { checkIfMatch, editionTag, type IfMatch } from '../core/if-match.ts';
import { describeSite, parseSites, type ServedSite, type Site, type SiteDescription } from './sites.ts';

const MIGRATIONS = [
  'CREATE TABLE site_list (id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL, changed INTEGER NOT NULL) STRICT;',
];

/** A site with where it comes from. */
export interface ListedSite extends SiteDescription {
  readonly source: 'file' | 'api';
  readonly readOnly: boolean;
}

export interface Sites {
  /** In the order in which they are tried; the same object until something changes. */
  all(): readonly ServedSite[];
  list(): readonly ListedSite[];
  /** Entity tag of the admin's list. */
  etag(): string;
  /**
   * Replaces the admin's list, durably.
   *
   * @throws GatewayError CONFLICT for hosts of the SITES file, STALE, STORE_FULL.
   */
  replace(sites: readonly Site[], ifMatch?: IfMatch): void;
  close(): void;
}

/** The sites as they were at one moment. */
interface Edition {
  readonly own: readonly Site[];
  readonly all: readonly ServedSite[];
  readonly etag: string;
}

/** @param file Database file, or `:memory:`. */
export function openSites(
  file: string,
  { fromFile, clock }: { readonly fromFile: readonly Site[]; readonly clock: Clock },
): Sites {
  const database = openDatabase({ file, migrations: MIGRATIONS, durable: true });
  const version = database.prepare('PRAGMA data_version');
  const read = database.prepare('SELECT body FROM site_list');
  const write = database.prepare('INSERT OR REPLACE INTO site_list VALUES (1, ?, ?)');
  let seen: unknown;
  let edition: Edition | undefined;
  const current = (): Edition => {
    const held = version.get()?.['data_version'];
    if (edition === undefined || held !== seen) edition = readEdition(read.get()?.['body'], fromFile);
    seen = held;
    return edition;
  };
  return {
    all: () => current().all,
    list: () => [
      ...fromFile.map((site) => ({ ...describeSite(site), source: 'file' as const, readOnly: true })),
      ...current().own.map((site) => ({ ...describeSite(site), source: 'api' as const, readOnly: false })),
    ],
    etag: () => current().etag,
    replace(sites, ifMatch) {
      const taken = sites.find(({ host }) => fromFile.some((each) => each.host === host));
      if (taken !== undefined)
        throw new GatewayError('CONFLICT', { why: `the host \`${taken.host}\` stands in the SITES file, which wins` });
      inTransaction(database, () => {
        edition = undefined;
        checkIfMatch(current().etag, ifMatch);
        write.run(JSON.stringify(sites.map(describeSite)), clock.now());
        edition = undefined;
      });
    },
    close: () => database.close(),
  };
}

// A file that cannot be read (of another version, or damaged) must not take the other sites away.
function readEdition(body: unknown, fromFile: readonly Site[]): Edition {
  let own: readonly Site[] = [];
  try {
    if (typeof body === 'string') own = parseSites(JSON.parse(body));
  } catch {
    own = [];
  }
  // A host that has come into the SITES file since is served as that says.
  const free = own.filter(({ host }) => !fromFile.some((each) => each.host === host));
  return {
    own: free,
    all: [...fromFile.map((site) => ({ ...site, source: 'file' as const })), ...free],
    etag: editionTag(JSON.stringify(free.map(describeSite))),
  };
}

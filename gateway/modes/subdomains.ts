/** SUBDOMAINS: in prefix mode each upstream origin has a client-visible origin of its own (S-2, threat 24). */
import { createHash } from 'node:crypto';
import { openDatabase } from '../../core/database.ts';
import { subdomainOf } from '../../core/links/address-map.ts';
import { parseLabel } from '../../core/links/subdomain-label.ts';
import { hostNameOf } from '../address.ts';
import type { Peer } from '../received.ts';

export interface Subdomains {
  /** The name below which they are. */
  readonly name: string;
  /** The same as an origin, with the scheme and port by which a client knows the gateway. */
  belowFor(peer: Pick<Peer, 'secure' | 'localPort'>): string;
  /** True when an authority is below the name, whether it stands for an origin or not. */
  isBelow(authority: string): boolean;
  /** The upstream origin that an authority below the name stands for; `undefined` for none. */
  originOf(authority: string): string | undefined;
  /** The origin below `below` by which clients know an upstream origin. */
  subdomainOf(below: string, origin: string): string;
  close(): void;
}

export interface SubdomainOptions {
  readonly name: string;
  /** Origin under which clients know the gateway. */
  readonly publicOrigin: () => string;
  /** Keeps origins whose names are too long for a label; shared by the processes of an installation. */
  readonly file: string;
}

const MIGRATIONS = ['CREATE TABLE origin (label TEXT PRIMARY KEY, origin TEXT NOT NULL) STRICT;'];
/** Most long names kept; the oldest go first. */
const MAX_LONG = 10_000;

export function openSubdomains({ name, publicOrigin, file }: SubdomainOptions): Subdomains {
  const database = openDatabase({ file, migrations: MIGRATIONS, durable: false });
  const find = database.prepare('SELECT origin FROM origin WHERE label = ?');
  const put = database.prepare('INSERT OR IGNORE INTO origin (label, origin) VALUES (?, ?)');
  const bound = database.prepare(
    'DELETE FROM origin WHERE rowid IN (SELECT rowid FROM origin ORDER BY rowid DESC LIMIT -1 OFFSET ?)',
  );
  const labelOf = (authority: string) => hostNameOf(authority).slice(0, -name.length - 1);
  const subdomains: Subdomains = {
    name,
    belowFor({ secure, localPort }) {
      const { protocol, port } = new URL(publicOrigin());
      // Who came without TLS may know none (design part 2, TLS_PORT).
      if (protocol === 'https:' && !secure) return `http://${name}:${localPort}`;
      return `${protocol}//${name}${port === '' ? '' : `:${port}`}`;
    },
    isBelow: (authority) => hostNameOf(authority).endsWith(`.${name}`),
    originOf(authority) {
      if (!subdomains.isBelow(authority)) return undefined;
      const label = labelOf(authority);
      const origin = parseLabel(label) ?? find.get(label)?.['origin'];
      return typeof origin === 'string' ? origin : undefined;
    },
    subdomainOf(below, origin) {
      const short = subdomainOf(below, origin);
      if (short !== undefined) return short;
      const label = longLabel(origin);
      if (find.get(label) === undefined) {
        put.run(label, origin);
        bound.run(MAX_LONG);
      }
      return below.replace('://', `://${label}.`);
    },
    close: () => database.close(),
  };
  return subdomains;
}

// No label of `formatLabel` ends so. 160 bits: nobody finds a second origin for one.
function longLabel(origin: string): string {
  return `${createHash('sha256').update(origin).digest('hex').slice(0, 40)}---z`;
}

/** The set that fleets are measured with: `sql-data` and a database of a given size. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('../services/sql-data/', import.meta.url));
const PAGE_BYTES = 4_096;

/** The component with a version of its own, in a folder. */
export function copyComponent(folder: string, version: string): string {
  const home = join(folder, `sql-data-${version}`);
  cpSync(SOURCE, home, { recursive: true });
  const index = join(home, 'index.ts');
  writeFileSync(
    index,
    readFileSync(index, 'utf8').replace(/^const VERSION = '[^']+'/m, `const VERSION = '${version}'`),
  );
  return home;
}

/**
 * A database with a table `numbers` (`n`, `square`) and ballast.
 *
 * @param edition makes its bytes others than those of other editions
 */
export function makeDatabase(folder: string, bytes: number, edition: number): Uint8Array {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `edition-${edition}.db`);
  rmSync(file, { force: true });
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA page_size = ${PAGE_BYTES};
    CREATE TABLE numbers (n INTEGER PRIMARY KEY, square INTEGER NOT NULL);
    CREATE TABLE ballast (edition INTEGER NOT NULL, body BLOB NOT NULL);
    WITH RECURSIVE each (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM each WHERE n < 100)
      INSERT INTO numbers SELECT n, n * n FROM each;`);
  // What is left beside the ballast: the schema and the numbers.
  const ballast = Math.max(0, bytes - 6 * PAGE_BYTES);
  database.prepare('INSERT INTO ballast VALUES (?, randomblob(?))').run(edition, ballast);
  database.close();
  const made = readFileSync(file);
  rmSync(file);
  return made;
}

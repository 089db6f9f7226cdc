/** Data sets that the demo brings, by the service that answers from them. */
import { fileURLToPath } from 'node:url';

/** Folders by name of service; `harbour.db` is made by `scripts/make-demo-data.ts`. */
export const demoData: Readonly<Record<string, string>> = {
  'sql-data': fileURLToPath(new URL('./data/', import.meta.url)),
};

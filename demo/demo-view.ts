/** The view of the demo, `/-/views/harbour`: a page over a database service of the gateway and the demo site's own data. */
import { readFileSync } from 'node:fs';

/** Its name, unless an admin keeps a view of that name. */
export const DEMO_VIEW = 'harbour';

/** @param origin Where the demo site is. */
export function readDemoView(origin: string): string {
  return readFileSync(new URL('./harbour-view.md', import.meta.url), 'utf8').replaceAll('DEMO', origin);
}

/** All screens of the admin UI. */
import type { Admin } from '../admin.ts';
import type { Screen } from './screen.ts';
import { overviewScreens } from './screens/overview.ts';

export function uiScreens(admin: Admin): readonly Screen[] {
  return [...overviewScreens(admin)];
}

/** All screens of the admin UI. */
import type { Admin } from '../admin.ts';
import type { Screen } from './screen.ts';
import { auditScreens } from './screens/audit.ts';
import { clientScreens } from './screens/clients.ts';
import { fleetScreens } from './screens/fleet.ts';
import { fleetPlanScreens } from './screens/fleet-plan.ts';
import { fleetServerScreens } from './screens/fleet-servers.ts';
import { formatterScreens } from './screens/formatters.ts';
import { overviewScreens } from './screens/overview.ts';
import { previewScreens } from './screens/preview.ts';
import { profileEditorScreens } from './screens/profile-editor.ts';
import { profileJsonScreens } from './screens/profile-json.ts';
import { profileScreens } from './screens/profiles.ts';
import { siteScreens } from './screens/sites.ts';
import { trafficScreens } from './screens/traffic.ts';
import { viewScreens } from './screens/views.ts';

export function uiScreens(admin: Admin): readonly Screen[] {
  return [
    overviewScreens,
    profileScreens,
    profileEditorScreens,
    profileJsonScreens,
    clientScreens,
    previewScreens,
    formatterScreens,
    siteScreens,
    viewScreens,
    trafficScreens,
    fleetScreens,
    fleetServerScreens,
    fleetPlanScreens,
    auditScreens,
  ].flatMap((makeScreens) => makeScreens(admin));
}

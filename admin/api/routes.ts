/** All routes of the admin API. */
import type { Admin } from '../admin.ts';
import { auditRoutes } from './audit.ts';
import { clientRoutes } from './clients.ts';
import { componentRoutes } from './components.ts';
import { fleetRoutes } from './fleet.ts';
import { formatterRoutes } from './formatters.ts';
import { healthRoutes } from './health.ts';
import { metricsRoutes } from './metrics.ts';
import { openApiRoute } from './openapi.ts';
import { previewRoutes } from './preview.ts';
import { profileRoutes } from './profiles.ts';
import type { ApiRoute } from './route.ts';
import { siteRoutes } from './sites.ts';
import { statsRoutes } from './stats.ts';
import { viewRoutes } from './views.ts';

export function apiRoutes(admin: Admin): readonly ApiRoute[] {
  const routes: ApiRoute[] = [
    ...healthRoutes(admin),
    ...profileRoutes(admin),
    ...clientRoutes(admin),
    ...formatterRoutes(admin),
    ...componentRoutes(admin),
    ...siteRoutes(admin),
    ...viewRoutes(admin),
    ...previewRoutes(admin),
    ...fleetRoutes(admin),
    ...statsRoutes(admin),
    ...metricsRoutes(admin),
    ...auditRoutes(admin),
  ];
  return [...routes, openApiRoute(() => routes)];
}

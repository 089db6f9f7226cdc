/** Services and updaters: how they are. */
import { z } from 'zod';
import type { Admin } from '../admin.ts';
import type { ApiRoute } from './route.ts';

const componentSchema = z.object({
  name: z.string(),
  kind: z.enum(['service', 'updater']),
  version: z.string(),
  thirdParty: z.boolean(),
  state: z.enum(['idle', 'running', 'resting']),
  faults: z.int(),
  lastFault: z.string().nullable(),
  runs: z.object({ lastRun: z.number().nullable(), failures: z.int(), error: z.string().nullable() }).optional(),
});

export function componentRoutes({ services }: Admin): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/api/components',
      summary: 'Services and updaters, with their faults of the last minute; of an updater how its runs went.',
      answers: [{ status: 200, description: 'All.', schema: z.object({ components: z.array(componentSchema) }) }],
      handle: () => ({
        json: {
          components: services.status().map(({ runs, ...rest }) => ({
            ...rest,
            lastFault: rest.lastFault ?? null,
            ...(runs === undefined
              ? {}
              : { runs: { ...runs, lastRun: runs.lastRun ?? null, error: runs.error ?? null } }),
          })),
        },
      }),
    },
  ];
}

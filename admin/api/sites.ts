/** Sites the gateway stands in front of. */
import { z } from 'zod';
import type { Admin } from '../admin.ts';
import type { ApiResult, ApiRoute } from './route.ts';

const siteSchema = z.object({
  host: z.string(),
  upstream: z.string(),
  profile: z.string().optional(),
  trust: z.boolean(),
  gatewayPath: z.string(),
  data: z.array(z.string()),
  personal: z.boolean(),
});
const listSchema = z.object({
  sites: z.array(siteSchema.extend({ source: z.enum(['file', 'api']), readOnly: z.boolean() })),
});
const givenSchema = z.array(siteSchema.partial().required({ host: true, upstream: true }));

export function siteRoutes({ sites, siteActions }: Admin): ApiRoute[] {
  const all = (): ApiResult => ({ json: { sites: sites.list() }, fields: { etag: sites.etag() } });
  return [
    {
      method: 'GET',
      path: '/api/sites',
      summary: 'All sites in the order in which they are tried; those of the SITES file are read-only and win.',
      answers: [
        { status: 200, description: 'Them; the ETag is that of the list that can be set.', schema: listSchema },
      ],
      handle: all,
    },
    {
      method: 'PUT',
      path: '/api/sites',
      summary: 'Replaces the sites that are set here; hosts of the SITES file are 409.',
      body: { schema: z.union([givenSchema, z.object({ sites: givenSchema })]) },
      isConditional: true,
      answers: [{ status: 200, description: 'All sites.', schema: listSchema }],
      async handle(call) {
        siteActions.replace(await call.json(), call);
        return all();
      },
    },
  ];
}

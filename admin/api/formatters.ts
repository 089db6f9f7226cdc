/** Formatters: how they are, and their switches. */
import { z } from 'zod';
import { GatewayError } from '../../core/errors.ts';
import type { Admin } from '../admin.ts';
import type { ApiRoute } from './route.ts';

const formatterSchema = z.object({
  name: z.string(),
  version: z.string(),
  faults: z.int(),
  suspended: z.boolean(),
  enabled: z.boolean(),
});
const switchSchema = z.object({ enabled: z.boolean() });

export function formatterRoutes({ formatterActions }: Admin): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/api/formatters',
      summary: 'Formatters, with their faults of the last minute.',
      answers: [{ status: 200, description: 'All.', schema: z.object({ formatters: z.array(formatterSchema) }) }],
      handle: () => ({ json: { formatters: formatterActions.list() } }),
    },
    {
      method: 'PATCH',
      path: '/api/formatters/:name',
      summary: 'Switches a formatter on or off.',
      body: { schema: switchSchema },
      answers: [{ status: 200, description: 'The formatter.', schema: formatterSchema }],
      async handle(call) {
        const body = switchSchema.safeParse(await call.json());
        if (!body.success) throw new GatewayError('BAD_INPUT', { why: '`enabled` must be true or false' });
        return { json: formatterActions.set(call.names['name']!, body.data.enabled, call.actor) };
      },
    },
  ];
}

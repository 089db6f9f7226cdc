/** The fleet: its state, and what operators do to it (design part 8). */
import { Readable } from 'node:stream';
import { z } from 'zod';
import { GatewayError } from '../../core/errors.ts';
import { uploadOf } from '../../gateway/upload.ts';
import type { Admin } from '../admin.ts';
import type { ApiRoute } from './route.ts';

const setSchema = z.object({
  name: z.string(),
  version: z.string(),
  replicas: z.number(),
  assigned: z.array(z.string()),
  ready: z.array(z.string()),
  holders: z.array(
    z.object({
      server: z.string(),
      version: z.string(),
      editions: z.record(z.string(), z.number()),
      isReady: z.boolean(),
    }),
  ),
  editions: z.record(z.string(), z.number()),
  why: z.array(z.string()),
});
const statusSchema = z.object({
  server: z.string(),
  registry: z.object({ kind: z.enum(['local', 'nats']), isConnected: z.boolean() }),
  manager: z.string().nullable(),
  serial: z.number(),
  plan: z
    .looseObject({
      functionSets: z.record(z.string(), z.unknown()),
      placement: z.record(z.string(), z.unknown()),
      routes: z.array(z.unknown()),
      sites: z.array(z.unknown()),
      authority: z.record(z.string(), z.string()),
    })
    .nullable(),
  servers: z.array(z.looseObject({ name: z.string(), url: z.string(), key: z.string(), zone: z.string() })),
  sets: z.array(setSchema),
  authorities: z.record(z.string(), z.string()),
  drift: z.array(z.string()),
  isSettled: z.boolean(),
});
const changeSchema = z.object({
  serial: z.number(),
  changes: z.array(z.looseObject({ sentence: z.string() })),
  shifts: z.array(z.looseObject({ server: z.string(), sentence: z.string() })),
  unmet: z.array(z.looseObject({ set: z.string(), sentence: z.string() })),
  missing: z.array(z.string()),
});
const planSchema = z.looseObject({ functionSets: z.record(z.string(), z.unknown()).optional() });
const signedSchema = z.object({ serial: z.number(), text: z.string(), key: z.string(), signature: z.string() });
const pushedSchema = z.object({
  digest: z.string(),
  kind: z.enum(['bundle', 'data']),
  name: z.string().optional(),
  version: z.string().optional(),
});
const drainSchema = z.strictObject({ draining: z.boolean() });

/** Most bytes of a bundle or a data set that is pushed: 4 GiB. */
const MAX_BLOB_BYTES = 4 * 1024 ** 3;

export function fleetRoutes({ fleetActions }: Admin): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/api/fleet',
      summary: 'Servers, function sets, versions and editions, ready or why not, and what differs from the plan.',
      answers: [{ status: 200, description: 'All of it.', schema: statusSchema }],
      handle: () => ({ json: fleetActions.status() }),
    },
    {
      method: 'POST',
      path: '/api/fleet/plan',
      summary: 'What a plan, signed or not, would change. Nothing is done.',
      body: { schema: planSchema },
      answers: [{ status: 200, description: 'The changes.', schema: changeSchema }],
      handle: async (call) => ({ json: await fleetActions.plan(await call.json()) }),
    },
    {
      method: 'POST',
      path: '/api/fleet/apply',
      summary: 'Takes a signed plan and tells the fleet; one that no trusted key has signed, or an older one, is 422.',
      body: { schema: signedSchema },
      answers: [{ status: 200, description: 'The changes that have begun.', schema: changeSchema }],
      handle: async (call) => ({ json: await fleetActions.apply(await call.json(), call.actor) }),
    },
    {
      method: 'POST',
      path: '/api/fleet/blobs',
      summary: 'Keeps a bundle or a data set here, from where other servers pull it.',
      query: { kind: '`bundle` where it is meant to be one: then it is 422 unless a trusted key has signed it' },
      body: { types: ['application/octet-stream'] },
      answers: [{ status: 201, description: 'Its digest.', schema: pushedSchema }],
      async handle({ received, query, actor }) {
        const body = uploadOf(received, MAX_BLOB_BYTES);
        // A data set may well be empty.
        const isEmpty = received.fields.get('content-length') === '0';
        if (body === undefined && !isEmpty) throw new GatewayError('BAD_REQUEST', { why: 'the body is missing' });
        const bytes = body ?? Readable.from([]);
        return { status: 201, json: await fleetActions.push(bytes, query.get('kind') === 'bundle', actor) };
      },
    },
    {
      method: 'POST',
      path: '/api/fleet/servers/:name/drain',
      summary: 'Takes a server out of use, or back into it.',
      body: { schema: drainSchema },
      answers: [{ status: 200, description: 'The state of the fleet.', schema: statusSchema }],
      async handle(call) {
        const body = drainSchema.safeParse(await call.json());
        if (!body.success) throw new GatewayError('BAD_INPUT', { why: 'the body must be {"draining": true or false}' });
        await fleetActions.drain(call.names['name']!, body.data.draining, call.actor);
        return { json: fleetActions.status() };
      },
    },
  ];
}

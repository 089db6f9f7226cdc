/** Client records: listed, given a profile, made into one. */
import { z } from 'zod';
import { GatewayError } from '../../core/errors.ts';
import { CLIENT_CLASSES } from '../../profiles/client-class.ts';
import { profileSchema } from '../../profiles/profile.ts';
import type { Admin } from '../admin.ts';
import { jsonValue } from './json-value.ts';
import { shown } from './profiles.ts';
import { readWhole } from './query.ts';
import type { ApiRoute } from './route.ts';

const clientSchema = z.object({
  id: z.string(),
  kind: z.enum(['user', 'cookie', 'address']),
  class: z.enum(CLIENT_CLASSES),
  preset: z.string(),
  evidence: z.array(z.string()),
  userAgent: z.string(),
  firstSeen: z.number(),
  lastSeen: z.number(),
  requests: z.int(),
  saved: z.int(),
  profile: z.string().optional(),
  settings: z.record(z.string(), jsonValue).optional(),
  sites: z.record(z.string(), jsonValue),
});
const assignedSchema = z.strictObject({ profile: z.string().nullable() });
const wantedSchema = z.strictObject({ name: z.string().optional(), title: z.string().optional() });

export function clientRoutes({ clients, clientActions }: Admin): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/api/clients',
      summary: 'Clients that were seen, the latest first.',
      query: {
        class: 'Only clients of this class.',
        q: 'Only clients with this in their User-Agent or profile, or of this id.',
        limit: 'How many, up to 1,000. Default 100.',
        offset: 'How many are left out before.',
      },
      answers: [{ status: 200, description: 'Them.', schema: z.object({ clients: z.array(clientSchema) }) }],
      handle({ query }) {
        const wanted = query.get('class') ?? undefined;
        if (wanted !== undefined && !(CLIENT_CLASSES as readonly string[]).includes(wanted))
          throw new GatewayError('BAD_INPUT', { why: `\`class\` must be one of ${CLIENT_CLASSES.join(', ')}` });
        const limit = readWhole(query, 'limit', { fallback: 100, max: 1_000 });
        const offset = readWhole(query, 'offset', { fallback: 0, max: 1_000_000 });
        const text = query.get('q')?.trim() || undefined;
        return { json: { clients: clients.list({ limit, offset, class: wanted, text }) } };
      },
    },
    {
      method: 'PATCH',
      path: '/api/clients/:id',
      summary: 'Assigns a profile to a client, or takes it away.',
      body: { schema: assignedSchema },
      answers: [{ status: 200, description: 'The client.', schema: clientSchema }],
      async handle(call) {
        const body = assignedSchema.safeParse(await call.json());
        if (!body.success) throw new GatewayError('BAD_INPUT', { why: 'the body must be {"profile": name or null}' });
        return { json: clientActions.assign(call.names['id']!, body.data.profile, call.actor) };
      },
    },
    {
      method: 'DELETE',
      path: '/api/clients/:id',
      summary: 'Forgets a client: what was detected, assigned and chosen.',
      answers: [{ status: 204, description: 'It is forgotten.' }],
      handle(call) {
        clientActions.forget(call.names['id']!, call.actor);
        return { status: 204 };
      },
    },
    {
      method: 'POST',
      path: '/api/clients/:id/profile',
      summary: 'Makes a stored profile of a detected client: it extends its preset and matches its kind.',
      body: { schema: wantedSchema, isOptional: true },
      answers: [{ status: 201, description: 'The profile, with its Location and ETag.', schema: profileSchema }],
      async handle(call) {
        const body = wantedSchema.safeParse(call.received.hasBody ? await call.json() : {});
        if (!body.success)
          throw new GatewayError('BAD_INPUT', { why: 'the body must be {"name": text, "title": text}, each optional' });
        return shown(await clientActions.makeProfile(call.names['id']!, body.data, call.actor), 201);
      },
    },
  ];
}

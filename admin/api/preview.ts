/** Previews: why a client would get what it would get, and frames that show it. */
import { z } from 'zod';
import { GatewayError } from '../../core/errors.ts';
import { PRESENTATIONS } from '../../core/presentation.ts';
import { profileSchema } from '../../profiles/profile.ts';
import type { Admin } from '../admin.ts';
import type { Side } from '../preview/frames.ts';
import { parsePreview } from '../preview/preview.ts';
import { jsonValue } from './json-value.ts';
import { mergedValues } from './profile-schemas.ts';
import type { ApiRoute } from './route.ts';

const requestSchema = z.strictObject({
  url: z.string(),
  profile: z.string().optional(),
  client: z.string().optional(),
  fields: z.record(z.string(), z.string()).optional(),
  as: z.enum(PRESENTATIONS).optional(),
  options: profileSchema.shape.prefers,
});
const plannedStep = z.object({
  formatter: z.string(),
  version: z.string(),
  from: z.string(),
  to: z.string(),
  keeps: z.number(),
  cost: z.number(),
});
const explanationSchema = z.object({
  target: z.string(),
  mode: z.string(),
  presentation: z.string().nullable(),
  client: z.object({
    class: z.string(),
    preset: z.string(),
    evidence: z.array(z.string()),
    profile: z.string().nullable(),
    reason: z.string(),
  }),
  preferences: mergedValues,
  original: z.object({ status: z.int(), type: z.string(), bytes: z.int().nullable() }),
  plan: z.array(plannedStep),
  alternatives: z.array(z.object({ plan: z.array(plannedStep), why: z.string() })),
  steps: z.array(z.object({ formatter: z.string(), ms: z.number(), bytesIn: z.int(), bytesOut: z.int() })),
  notes: z.array(z.object({ formatter: z.string(), event: z.string(), fields: z.record(z.string(), jsonValue) })),
  reply: z.object({ type: z.string(), bytes: z.int().nullable(), chain: z.string() }),
  vary: z.string().nullable(),
  cache: z.object({ origin: z.enum(['hit', 'miss']), variant: z.enum(['hit', 'miss', 'none']) }),
});

export function previewRoutes({ preview, frames }: Admin): ApiRoute[] {
  const frame = (side: Side, summary: string): ApiRoute => ({
    method: 'GET',
    path: `/preview/${side}/:id`,
    summary,
    // The id, which nobody can guess, is the right to see it: a frame can send no token.
    access: 'anybody',
    answers: [{ status: 200, description: 'A page for a frame of this listener.', type: 'text/html' }],
    handle({ names }) {
      const reply = frames.show(names['id']!, side);
      if (reply === undefined) throw new GatewayError('NOT_FOUND', { path: `/preview/${side}/…` });
      return { status: 200, body: reply.body!, fields: Object.fromEntries(reply.fields) };
    },
  });
  return [
    {
      method: 'POST',
      path: '/api/preview',
      summary: 'Runs the steps of a request for a client that is only described, and explains the reply.',
      body: { schema: requestSchema },
      answers: [
        {
          status: 200,
          description: 'The explanation; `Link` names frames that show both bodies for ten minutes.',
          schema: explanationSchema,
        },
      ],
      async handle(call) {
        const explained = await preview(parsePreview(await call.json()), call.received.connection.signal);
        const id = frames.keep(explained);
        return {
          json: explained.explanation,
          fields: { link: `</preview/original/${id}>; rel="original", </preview/adapted/${id}>; rel="preview"` },
        };
      },
    },
    frame('original', 'The original of a preview, in a sandbox.'),
    frame('adapted', 'What a preview came to, in a sandbox.'),
  ];
}

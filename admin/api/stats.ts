/** Figures of the traffic, and the traffic itself. */
import { z } from 'zod';
import { asks, parseAccept } from '../../core/accept.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Admin } from '../admin.ts';
import { readWhole } from './query.ts';
import type { ApiRoute } from './route.ts';

const hits = z.object({ asked: z.int(), hits: z.int() });
const countsSchema = z.object({
  requests: z.int(),
  failures: z.int(),
  bytesOriginal: z.int(),
  bytesSent: z.int(),
  bytesSaved: z.int(),
  origin: hits,
  variant: hits,
  ms: z.number(),
});
const byName = z.record(z.string(), countsSchema);
const spanSchema = z.object({
  counts: countsSchema,
  byClass: byName,
  byMode: byName,
  byPresentation: byName,
  byStatus: byName,
  failures: z.record(z.string(), z.int()),
  hitRatio: z.object({ origin: z.number().nullable(), variant: z.number().nullable() }),
});
const statsSchema = z.object({
  uptimeSeconds: z.int(),
  total: spanSchema,
  lastHour: spanSchema,
  lastDay: spanSchema,
  minutes: z.array(countsSchema.extend({ minute: z.int() })),
  formatters: z.record(
    z.string(),
    z.object({ runs: z.int(), ms: z.number(), faults: z.int(), refusals: z.int(), suspended: z.boolean() }),
  ),
  pool: z.object({ size: z.int(), busy: z.int(), queued: z.int() }),
  workers: z.int(),
});
const cache = z.enum(['hit', 'miss', 'none']);
const entrySchema = z.object({
  id: z.int(),
  at: z.int(),
  client: z.string().nullable(),
  class: z.string(),
  mode: z.string(),
  host: z.string(),
  status: z.int(),
  from: z.string(),
  to: z.string(),
  presentation: z.string(),
  chain: z.string(),
  bytesOriginal: z.int().nullable(),
  bytesSent: z.int(),
  origin: cache,
  variant: cache,
  ms: z.number(),
  failure: z.string().nullable(),
});

export function statsRoutes({ stats, live, traffic }: Admin): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/api/stats',
      summary: 'Figures of all workers: ever, of the last hour and of the last day.',
      query: { minutes: '`hour` (default) or `day`: how far back the figures by minute reach.' },
      answers: [{ status: 200, description: 'The figures.', schema: statsSchema }],
      handle({ query }) {
        const minutesOf = query.get('minutes') ?? 'hour';
        if (minutesOf !== 'hour' && minutesOf !== 'day')
          throw new GatewayError('BAD_INPUT', { why: '`minutes` must be hour or day' });
        traffic.flush();
        return { json: stats(minutesOf) };
      },
    },
    {
      method: 'GET',
      path: '/api/traffic',
      summary: 'New exchanges as server-sent events named `exchange`; as JSON the newest ones.',
      query: { limit: 'With JSON: how many, up to 1,000. Default 100.' },
      answers: [
        { status: 200, description: 'Events, without end.', type: 'text/event-stream' },
        {
          status: 200,
          description: 'Where Accept names JSON: the newest first.',
          schema: z.object({ exchanges: z.array(entrySchema) }),
        },
      ],
      handle({ received, query }) {
        const limit = readWhole(query, 'limit', { fallback: 100, max: 1_000 });
        if (asks(parseAccept(received.fields.get('accept')), 'application/json')) {
          traffic.flush();
          return { json: { exchanges: traffic.store.recent(limit) } };
        }
        const after = /^\d{1,15}$/.exec(received.fields.get('last-event-id') ?? '')?.[0];
        if (received.method === 'HEAD') return { body: new Uint8Array(), fields: EVENTS };
        return {
          body: live.listen(received.connection.signal, after === undefined ? undefined : Number(after)),
          fields: EVENTS,
        };
      },
    },
  ];
}

const EVENTS = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' };

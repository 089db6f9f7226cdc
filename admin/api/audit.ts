/** Who changed what. */
import { z } from 'zod';
import type { Admin } from '../admin.ts';
import { jsonValue } from './json-value.ts';
import { readWhole } from './query.ts';
import type { ApiRoute } from './route.ts';

const entrySchema = z.object({
  id: z.int(),
  at: z.int(),
  actor: z.object({ kind: z.enum(['token', 'session']), id: z.string(), address: z.string() }),
  action: z.string(),
  kind: z.string(),
  name: z.string(),
  before: jsonValue,
  after: jsonValue,
  result: z.string(),
});

export function auditRoutes({ audit }: Admin): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/api/audit',
      summary: 'Changes that were made or refused, the latest first.',
      query: {
        limit: 'How many, up to 1,000. Default 100.',
        before: 'Only changes before the one with this id.',
        kind: 'Only changes of profile, client, formatter, sites or view.',
        name: 'Only changes of what has this name.',
      },
      answers: [{ status: 200, description: 'Them.', schema: z.object({ changes: z.array(entrySchema) }) }],
      handle({ query }) {
        const limit = readWhole(query, 'limit', { fallback: 100, max: 1_000 });
        const before = readWhole(query, 'before', { fallback: Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
        const [kind, name] = [query.get('kind') ?? undefined, query.get('name') ?? undefined];
        return { json: { changes: audit.list({ limit, before, kind, name }) } };
      },
    },
  ];
}

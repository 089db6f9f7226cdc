/** Views: Markdown documents kept here. */
import { z } from 'zod';
import { asks, parseAccept } from '../../core/accept.ts';
import { GatewayError } from '../../core/errors.ts';
import { refuseUnsafeKeys } from '../../profiles/profile.ts';
import type { Admin } from '../admin.ts';
import type { ApiCall, ApiRoute } from './route.ts';

const NAME = '/api/views/:name';
/** Few programs know the type of Markdown: what they send a text as is taken for it. */
const VIEW_TYPES = ['text/markdown', 'application/json', 'text/plain', 'text/x-markdown'];
const viewSchema = z.object({ name: z.string(), markdown: z.string(), etag: z.string(), changed: z.number() });
const listSchema = z.object({
  views: z.array(viewSchema.omit({ markdown: true }).extend({ bytes: z.int() })),
});
const givenSchema = z.strictObject({ markdown: z.string() });

export function viewRoutes({ views, viewActions }: Admin): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/api/views',
      summary: 'Views by name, without their text.',
      answers: [{ status: 200, description: 'All.', schema: listSchema }],
      handle: () => ({ json: { views: views.list() } }),
    },
    {
      method: 'GET',
      path: NAME,
      summary: 'The Markdown of a view; JSON where Accept names it.',
      answers: [
        { status: 200, description: 'Its text, with its ETag.', type: 'text/markdown' },
        { status: 200, description: 'The same as data.', schema: viewSchema },
      ],
      handle({ names, received }) {
        const view = views.get(names['name']!);
        if (view === undefined) throw new GatewayError('NOT_FOUND', { path: `/api/views/${names['name']}` });
        const fields = { etag: view.etag, vary: 'Accept' };
        if (asks(parseAccept(received.fields.get('accept')), 'application/json')) return { json: view, fields };
        return {
          body: Buffer.from(view.markdown),
          fields: { ...fields, 'content-type': 'text/markdown; charset=utf-8' },
        };
      },
    },
    {
      method: 'PUT',
      path: NAME,
      summary: 'Makes or replaces a view, from Markdown (plain text is taken for it) or from JSON with `markdown`.',
      body: { types: VIEW_TYPES, schema: givenSchema },
      isConditional: true,
      answers: [
        { status: 200, description: 'The view, with its ETag.', schema: viewSchema },
        { status: 201, description: 'A view that is new.', schema: viewSchema },
      ],
      async handle(call) {
        const name = call.names['name']!;
        const { view, isNew } = viewActions.put(name, await readMarkdown(call), call);
        return isNew
          ? { status: 201, json: view, fields: { etag: view.etag, location: `/api/views/${name}` } }
          : { json: view, fields: { etag: view.etag } };
      },
    },
    {
      method: 'DELETE',
      path: NAME,
      summary: 'Removes a view.',
      isConditional: true,
      answers: [{ status: 204, description: 'It is gone.' }],
      handle(call) {
        viewActions.remove(call.names['name']!, call);
        return { status: 204 };
      },
    },
  ];
}

async function readMarkdown(call: ApiCall): Promise<string> {
  const { type, text } = await call.text(VIEW_TYPES);
  if (type !== 'application/json') return text;
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (cause) {
    throw new GatewayError('BAD_REQUEST', { why: 'the body is not JSON' }, { cause });
  }
  refuseUnsafeKeys(raw);
  const body = givenSchema.safeParse(raw);
  if (!body.success) throw new GatewayError('BAD_INPUT', { why: 'the body must be {"markdown": text}' });
  return body.data.markdown;
}

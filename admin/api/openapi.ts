/** The description of the API (OpenAPI 3.1), made from the routes themselves. */
import { z } from 'zod';
import { jsonValue } from './json-value.ts';
import type { ApiAnswer, ApiBody, ApiRoute } from './route.ts';

const PROBLEM = {
  description: 'What is wrong, and where (RFC 9457).',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};
const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  requestId: z.string(),
});

export function openApiRoute(routes: () => readonly ApiRoute[]): ApiRoute {
  const route: ApiRoute = {
    method: 'GET',
    path: '/api/openapi.json',
    summary: 'This description.',
    answers: [{ status: 200, description: 'OpenAPI 3.1.', schema: z.record(z.string(), jsonValue) }],
    handle: () => ({ json: describe([...routes(), route]) }),
  };
  return route;
}

function describe(routes: readonly ApiRoute[]): object {
  const paths: Record<string, Record<string, object>> = {};
  const schemas: Schemas = {};
  schemas['Problem'] = jsonSchema(problemSchema, 'output', schemas);
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = operation(route, schemas);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Format gateway admin API', version: '1' },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas,
    },
  };
}

/** Schemas that several others name, by their names. */
type Schemas = Record<string, object>;

function operation(route: ApiRoute, schemas: Schemas): object {
  const { body } = route;
  const named = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1]!);
  const parameters = [
    ...named.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...Object.entries(route.query ?? {}).map(([name, description]) => ({
      name,
      in: 'query',
      description,
      schema: { type: 'string' },
    })),
    ...(route.isConditional === true
      ? [{ name: 'If-Match', in: 'header', description: 'A stale tag is 412.', schema: { type: 'string' } }]
      : []),
  ];
  return {
    operationId: `${route.method.toLowerCase()}${route.path.replace(/[^a-z]+(\w?)/gi, (_, next: string) => next.toUpperCase())}`,
    summary: route.summary,
    ...(route.access === undefined || route.access === 'token' ? {} : { security: [{}, { token: [] }] }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: requestBody(body, schemas) }),
    responses: { ...responses(route.answers, schemas), default: PROBLEM },
  };
}

function requestBody({ types = ['application/json'], schema, isOptional }: ApiBody, schemas: Schemas): object {
  const of = (type: string) =>
    type === 'application/json' && schema !== undefined
      ? { schema: jsonSchema(schema, 'input', schemas) }
      : { schema: { type: 'string' } };
  return { required: isOptional !== true, content: Object.fromEntries(types.map((type) => [type, of(type)])) };
}

function responses(answers: readonly ApiAnswer[], schemas: Schemas): Record<string, object> {
  const byStatus: Record<string, { description: string; content?: Record<string, object> }> = {};
  for (const { status, description, type, schema } of answers) {
    const key = String(status);
    const content =
      schema !== undefined
        ? { 'application/json': { schema: jsonSchema(schema, 'output', schemas) } }
        : type === undefined
          ? undefined
          : { [type]: { schema: { type: 'string' } } };
    const held = byStatus[key];
    byStatus[key] = {
      description: held === undefined ? description : `${held.description} ${description}`,
      ...(content === undefined ? {} : { content: { ...held?.content, ...content } }),
    };
  }
  return byStatus;
}

/** A schema as it stands in the description. References count from its top: what they name is kept there (OpenAPI 3.1, 4.6). */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output', schemas: Schemas): object {
  const { $schema: _dialect, ...whole } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  const { $defs = {}, ...own } = JSON.parse(
    JSON.stringify(whole, (key, value) =>
      key === '$ref' && typeof value === 'string' ? value.replace('#/$defs/', '#/components/schemas/') : value,
    ),
  );
  Object.assign(schemas, $defs);
  return own;
}

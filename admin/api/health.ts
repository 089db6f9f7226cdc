/** Whether this server is there, and whether it is ready. */
import type { Admin } from '../admin.ts';
import type { ApiResult, ApiRoute } from './route.ts';

export function healthRoutes({ readiness }: Pick<Admin, 'readiness'>): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/healthz',
      summary: 'Whether this server is there.',
      access: 'anybody',
      answers: [{ status: 200, description: 'It is.', type: 'text/plain' }],
      handle: () => text(200, 'ok'),
    },
    {
      method: 'GET',
      path: '/readyz',
      summary: 'Whether this server takes requests.',
      access: 'anybody',
      answers: [
        { status: 200, description: 'It does.', type: 'text/plain' },
        { status: 503, description: 'Why it does not.', type: 'text/plain' },
      ],
      handle() {
        const why = readiness.whyNot();
        return text(why === undefined ? 200 : 503, why ?? 'ready');
      },
    },
  ];
}

function text(status: number, line: string): ApiResult {
  return { status, body: Buffer.from(`${line}\n`), fields: { 'content-type': 'text/plain; charset=utf-8' } };
}

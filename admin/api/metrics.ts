/** Prometheus' way to the figures. */
import type { Admin } from '../admin.ts';
import type { ApiRoute } from './route.ts';

export function metricsRoutes({ metrics, traffic }: Admin): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/metrics',
      summary: 'Figures of all workers in Prometheus’ text format.',
      // docs/decisions/metrics-access.md
      access: 'loopback',
      answers: [{ status: 200, description: 'The figures.', type: 'text/plain' }],
      async handle() {
        traffic.flush();
        return { body: Buffer.from(await metrics.read()), fields: { 'content-type': metrics.contentType } };
      },
    },
  ];
}

/** What `env.fetch` of a component comes to: the guarded egress, redirects followed by hand, nothing of the client along. */
import { Fields } from '../core/fields.ts';
import type { Egress } from '../egress/fetch-upstream.ts';
import { readBody } from '../egress/read-body.ts';
import { parseTargetUrl } from '../egress/target-url.ts';
import type { ComponentResponse, FetchForComponent } from '../formatters/pool/component-fetches.ts';
import type { FetchForService } from './services/host-calls.ts';

/** @param isOurs Whether a formatter ships with us. */
export function makeComponentFetch(egress: Egress, isOurs: (formatter: string) => boolean): FetchForComponent {
  // A page's own server, where it is a named one: not for the code of others.
  return async (url, signal, { formatter, job }) =>
    await fetchWhole(egress, { url, signal, grant: isOurs(formatter) ? job.grant : undefined });
}

/** `env.fetch` of services and updaters: what anybody may fetch. */
export function makeServiceFetch(egress: Egress): FetchForService {
  return async (url, signal) => await fetchWhole(egress, { url, signal, grant: undefined });
}

interface Wanted extends Pick<Parameters<Egress['fetchUpstream']>[0], 'grant'> {
  readonly url: string;
  readonly signal: AbortSignal;
}

async function fetchWhole(egress: Egress, { url, signal, grant }: Wanted): Promise<ComponentResponse> {
  const response = await egress.fetchUpstream({
    method: 'GET',
    url: parseTargetUrl(url),
    fields: new Fields(),
    signal,
    followRedirects: 'any',
    grant,
  });
  const body = await readBody(response, { maxBytes: 16_000_000, maxDecodedBytes: 32_000_000, signal });
  return {
    status: response.status,
    fields: Object.fromEntries(response.fields.entries()),
    body,
    url: response.url.href,
  };
}

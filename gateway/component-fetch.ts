/** What `env.fetch` of a component comes to. */
import { Fields } from '../core/fields.ts';
import type { Egress } from '../egress/fetch-upstream.ts';
import { readBody } from '../egress/read-body.ts';
import { parseTargetUrl } from '../egress/target-url.ts';
import type { FetchForComponent } from '../formatters/pool/component-fetches.ts';

/**
 * Fetches by the guarded egress, redirects followed by hand; nothing of the client goes along.
 *
 * @param isOurs Whether a formatter ships with us.
 */
export function makeComponentFetch(egress: Egress, isOurs: (formatter: string) => boolean): FetchForComponent {
  return async (url, signal, { formatter, job }) => {
    const response = await egress.fetchUpstream({
      method: 'GET',
      url: parseTargetUrl(url),
      fields: new Fields(),
      signal,
      followRedirects: 'any',
      // A page's own server, where it is a named one: not for the code of others.
      grant: isOurs(formatter) ? job.grant : undefined,
    });
    const body = await readBody(response, { maxBytes: 16_000_000, maxDecodedBytes: 32_000_000, signal });
    return {
      status: response.status,
      fields: Object.fromEntries(response.fields.entries()),
      body,
      url: response.url.href,
    };
  };
}

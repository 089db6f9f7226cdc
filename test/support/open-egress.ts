import { systemClock } from '../../core/clock.ts';
import { parseSettings } from '../../core/config.ts';
import { GatewayError } from '../../core/errors.ts';
import { Fields } from '../../core/fields.ts';
import { egressSettings } from '../../egress/config.ts';
import { type Egress, type EgressParts, openEgress } from '../../egress/fetch-upstream.ts';
import { readBody } from '../../egress/read-body.ts';
import type { UpstreamRequest } from '../../egress/upstream-request.ts';
import type { UpstreamResponse } from '../../egress/upstream-response.ts';

/** An egress with settings as the environment would give them; names resolve to nothing unless `resolve` is given. */
export function openTestEgress(environment: Record<string, string>, parts: Partial<EgressParts> = {}): Egress {
  return openEgress(parseSettings(egressSettings, environment), {
    clock: systemClock,
    ownListeners: () => [],
    resolve: async (host) => {
      throw Object.assign(new Error(`no such name: ${host}`), { code: 'ENOTFOUND' });
    },
    ...parts,
  });
}

type Options = Partial<Omit<UpstreamRequest, 'fields' | 'url'>> & { fields?: Record<string, string | string[]> };

/** Sends a GET unless told otherwise. */
export function send(
  egress: Egress,
  url: string | URL,
  { fields = {}, ...rest }: Options = {},
): Promise<UpstreamResponse> {
  return egress.fetchUpstream({ method: 'GET', url: new URL(url), ...rest, fields: Fields.from(fields) });
}

/** The whole body as text. */
export async function textOf(response: UpstreamResponse): Promise<string> {
  return Buffer.from(await readBody(response, { maxBytes: 10_000_000, maxDecodedBytes: 20_000_000 })).toString();
}

/** The code of the error a promise ends with, or `no error`. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof GatewayError ? error.code : String(error);
  }
  return 'no error';
}

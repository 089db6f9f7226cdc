/** The original of a target that is a function set: what the set says, its includes filled. */
import type { SetRoute } from '../../core/fleet.ts';
import { readMediaType } from '../../core/media-type.ts';
import { readWhole } from '../../formatters/pool/web-messages.ts';
import type { Exchange } from '../exchange.ts';
import { uploadOf } from '../upload.ts';
import type { FetchedOriginal } from './fetch-original.ts';
import { fillIncludes } from './fill-includes.ts';
import { asFetched } from './made-here.ts';
import { askSet } from './own-set.ts';

/** @throws GatewayError as `askSet` does, BODY_TOO_LARGE. */
export async function readSet(exchange: Exchange, route: SetRoute): Promise<FetchedOriginal> {
  const { gateway, received, target, order } = exchange;
  const started = gateway.clock.monotonic();
  const { maxUploadBytes } = gateway.limits;
  const upload = uploadOf(received, maxUploadBytes);
  const body = upload === undefined ? undefined : await readWhole(ReadableStream.from(upload), maxUploadBytes);
  const reply = await askSet(exchange, { route, method: order.method, url: target.url, body });
  const isPage = readMediaType(reply.fields.get('content-type'))?.essence === 'text/html';
  const filled = route.hasIncludes && isPage ? await fillIncludes(exchange, reply) : reply;
  exchange.timings.push({ name: 'set', ms: gateway.clock.monotonic() - started });
  return asFetched({ ...filled, url: target.url, now: gateway.clock.now(), freshSeconds: 0 });
}

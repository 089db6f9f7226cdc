/** `/-/services/NAME/…`: what services answer, below the mount of each. */
import { evaluateConditions } from '../../core/conditional.ts';
import { GatewayError } from '../../core/errors.ts';
import { readWhole } from '../../formatters/pool/web-messages.ts';
import type { Access } from '../access.ts';
import type { Received } from '../received.ts';
import type { Reply } from '../reply.ts';
import { fieldsForService, fieldsOfService, type ServiceMount } from '../services/service-fields.ts';
import type { Services } from '../services/services.ts';
import { uploadOf } from '../upload.ts';
import type { PageEntry } from './pages.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const PLACE = /^([^/?]*)(\/[^?]*)?(\?.*)?$/s;

/**
 * On an own host as open as prefix mode is; on a site's host to the site's visitors.
 *
 * @param maxBytes Most bytes of a request's body and of a reply.
 */
export function makeServicesPage(services: Services, access: () => Access, maxBytes: number): PageEntry {
  return {
    methods: METHODS,
    foreign: true,
    async handle(received, { site, gatewayPath }) {
      await access().check(received, { mode: site === undefined ? 'prefix' : 'reverse', picture: undefined });
      const root = `${gatewayPath}services/`;
      const [, name = '', path = '/', query = ''] = PLACE.exec(received.path.slice(root.length)) ?? [];
      if (name === '') throw new GatewayError('NOT_FOUND', { path: root });
      const request = await makeServiceRequest(received, path + query, maxBytes);
      const { origin } = new URL(request.url);
      const response = await services.answer(name, request);
      return await makeReply(received, response, { mount: root + name, origin, maxBytes });
    },
  };
}

async function makeServiceRequest(received: Received, path: string, maxBytes: number): Promise<Request> {
  const { method, fields, authority, peer, connection } = received;
  const upload = uploadOf(received, maxBytes);
  const body = upload === undefined ? undefined : await readWhole(ReadableStream.from(upload), maxBytes);
  const headers = new Headers(
    fieldsForService(fields)
      .entries()
      .map(([name, value]) => [name, value]),
  );
  const origin = `${peer.secure ? 'https' : 'http'}://${authority || 'localhost'}`;
  return new Request(new URL(`${origin}${path}`), {
    method,
    headers,
    signal: connection.signal,
    ...(body === undefined ? {} : { body: new Uint8Array(body) }),
  });
}

async function makeReply(
  { method, fields: asked }: Received,
  response: Response,
  { maxBytes, ...place }: ServiceMount & { maxBytes: number },
): Promise<Reply> {
  const fields = fieldsOfService(response.headers, place);
  const { status } = response;
  const outcome = evaluateConditions({
    method,
    fields: asked,
    etag: fields.get('etag'),
    lastModified: fields.get('last-modified'),
    status,
  });
  // RFC 9110 13.2.1: what may change something is the service's own to refuse; it has the conditions too.
  if (outcome === 'not-modified') {
    fields.delete('content-type');
    return { status: 304, fields, body: undefined };
  }
  const body = await readWhole(response.body, maxBytes);
  if (status !== 204 && status !== 205 && status !== 304) fields.set('content-length', String(body.byteLength));
  return { status, fields, body: body.byteLength === 0 ? undefined : body };
}

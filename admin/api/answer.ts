/** The admin API: JSON in, JSON out, `application/problem+json` on faults (design part 4). */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { errorCatalogue, GatewayError } from '../../core/errors.ts';
import { parseEntityTags } from '../../core/etag.ts';
import { Fields } from '../../core/fields.ts';
import { readMediaType } from '../../core/media-type.ts';
import { hostNameOf, isAddressLiteral, isLoopbackName } from '../../gateway/address.ts';
import { isWithin, parseAddressRange } from '../../gateway/address-range.ts';
import { readBody } from '../../gateway/read-form.ts';
import { makeRequestId, type Received } from '../../gateway/received.ts';
import type { Reply } from '../../gateway/reply.ts';
import { refuseUnsafeKeys } from '../../profiles/profile.ts';
import type { Actor } from '../actions/actor.ts';
import type { Admin } from '../admin.ts';
import { refuseForeignOrigin } from '../foreign-origin.ts';
import { matchPath } from '../match-path.ts';
import type { TokenDoor } from '../token-door.ts';
import type { ApiResult, ApiRoute } from './route.ts';
import { apiRoutes } from './routes.ts';

const MAX_BODY_BYTES = 1_000_000;
const LOOPBACK = [parseAddressRange('loopback')];

/** Makes the answerer; `receiveRequest` may throw, and is answered like anything else that goes wrong. Pages are the UI's. */
export function makeAdminApi(admin: Admin, ui: Pages): (receiveRequest: () => Received) => Promise<Reply> {
  const routes = apiRoutes(admin);
  const guard: Guard = {
    token: admin.token,
    door: admin.door,
    trustsLoopback: admin.trustsLoopback,
  };
  return async (receiveRequest) => {
    let id = makeRequestId();
    try {
      const received = receiveRequest();
      id = received.id;
      if (ui.isFor(received)) return await ui.answer(received);
      const result = await answer(received, routes, guard);
      return toReply(result, id, received.method === 'HEAD');
    } catch (error) {
      const reply = problem(error, id);
      if (reply.status >= 500) admin.log.error('admin request failed', { requestId: id, error });
      return reply;
    }
  };
}

/** Who answers people. */
interface Pages {
  isFor(received: Received): boolean;
  answer(received: Received): Promise<Reply>;
}

interface Guard {
  readonly token: string;
  readonly door: TokenDoor;
  /** False where everybody comes from loopback, because something in front speaks TLS. */
  readonly trustsLoopback: boolean;
}

async function answer(received: Received, routes: readonly ApiRoute[], guard: Guard): Promise<ApiResult> {
  refuseForeignOrigin(received, guard.trustsLoopback);
  const [path = '', query = ''] = received.path.split('?', 2);
  const matches = routes.flatMap((route) => {
    const names = matchPath(route.path, path);
    return names === undefined ? [] : [{ route, names }];
  });
  const method = received.method === 'HEAD' ? 'GET' : received.method;
  const found = matches.find(({ route }) => route.method === method);
  // Who has no token learns nothing of what there is.
  if (!isOpen(found?.route, received, guard)) await checkToken(received, guard);
  if (matches.length === 0) throw new GatewayError('NOT_FOUND', { path });
  if (found === undefined) {
    const allowed = matches.map(({ route }) => route.method).join(', ');
    throw new GatewayError(
      'METHOD_NOT_ALLOWED',
      { method: received.method, allowed },
      { fields: Fields.from({ allow: allowed }) },
    );
  }
  return await found.route.handle({
    received,
    actor: actorOf(received, guard.token),
    names: found.names,
    query: new URLSearchParams(query),
    json: () => readJson(received),
    text: (types) => readText(received, types),
    ifMatch: readIfMatch(received),
  });
}

function isOpen(route: ApiRoute | undefined, { peer, fields, authority }: Received, guard: Guard): boolean {
  if (route?.access !== 'loopback') return route?.access === 'anybody';
  const name = hostNameOf(authority);
  // What was passed on by somebody came from elsewhere; a name that is not this machine's may be a page's trick (threat 57).
  const isPassedOn = fields.has('x-forwarded-for') || fields.has('forwarded') || fields.has('via');
  return (
    guard.trustsLoopback &&
    !isPassedOn &&
    isWithin(LOOPBACK, peer.address) &&
    (isLoopbackName(name) || isAddressLiteral(name))
  );
}

function actorOf({ peer }: Received, token: string): Actor {
  return {
    kind: 'token',
    id: createHash('sha256').update(`audit ${token}`).digest('hex').slice(0, 8),
    address: peer.address,
  };
}

async function checkToken(received: Received, { door }: Guard): Promise<void> {
  const given = /^Bearer\s+(\S+)$/i.exec(received.fields.get('authorization') ?? '')?.[1];
  if (given !== undefined && door.isRight(given)) return;
  const challenge = Fields.from({ 'www-authenticate': 'Bearer realm="format gateway admin"' });
  if (given !== undefined) await door.noteWrong(received.peer.address);
  throw new GatewayError('TOKEN_NEEDED', {}, { fields: challenge });
}

async function readText(received: Received, types: readonly string[]): Promise<{ type: string; text: string }> {
  const type = readMediaType(received.fields.get('content-type'))?.essence ?? '';
  if (!types.includes(type)) throw new GatewayError('UNSUPPORTED_BODY', { why: `${types.join(' or ')} is wanted` });
  return { type, text: (await readBody(received, MAX_BODY_BYTES)).toString('utf8') };
}

async function readJson(received: Received): Promise<unknown> {
  const { text } = await readText(received, ['application/json']);
  const value = parseJson(text);
  refuseUnsafeKeys(value);
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GatewayError('BAD_REQUEST', { why: `the body is not JSON: ${(cause as Error).message}` }, { cause });
  }
}

function readIfMatch(received: Received): readonly string[] | '*' | undefined {
  const value = received.fields.get('if-match');
  if (value === undefined) return received.fields.get('if-none-match')?.trim() === '*' ? [] : undefined;
  const tags = parseEntityTags(value);
  // RFC 9110 13.1.1: strong comparison; a weak tag never matches.
  return tags === '*' ? '*' : tags.filter((tag) => !tag.weak).map((tag) => `"${tag.opaque}"`);
}

function toReply({ status = 200, json, body, fields: extra }: ApiResult, id: string, isHead: boolean): Reply {
  const fields = Fields.from({ ...securityFields(), ...extra, 'x-request-id': id });
  if (body === undefined && json === undefined)
    return { status: status === 200 ? 204 : status, fields, body: undefined };
  if (!fields.has('content-type')) fields.set('content-type', 'application/json');
  if (isHead && body instanceof Readable) body.destroy();
  return { status, fields, body: isHead ? undefined : (body ?? Buffer.from(`${JSON.stringify(json, null, 2)}\n`)) };
}

function problem(error: unknown, id: string): Reply {
  const known = error instanceof GatewayError ? error : new GatewayError('INTERNAL', {}, { cause: error });
  const fields = Fields.from({ ...securityFields(), 'content-type': 'application/problem+json', 'x-request-id': id });
  for (const [name, value] of known.fields ?? []) fields.append(name, value);
  if (known.details['seconds'] !== undefined) fields.set('retry-after', String(known.details['seconds']));
  const body = {
    type: `/-/docs/errors#${known.code.toLowerCase()}`,
    title: known.message,
    status: errorCatalogue[known.code].status,
    code: known.code.toLowerCase(),
    requestId: id,
  };
  return { status: known.status, fields, body: Buffer.from(`${JSON.stringify(body)}\n`) };
}

function securityFields(): Record<string, string> {
  return {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-robots-tag': 'noindex',
  };
}

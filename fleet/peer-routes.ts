/** What a server does for its peers, below `/-/fleet/`. */
import type { Clock } from '../core/clock.ts';
import { isDigest } from '../core/digest.ts';
import { pack, unpack } from '../core/envelope.ts';
import { GatewayError } from '../core/errors.ts';
import { type Executor, FormatFailure, type FormatJob } from '../core/executor.ts';
import { Fields } from '../core/fields.ts';
import type { SetHost } from '../core/fleet.ts';
import type { BlobStore } from './blobs/blob-store.ts';
import type { FleetStore } from './fleet-store.ts';
import { NOT_HERE } from './gate.ts';
import type { PeerAnswer, PeerHandler, PeerQuestion } from './peers/peer-server.ts';
import type { ProfileAuthority } from './profile-authority.ts';
import { requestForSet } from './set-message.ts';

export interface PeerRouteParts {
  readonly store: Pick<FleetStore, 'view'>;
  readonly host: SetHost;
  /** Runs plans with the formatters that are here. */
  readonly executor: Executor;
  readonly blobs: BlobStore;
  readonly variants: {
    find(key: string): Promise<Uint8Array | undefined>;
    keep(key: string, variant: Uint8Array): void;
  };
  readonly profiles: ProfileAuthority;
  readonly clock: Clock;
}

type Handlers = Readonly<Record<string, PeerHandler>>;

/** A set that was announced a moment ago is here in a moment. */
const ACTIVATION_MS = 1_000;
const LOOK_MS = 10;
const VARIANT_KEY = /^[\w-]{20,64}$/;

export function makePeerRoutes(parts: PeerRouteParts): Handlers {
  return {
    ask: (call) => answerAsk(call, parts),
    authority: (call) => answerAuthority(call, parts),
    format: (call) => answerFormat(call, parts),
    blobs: (call) => answerBlob(call, parts),
    variants: (call) => answerVariant(call, parts),
    profiles: async ({ body, from }) => {
      const { head } = unpack(body);
      return { status: 200, fields: {}, body: pack(parts.profiles.write(head, from)) };
    },
  };
}

async function answerAsk({ body, signal }: PeerQuestion, parts: PeerRouteParts): Promise<PeerAnswer> {
  const { head, body: asked } = unpack(body);
  const set = String(head['set']);
  if (!(await isHeld(set, signal, parts))) return { status: NOT_HERE, fields: {}, body: undefined };
  return await answerBySet({ set, head, asked, signal }, parts);
}

async function answerAuthority({ body, signal }: PeerQuestion, parts: PeerRouteParts): Promise<PeerAnswer> {
  const { head, body: asked } = unpack(body);
  const set = String(head['set']);
  const { authorities, self } = parts.store.view();
  if (authorities[set] !== self) return { status: NOT_HERE, fields: {}, body: undefined };
  return await answerBySet({ set, head, asked, signal }, parts);
}

interface Asked {
  readonly set: string;
  readonly head: Readonly<Record<string, unknown>>;
  readonly asked: Buffer;
  readonly signal: AbortSignal;
}

async function answerBySet({ set, head, asked, signal }: Asked, { host }: PeerRouteParts): Promise<PeerAnswer> {
  const request = requestForSet({
    route: { strip: String(head['strip'] ?? '') },
    url: new URL(String(head['url'])),
    method: String(head['method']),
    fields: Fields.from(head['fields'] as [string, string][]),
    body: asked.byteLength === 0 ? undefined : asked,
    signal,
  });
  const response = await host.ask(set, request);
  const { status, headers } = response;
  const reply = Buffer.from(await response.arrayBuffer());
  return { status: 200, fields: {}, body: pack({ status, fields: [...headers] }, reply) };
}

async function isHeld(set: string, signal: AbortSignal, { store, clock }: PeerRouteParts): Promise<boolean> {
  const until = clock.monotonic() + ACTIVATION_MS;
  while (!store.view().placed.some(({ name }) => name === set)) {
    if (signal.aborted || clock.monotonic() > until) return false;
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
  }
  return true;
}

async function answerFormat({ body, signal }: PeerQuestion, { executor }: PeerRouteParts): Promise<PeerAnswer> {
  const { head, body: original } = unpack(body);
  try {
    const outcome = await executor.run({ ...(head as unknown as Omit<FormatJob, 'body'>), body: original }, signal);
    const { body: made, ...description } = outcome;
    return { status: 200, fields: {}, body: pack(description, made) };
  } catch (error) {
    if (!(error instanceof FormatFailure)) throw error;
    const { kind, formatter, message: reason, retryAfterSeconds } = error;
    return { status: 409, fields: {}, body: pack({ kind, formatter, reason, retryAfterSeconds }) };
  }
}

async function answerBlob({ path, query, method }: PeerQuestion, { blobs }: PeerRouteParts): Promise<PeerAnswer> {
  const digest = path.replace(/^\//, '');
  const size = isDigest(digest) && (await blobs.has(digest)) ? await blobs.size(digest) : undefined;
  if (!isDigest(digest) || size === undefined) throw new GatewayError('NOT_FOUND', { path: digest });
  const start = Number(query.get('start') ?? 0);
  if (!Number.isInteger(start) || start < 0 || start > size)
    throw new GatewayError('BAD_REQUEST', { why: '`start` must be within the blob' });
  const body = method === 'HEAD' ? undefined : blobs.read(digest, start);
  return { status: 200, fields: { 'blob-size': String(size) }, body };
}

async function answerVariant({ path, method, body }: PeerQuestion, { variants }: PeerRouteParts): Promise<PeerAnswer> {
  const key = path.replace(/^\//, '');
  if (!VARIANT_KEY.test(key)) throw new GatewayError('BAD_REQUEST', { why: 'that is no key of a variant' });
  if (method === 'POST') {
    variants.keep(key, body);
    return { status: 204, fields: {}, body: undefined };
  }
  const variant = await variants.find(key);
  if (variant === undefined) throw new GatewayError('NOT_FOUND', { path: key });
  return { status: 200, fields: {}, body: variant };
}

/** A reply of the front-end from what it holds or has just got. */
import type { Clock } from '../../core/clock.ts';
import { evaluateConditions } from '../../core/conditional.ts';
import { formatEntityTag, readEntityTag } from '../../core/etag.ts';
import { readMediaType } from '../../core/media-type.ts';
import { codingFor, encodeBody } from '../content-coding.ts';
import type { Exchange } from '../exchange.ts';
import { VIA_COMMENT } from '../hop-fields.ts';
import type { Reply } from '../reply.ts';
import { withAgeNote } from './age-note.ts';
import type { HeldReplies, HeldReply } from './held-replies.ts';

export interface Showing {
  readonly held: HeldReplies;
  readonly clock: Clock;
  /** What Cache-Status says of it. */
  readonly how: string;
  /** The link is down: the page says how old it is. */
  readonly isOld?: boolean;
}

/** What is shown: held, or just made. */
export type Shown = Pick<HeldReply, 'status' | 'fields' | 'body'> & Partial<Pick<HeldReply, 'receivedAt'>>;

export async function showHeld(
  exchange: Exchange,
  shown: Shown,
  { held, clock, how, isOld = false }: Showing,
): Promise<Reply> {
  const { received, read } = exchange;
  const fields = shown.fields.clone();
  const mediaType = readMediaType(fields.get('content-type'))?.essence ?? '';
  if (shown.receivedAt !== undefined) fields.set('age', String(held.age(shown as HeldReply)));
  // What other caches did for it was then; what this one does is now (RFC 9211).
  const before = how.startsWith('hit') ? undefined : fields.get('cache-status');
  fields.set('cache-status', [before, `gw-channel; ${how}`].filter(Boolean).join(', '));
  if (isOld) fields.delete('etag').set('cache-control', 'no-store');
  const whole = isOld ? withAgeNote(mediaType, shown.body, clock.now() - (shown.receivedAt ?? 0)) : shown.body;
  const isWhole = shown.status === 200 && whole.byteLength > 0;
  const coding = isWhole ? codingFor(mediaType, whole.byteLength, read) : 'identity';
  const tag = readEntityTag(fields.get('etag'));
  if (tag !== undefined && coding !== 'identity')
    fields.set('etag', formatEntityTag({ ...tag, opaque: `${tag.opaque}-${coding}` }));
  const outcome = evaluateConditions({
    method: received.method,
    fields: received.fields,
    etag: fields.get('etag'),
    lastModified: fields.get('last-modified'),
    status: shown.status,
  });
  if (outcome === 'not-modified') {
    for (const name of ['content-type', 'content-encoding', 'content-language']) fields.delete(name);
    return finishReply(exchange, { status: 304, fields, body: undefined });
  }
  const body = await encodeBody(whole, coding, new Map());
  if (coding !== 'identity') fields.set('content-encoding', coding);
  if (shown.status !== 204 && shown.status !== 304) fields.set('content-length', String(body.byteLength));
  const isBodyless = received.method === 'HEAD' || body.byteLength === 0;
  return finishReply(exchange, { status: shown.status, fields, body: isBodyless ? undefined : body });
}

/** The fields that each reply of this server has. */
export function finishReply({ read, gateway, received, timings }: Exchange, reply: Reply): Reply {
  const { fields } = reply;
  fields.set('vary', read.vary(fields.get('vary')));
  fields.append('via', `1.1 ${gateway.pseudonym} ${VIA_COMMENT}`);
  fields.set('x-request-id', received.id);
  const own = timings.map(({ name, ms }) => `${name};dur=${ms.toFixed(1)}`);
  fields.set('server-timing', [fields.get('server-timing'), ...own].filter(Boolean).join(', ') || undefined);
  return reply;
}

/** A reply made on the back-end's side, packed for the link. */
import { Readable } from 'node:stream';
import { readMediaType } from '../../core/media-type.ts';
import type { Exchange } from '../exchange.ts';
import type { Reply } from '../reply.ts';
import { answerExchange } from '../serve-resource.ts';
import { type Bodies, type Dictionary, digestOfBody, packBody } from './bodies.ts';
import type { HeadOfRendered } from './rendered-head.ts';

export type Rendered =
  | {
      readonly kind: 'whole';
      readonly head: HeadOfRendered;
      readonly bytes: Uint8Array;
      /** The body where it is text in which parts are named. */
      readonly text: string;
    }
  | { readonly kind: 'stream'; readonly head: HeadOfRendered; readonly body: Readable };

export interface Telling {
  /** True where the other side holds this very reply. */
  isHeld(tag: string | undefined, digest: string): boolean;
  /** What the other side holds and this side too, that the body may be told by. */
  readonly dictionary: Dictionary | undefined;
  readonly bodies: Bodies;
  /** What has come already of the body with this tag. */
  readonly begun: { readonly tag: string; readonly length: number } | undefined;
}

/** @throws GatewayError whatever a step may throw. */
export async function render(exchange: Exchange, telling: Telling): Promise<Rendered> {
  const { reply, cookies } = await answerExchange(exchange);
  const head = headOf(reply, cookies);
  const { body } = reply;
  if (body instanceof Readable) return { kind: 'stream', head, body };
  return await pack(head, body ?? new Uint8Array(), telling);
}

/** @throws RangeError where it is longer than that. */
export async function readAndPack(
  { head, body }: Extract<Rendered, { kind: 'stream' }>,
  maxBytes: number,
  telling: Telling,
): Promise<Rendered> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Whoever leaves the loop destroys the stream.
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new RangeError('it is too long to be sent unasked');
    chunks.push(chunk);
  }
  return await pack(head, Buffer.concat(chunks), telling);
}

async function pack(head: HeadOfRendered, body: Uint8Array, telling: Telling): Promise<Rendered> {
  const { isHeld, dictionary, bodies, begun } = telling;
  const fieldOf = (wanted: string) => head.fields.find(([name]) => name === wanted)?.[1];
  const mediaType = readMediaType(fieldOf('content-type'))?.essence ?? '';
  const isText = mediaType.includes('html') || mediaType === 'text/css';
  const text = isText ? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8') : '';
  if (isHeld(fieldOf('etag'), digestOfBody(body)))
    return { kind: 'whole', head: { ...head, isSame: true }, bytes: new Uint8Array(), text };
  const { packing, bytes } = await packBody(body, mediaType, dictionary);
  if (isText) bodies.keep(body);
  if (
    begun !== undefined &&
    packing.coding === 'identity' &&
    begun.tag === fieldOf('etag') &&
    begun.length < bytes.byteLength
  )
    return {
      kind: 'whole',
      head: { ...head, ...packing, from: begun.length },
      bytes: bytes.subarray(begun.length),
      text,
    };
  return { kind: 'whole', head: { ...head, ...packing }, bytes, text };
}

function headOf({ status, fields }: Reply, cookies: readonly string[]): HeadOfRendered {
  const kept = fields.clone().delete('content-length').delete('x-request-id');
  return { status, fields: kept.entries(), cookies, isSame: false, coding: 'identity' };
}

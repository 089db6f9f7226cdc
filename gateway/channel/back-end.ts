/** The back-end's side: makes replies for a front-end's clients, and sends a page and its parts in one reply (S5). */
import { Readable } from 'node:stream';
import type { RenderHandler } from '../../core/back-end.ts';
import { type Clock, deadline } from '../../core/clock.ts';
import { VaryRecorder } from '../../core/vary.ts';
import type { Exchange } from '../exchange.ts';
import { explainExchange } from '../explain.ts';
import { makeRequestId, type Received } from '../received.ts';
import type { Gateway } from '../serve.ts';
import { type Bodies, type Dictionary, makeBodies, packBody } from './bodies.ts';
import { FrameWriter } from './frames.ts';
import type { OnceLedger } from './once-ledger.ts';
import { makeParts, type PartsOfPage, partsOfPage } from './page-parts.ts';
import { begunOf, type RenderRequest, readRenderRequest } from './render-request.ts';
import { type Rendered, render } from './rendered.ts';
import type { HeadOfRendered } from './rendered-head.ts';

const DICTIONARY_BYTES = 64 * 1024 * 1024;
const FORM_MS = 60_000;
const MAX_REMEMBERED_BYTES = 1_048_576;

export interface RenderParts {
  readonly gateway: () => Gateway;
  /** What must not be done twice. */
  readonly once: OnceLedger;
  readonly clock: Clock;
}

export function makeRenderHandler({ gateway, once, clock }: RenderParts): RenderHandler {
  const bodies = makeBodies(DICTIONARY_BYTES);
  return async (head, body, signal) => {
    const request = head as unknown as RenderRequest;
    if (request.once === undefined) return await answer(request, { body, signal, gateway: gateway() }, bodies);
    const reply = await once.run(request.once, async () => {
      // Who asked may go away and ask again: what was begun is brought to its end.
      const limit = deadline(clock, FORM_MS);
      try {
        return await wholeOr(await answer(request, { body, signal: limit.signal, gateway: gateway() }, bodies));
      } finally {
        limit.done();
      }
    });
    return reply instanceof Readable ? reply : Readable.from([reply], { objectMode: false });
  };
}

async function answer(request: RenderRequest, here: Here, bodies: Bodies): Promise<Readable> {
  const exchange = exchangeFor(request, here);
  if (request.explain) {
    const { packing, bytes } = await packBody(
      Buffer.from(JSON.stringify(await explainExchange(exchange))),
      '',
      undefined,
    );
    const head = { status: 200, fields: [], cookies: [], isSame: false, ...packing } satisfies HeadOfRendered;
    return Readable.from([new FrameWriter().frame(head, bytes)], { objectMode: false });
  }
  const rendered = await render(exchange, {
    isHeld: (tag) => tag !== undefined && tag === request.heldTag,
    dictionary: dictionaryOf(request, bodies),
    bodies,
    begun: begunOf(request, ''),
  });
  if (rendered.kind === 'stream') return Readable.from(streamed(rendered));
  const isAlone = request.wanted === undefined || rendered.text === '';
  const page = isAlone ? undefined : partsOfPage({ exchange, request, bodies }, rendered.text);
  return Readable.from(framesOf(rendered, page), { objectMode: false });
}

/** All of it where it is short, else it as it was, still to be read. */
async function wholeOr(stream: Readable): Promise<Buffer | Readable> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const rest = stream.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Uint8Array>;
  for await (const chunk of rest) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size > MAX_REMEMBERED_BYTES) return Readable.from(again(chunks, stream));
  }
  return Buffer.concat(chunks);
}

async function* again(chunks: readonly Uint8Array[], rest: Readable): AsyncGenerator<Uint8Array> {
  yield* chunks;
  yield* rest as AsyncIterable<Uint8Array>;
}

interface Here {
  readonly body: Buffer;
  readonly signal: AbortSignal;
  readonly gateway: Gateway;
}

function exchangeFor(request: RenderRequest, { body, signal, gateway }: Here): Exchange {
  const { fields, order, target, negotiation, client } = readRenderRequest(request);
  const received: Received = {
    id: makeRequestId(),
    method: order.method,
    fields,
    authority: '',
    // A request of this form is remembered by nobody.
    form: 'absolute',
    path: '/',
    absolute: order.url.href,
    peer: { address: '', secure: false, trusted: false, localAddress: '', localPort: 0 },
    httpVersion: '2.0',
    body: Readable.from([body]),
    hasBody: body.byteLength > 0,
    connection: { signal },
  };
  const read = new VaryRecorder(fields);
  const choice = {
    received,
    target,
    negotiation,
    read,
    registry: gateway.registry(),
    formatsOff: gateway.formatsOff,
    suspended: gateway.suspended(),
    linkMbps: request.linkMbps,
  };
  return { received, target, read, client, negotiation, order, choice, gateway, timings: [] };
}

function dictionaryOf({ dictionaries }: RenderRequest, bodies: Bodies): Dictionary | undefined {
  for (const digest of dictionaries) {
    const found = bodies.get(digest);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function* streamed({ head, body }: Extract<Rendered, { kind: 'stream' }>): AsyncGenerator<Uint8Array> {
  yield new FrameWriter().open(head);
  yield* body as AsyncIterable<Uint8Array>;
}

async function* framesOf(
  { head, bytes }: Extract<Rendered, { kind: 'whole' }>,
  page: PartsOfPage | undefined,
): AsyncGenerator<Uint8Array> {
  const writer = new FrameWriter();
  const addresses = (of: PartsOfPage['missing']) => (of.length === 0 ? undefined : of.map(({ address }) => address));
  // Text before pictures.
  yield writer.frame({ ...head, parts: addresses(page?.missing ?? []) }, bytes);
  if (page === undefined) return;
  for await (const made of makeParts(page))
    yield writer.frame({ ...made.head, parts: addresses(made.more) }, made.bytes);
}

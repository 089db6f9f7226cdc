/** What follows a page on the channel: kept for when its client asks for it. */
import { Fields } from '../../core/fields.ts';
import type { Exchange } from '../exchange.ts';
import { unpackBody } from './bodies.ts';
import type { PartKind } from './found-parts.ts';
import type { FrameReader } from './frames.ts';
import type { FrontEndState } from './front-end-state.ts';
import { type Asker, placeOn } from './held-replies.ts';
import type { WantedParts } from './part-accepts.ts';
import { checkRendered, type RenderedHead } from './rendered-head.ts';

export interface Following {
  /** Addresses of the first of them. */
  readonly parts: readonly string[];
  readonly reader: FrameReader<RenderedHead>;
  readonly wanted: WantedParts;
  readonly asker: Asker;
  readonly state: FrontEndState;
}

/** Resolves when no more come. Never rejects: a part that does not come is asked for alone. */
export async function takeParts(exchange: Exchange, following: Following): Promise<void> {
  const { parts, reader, asker, state } = following;
  const { authority } = exchange.received;
  const placeOf = (address: string) => placeOn(authority, address);
  const bundle = state.coming.open(asker.client, () => reader.end());
  bundle.expect(parts.map(placeOf));
  try {
    for (let head = await reader.head(); head !== undefined; head = await reader.head()) {
      const place = placeOf(head.part ?? '');
      const bytes = await bodyOf(checkRendered(head), place, following);
      // Only what was announced: a page speaks for its own parts.
      bundle.expect((head.parts ?? []).map(placeOf));
      if (head.isAbsent !== true) await takePart(exchange, { head, bytes, place, ...following });
      bundle.settle(place);
    }
  } catch (error) {
    state.log.debug('the parts of a page did not come whole', { reason: (error as Error).message });
  } finally {
    bundle.close();
    reader.end();
    const { mbps } = state.meter;
    if (mbps !== undefined) {
      state.store.putMbps(mbps);
      state.backEnd.pace(mbps);
    }
  }
}

// What has come of a picture when the link breaks need not come again.
async function bodyOf(head: RenderedHead, place: string, { reader, asker, state }: Following): Promise<Uint8Array> {
  try {
    return await reader.body(head);
  } catch (error) {
    state.begun.keep({ client: asker.client, place }, head, reader.begun);
    throw error;
  }
}

interface Taking extends Following {
  readonly head: RenderedHead;
  readonly bytes: Uint8Array;
  readonly place: string;
}

async function takePart(exchange: Exchange, { head, bytes, place, wanted, asker, state }: Taking): Promise<void> {
  const { held } = state;
  const fields = Fields.from(head.fields);
  const asked = askedFields(exchange, wanted, head.kind ?? 'image');
  const found = held.find({ ...asker, place }, asked);
  if (head.isSame) {
    if (found !== undefined) held.renew(asker.client, found, fields);
    return;
  }
  const whole = state.begun.join({ client: asker.client, place }, head, bytes);
  const body = await unpackBody(whole, head, (digest) => held.body(asker.client, digest));
  const made = { place, wishes: asker.wishes, status: head.status, fields, body };
  held.put(asker.client, { ...made, isPage: false, isPart: true }, asked);
}

/** The fields that the client's own request for it will have, as far as replies are selected by them. */
function askedFields({ received }: Exchange, wanted: WantedParts, kind: PartKind): Fields {
  const fields = received.fields.clone().set('accept', wanted[kind]);
  return fields.has('sec-fetch-dest') ? fields.set('sec-fetch-dest', kind) : fields;
}

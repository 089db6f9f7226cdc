/** Beginnings of pictures whose sending broke off: only the rest is sent when they are asked for again. */
import { LRUCache } from 'lru-cache';
import { Fields } from '../../core/fields.ts';
import { type Asker, addressOfPlace } from './held-replies.ts';
import type { RenderedHead } from './rendered-head.ts';

/** What has come of a body. */
interface Begun {
  /** Strong entity tag of the whole (RFC 9110 13.1.5 asks for no less). */
  readonly tag: string;
  readonly bytes: Uint8Array;
}

/** As it travels: the address of a part, empty for what is asked for itself; its tag; bytes that have come. */
export type TellBegun = readonly [address: string, tag: string, length: number];

/** Whose, and of what. */
type Where = Pick<Asker, 'client' | 'place'>;

export interface BegunBodies {
  /** @param bytes what has come of the frame's body */
  keep(where: Where, head: RenderedHead, bytes: Uint8Array): void;
  has(where: Where): boolean;
  /** What is told of: of what is asked for, or of the parts of a page of this site. */
  tell(asker: Asker, isPage: boolean): readonly TellBegun[];
  /** The whole where the frame is the rest of one, else its own bytes. @throws RangeError where it is the rest of another */
  join(where: Where, head: RenderedHead, bytes: Uint8Array): Uint8Array;
}

const MAX_BYTES = 8 * 1024 * 1024;
const MAX_EACH_BYTES = 1024 * 1024;
/** Less is sent again sooner than told of. */
const MIN_BYTES = 1_024;
const MAX_TOLD = 16;

export function makeBegunBodies(): BegunBodies {
  const held = new LRUCache<string, Begun>({
    maxSize: MAX_BYTES,
    maxEntrySize: MAX_EACH_BYTES,
    sizeCalculation: ({ bytes }) => bytes.byteLength + 200,
  });
  const keyOf = ({ client, place }: Where) => `${client} ${place}`;
  const bodies: BegunBodies = {
    keep(where, head, bytes) {
      const tag = Fields.from(head.fields).get('etag');
      const isTold = head.status === 200 && head.coding === 'identity' && tag?.startsWith('"') === true;
      if (!isTold || bytes.byteLength + (head.from ?? 0) < MIN_BYTES) return;
      held.set(keyOf(where), { tag, bytes: bodies.join(where, head, bytes) });
    },
    has: (where) => held.has(keyOf(where)),
    tell(asker, isPage) {
      const own = held.get(keyOf(asker));
      if (own !== undefined) return [['', own.tag, own.bytes.byteLength]];
      const start = keyOf({ client: asker.client, place: asker.site });
      if (!isPage) return [];
      const begun = [...held.entries()].filter(([key]) => key.startsWith(start)).slice(0, MAX_TOLD);
      const addressOf = (key: string) => addressOfPlace(key.slice(asker.client.length + 1));
      return begun.map(([key, { tag, bytes }]) => [addressOf(key), tag, bytes.byteLength]);
    },
    join(where, { from, fields }, bytes) {
      const begun = held.get(keyOf(where));
      held.delete(keyOf(where));
      if (from === undefined) return bytes;
      if (begun?.tag !== Fields.from(fields).get('etag') || begun?.bytes.byteLength !== from)
        throw new RangeError('that is the rest of something else');
      return Buffer.concat([begun.bytes, bytes]);
    },
  };
  return bodies;
}

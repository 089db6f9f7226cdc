/**
 * The channel between a front-end and its back-end (S5): one warm HTTP/2 session, as between the servers of a fleet, under a
 * key that both make from the secret they share.
 */
import { createHash } from 'node:crypto';
import type { BackEnd, RenderHandler } from '../core/back-end.ts';
import { closeHead, openHead } from '../core/channel-head.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Egress } from '../egress/fetch-upstream.ts';
import { nodeKeyOf } from './peers/node-key.ts';
import { makePeers } from './peers/peer-client.ts';
import { PeerUnreachable } from './peers/peer-errors.ts';
import type { PeerHandler, PeerIdentity } from './peers/peer-server.ts';

const FRONT_END = 'front-end';
const BACK_END = 'back-end';
const RENDER = 'render';
const TIMEOUT_MS = 60_000;
/** A link by satellite answers late, and a full one later. */
const FAR = { openMs: 15_000, pingMs: 2_500, maxUnanswered: 4, longestPauseMs: 2_000 };
/** How long a request waits for a link that is down. */
const PATIENCE_MS = 4_000;
const LOOK_MS = 100;
const MAX_WAITING = 256;
/** What may be on its way of one reply: as much as the link carries in a second, and this much while that is not known. */
const FIRST_WINDOW_BYTES = 32_768;
const MIN_WINDOW_BYTES = 16_384;
const MAX_WINDOW_BYTES = 1_048_576;

export interface ChannelParts {
  readonly url: string;
  readonly secret: string;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly log: Log;
}

/** The front-end's end. */
export function openChannel({ url, secret, egress, clock, log }: ChannelParts): BackEnd & { close(): Promise<void> } {
  const key = channelKey(secret);
  const members = [{ name: BACK_END, url, key: key.publicKey }];
  const self = { name: FRONT_END, sign: key.sign };
  const peers = makePeers({ self, egress, members: () => members, clock, log, patience: FAR });
  peers.pace(BACK_END, FIRST_WINDOW_BYTES);
  peers.keepWarm([BACK_END]);
  let waiting = 0;
  // A request that was not sent waits for the link, a short while and in a short queue.
  const patiently = async <T>(send: () => Promise<T>): Promise<T> => {
    const until = clock.monotonic() + PATIENCE_MS;
    for (;;) {
      try {
        return await send();
      } catch (error) {
        if (!(error instanceof PeerUnreachable) || clock.monotonic() > until || waiting >= MAX_WAITING) throw error;
      }
      waiting += 1;
      await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
      waiting -= 1;
    }
  };
  return {
    get isUp() {
      return peers.isUp(BACK_END);
    },
    async render({ head, body, signal, isSparable }) {
      const closed = closeHead(head);
      const size = Buffer.alloc(4);
      size.writeUInt32BE(closed.byteLength);
      const packed = Buffer.concat([size, closed, body ?? new Uint8Array()]);
      const request = { method: 'POST', path: RENDER, body: packed, signal, timeoutMs: TIMEOUT_MS };
      const reply = await (isSparable ? peers.send(BACK_END, request) : patiently(() => peers.send(BACK_END, request)));
      if (reply.status === 200) return reply.body;
      reply.body.destroy();
      throw new Error(`the back-end answered ${reply.status}`);
    },
    pace(linkMbps) {
      const bytes = Math.round((linkMbps * 1_000_000) / 8);
      peers.pace(BACK_END, Math.min(MAX_WINDOW_BYTES, Math.max(MIN_WINDOW_BYTES, bytes)));
    },
    close: () => peers.close(),
  };
}

/** What the back-end's peer server needs to answer front-ends. */
export interface ChannelDoor {
  readonly identity: PeerIdentity;
  /** Key of who may ask. */
  readonly keys: Readonly<Record<string, string>>;
  readonly routes: Readonly<Record<string, PeerHandler>>;
}

/** The back-end's end. */
export function makeChannelDoor(secret: string, render: RenderHandler): ChannelDoor {
  const key = channelKey(secret);
  return {
    identity: { name: BACK_END, sign: key.sign },
    keys: { [FRONT_END]: key.publicKey },
    routes: {
      async [RENDER]({ from, body, signal }) {
        if (from !== FRONT_END) throw new GatewayError('FORBIDDEN', { why: 'only front-ends ask for this' });
        const end = 4 + (body.byteLength < 4 ? 0 : body.readUInt32BE());
        const head = openHead(body.subarray(4, end)) as Record<string, unknown>;
        return { status: 200, body: await render(head, body.subarray(end), signal) };
      },
    },
  };
}

function channelKey(secret: string) {
  return nodeKeyOf(createHash('sha256').update(`format-gateway channel 1\n${secret}`).digest());
}

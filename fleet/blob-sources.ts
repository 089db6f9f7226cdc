/** Members as sources of blobs: each may have any. */
import { GatewayError } from '../core/errors.ts';
import type { BlobSource } from './blobs/pull-blob.ts';
import type { Member } from './fleet-view.ts';
import type { Peers } from './peers/peers.ts';

const TIMEOUT_MS = 5_000;

/** The likeliest first: those that hold sets, then the others. */
export function makeBlobSources(members: readonly Member[], peers: Peers): readonly BlobSource[] {
  return [...members]
    .sort((a, b) => Number(peers.isUp(b.name)) - Number(peers.isUp(a.name)) || holdings(b) - holdings(a))
    .map(({ name }) => ({
      name,
      async open(digest, start, signal) {
        const path = `blobs/${digest}?start=${start}`;
        try {
          const reply = await peers.send(name, { path, signal, timeoutMs: TIMEOUT_MS });
          return { stream: reply.body, size: Number(reply.fields['blob-size']) };
        } catch (error) {
          if (error instanceof GatewayError && error.code === 'NOT_FOUND') return undefined;
          throw error;
        }
      },
    }));
}

function holdings({ sets }: Member): number {
  return Object.keys(sets).length;
}

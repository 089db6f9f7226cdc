import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Egress } from '../../egress/fetch-upstream.ts';
import { FakeClock } from './fake-clock.ts';
import { openTestEgress } from './open-egress.ts';
import { openRawOrigin, type RawOrigin } from './raw-origin.ts';

/** Serves each connection by `answer`, with an egress to reach it; both are gone in the end. */
export async function withOrigin(
  answer: (socket: Socket, head: string, count: number) => void,
  run: (origin: RawOrigin, egress: Egress, clock: FakeClock) => Promise<void>,
  environment: Record<string, string> = {},
): Promise<void> {
  const origin = await openRawOrigin(answer);
  const clock = new FakeClock();
  const egress = openTestEgress({ UPSTREAM_ALLOW: '127.0.0.1', ...environment }, { clock });
  try {
    await run(origin, egress, clock);
  } finally {
    await egress.close();
    await origin.close();
  }
}

/** Resolves when a stream is closed, failed or not. */
export function closeOf(stream: Readable | Socket): Promise<void> {
  return new Promise((resolve) => stream.once('close', resolve));
}

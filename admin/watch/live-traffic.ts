/** New exchanges of all processes, as server-sent events (WHATWG HTML 9.2). */
import { PassThrough, type Readable } from 'node:stream';
import type { Clock, Timer } from '../../core/clock.ts';
import { GatewayError } from '../../core/errors.ts';
import type { TrafficStore } from '../../gateway/traffic/traffic-store.ts';

const POLL_MS = 500;
const HEARTBEAT_MS = 15_000;
const MAX_LISTENERS = 16;
/** Exchanges told at a time. */
const MAX_AT_ONCE = 500;
/** A listener that reads no faster than this many bytes behind is let go. */
const MAX_BEHIND_BYTES = 1_000_000;

export interface LiveTraffic {
  /**
   * Events from now on, or from those after an id; ends when the signal fires.
   *
   * @throws GatewayError SHED when sixteen listen already.
   */
  listen(signal: AbortSignal, afterId?: number): Readable;
  close(): void;
}

interface Listener {
  readonly stream: PassThrough;
  lastId: number;
}

export function makeLiveTraffic(store: Pick<TrafficStore, 'after' | 'recent'>, clock: Clock): LiveTraffic {
  const listeners = new Set<Listener>();
  let timers: Timer[] = [];
  const leave = (listener: Listener) => {
    listeners.delete(listener);
    listener.stream.end();
    if (listeners.size > 0) return;
    for (const timer of timers) timer.cancel();
    timers = [];
  };
  const send = (listener: Listener, text: string) => {
    if (listener.stream.writableLength > MAX_BEHIND_BYTES) leave(listener);
    else listener.stream.write(text);
  };
  const tell = (listener: Listener) => {
    for (const entry of store.after(listener.lastId, MAX_AT_ONCE)) {
      listener.lastId = entry.id;
      send(listener, `id: ${entry.id}\nevent: exchange\ndata: ${JSON.stringify(entry)}\n\n`);
    }
  };
  const start = () => {
    timers = [
      clock.every(POLL_MS, () => {
        for (const listener of listeners) tell(listener);
      }),
      clock.every(HEARTBEAT_MS, () => {
        for (const listener of listeners) send(listener, ': here\n\n');
      }),
    ];
  };
  return {
    listen(signal, afterId) {
      if (listeners.size >= MAX_LISTENERS) throw new GatewayError('SHED', { seconds: 10 });
      const listener = { stream: new PassThrough(), lastId: afterId ?? store.recent(1)[0]?.id ?? 0 };
      if (listeners.size === 0) start();
      listeners.add(listener);
      signal.addEventListener('abort', () => leave(listener), { once: true });
      listener.stream.on('close', () => leave(listener));
      // Something at once: clients and what stands between them learn that the stream has begun.
      send(listener, ': here\n\n');
      tell(listener);
      return listener.stream;
    },
    close() {
      for (const listener of listeners) leave(listener);
    },
  };
}

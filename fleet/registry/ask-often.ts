import type { NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../../core/clock.ts';

export interface Question<T> {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  readonly everyMs: number;
  readonly times: number;
  readonly ask: () => Promise<T>;
  /** Gives back what was not needed, when a second answer comes. */
  readonly drop: (answer: T) => void;
}

/**
 * The first answer to a question put again and again without waiting: what is asked while an engine elects its leader is
 * never answered.
 *
 * @throws Error the last one, when all failed or the connection has ended.
 */
export async function askOften<T>(question: Question<T>): Promise<T> {
  const { connection, clock, everyMs, times, ask, drop } = question;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let [asked, failed, isSettled] = [0, 0, false];
  const put = () => {
    if (asked === times) return;
    asked++;
    ask().then(
      (answer) => {
        if (isSettled) drop(answer);
        isSettled = true;
        resolve(answer);
      },
      (error: unknown) => {
        if (++failed < times && !connection.isClosed()) return;
        isSettled = true;
        reject(error);
      },
    );
  };
  const timer = clock.every(everyMs, put);
  put();
  try {
    return await promise;
  } finally {
    timer.cancel();
  }
}

/** One ordered watch of a bucket. It ends at the first doubt; who opened it opens another, from the start. */
import { AckPolicy, DeliverPolicy, type JetStreamManager } from '@nats-io/jetstream';
import { createInbox, type Msg, type MsgHdrs, type NatsConnection, nanos } from '@nats-io/transport-node';
import type { Clock } from '../../core/clock.ts';
import type { Intake } from './entry-mirror.ts';
import type { Bucket } from './nats-buckets.ts';

export interface BucketWatchOptions {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly bucket: Bucket;
  readonly intake: Intake;
  readonly clock: Clock;
  /** Told once: messages are missing, or the engine has fallen silent. */
  readonly onDoubt: (why: Error) => void;
}

const HEARTBEAT_MS = 1_000;
const SILENT_MS = 2_500;
/** The engine forgets a watch whose watcher is gone for so long. */
const FORGOTTEN_MS = 30_000;

/**
 * Watches a bucket; gives a function that ends it.
 *
 * @throws Error when the engine does not answer.
 */
export async function watchBucket(options: BucketWatchOptions): Promise<() => void> {
  const { connection, manager, bucket, clock } = options;
  const watch = new BucketWatch(options);
  const { state } = await manager.streams.info(bucket.stream);
  const inbox = createInbox();
  // Before the engine is asked: what it sends first would be lost otherwise.
  const subscription = connection.subscribe(inbox, { callback: (error, message) => watch.receive(error, message) });
  let looks: { cancel(): void } | undefined;
  try {
    const consumer = await manager.consumers.add(bucket.stream, {
      deliver_subject: inbox,
      deliver_policy: DeliverPolicy.LastPerSubject,
      filter_subject: `${bucket.subjects}>`,
      ack_policy: AckPolicy.None,
      flow_control: true,
      idle_heartbeat: nanos(HEARTBEAT_MS),
      inactive_threshold: nanos(FORGOTTEN_MS),
      num_replicas: 1,
      mem_storage: true,
    });
    watch.expect(consumer.num_pending, bucket.base + state.last_seq);
    looks = clock.every(HEARTBEAT_MS / 2, () => watch.look());
    return () => {
      looks?.cancel();
      if (subscription.isClosed()) return;
      subscription.unsubscribe();
      manager.consumers.delete(bucket.stream, consumer.name).catch(() => {
        // The engine forgets it by itself.
      });
    };
  } catch (error) {
    subscription.unsubscribe();
    throw error;
  }
}

class BucketWatch {
  readonly #options: BucketWatchOptions;
  #delivered = 0;
  #present: { readonly count: number; readonly revision: number } | undefined;
  #isPresentTold = false;
  #lastMs: number;
  #isInDoubt = false;

  constructor(options: BucketWatchOptions) {
    this.#options = options;
    this.#lastMs = options.clock.monotonic();
  }

  expect(count: number, revision: number): void {
    this.#present = { count, revision };
    this.#lastMs = this.#options.clock.monotonic();
    this.#endPresent();
  }

  look(): void {
    if (this.#options.clock.monotonic() - this.#lastMs > SILENT_MS) this.#doubt('the watch of the engine fell silent');
  }

  receive(error: Error | null, message: Msg): void {
    if (this.#isInDoubt) return;
    this.#lastMs = this.#options.clock.monotonic();
    if (error !== null) this.#doubt('the watch of the engine failed', error);
    else if (message.headers?.code) this.#obey(message, message.headers);
    else this.#take(message);
  }

  #take(message: Msg): void {
    const place = placeOf(message.reply);
    if (place === undefined || place.delivery !== this.#delivered + 1) {
      this.#doubt(`message ${this.#delivered + 1} of the watch did not come`);
      return;
    }
    this.#delivered = place.delivery;
    const { intake, bucket } = this.#options;
    const isRemoval = (message.headers?.get('KV-Operation') ?? '') !== '';
    intake.take({
      key: message.subject.slice(bucket.subjects.length),
      value: isRemoval ? undefined : message.string(),
      revision: bucket.base + place.sequence,
    });
    this.#endPresent();
  }

  /** What the engine says of the watch itself: status 100 is a heartbeat or asks to slow down, all else ends it. */
  #obey(message: Msg, headers: MsgHdrs): void {
    if (headers.code !== 100) {
      this.#doubt(`the engine ended the watch: ${headers.description}`);
      return;
    }
    if (message.reply) message.respond();
    const stalled = headers.get('Nats-Consumer-Stalled');
    if (stalled) this.#options.connection.publish(stalled);
    const last = Number(headers.get('Nats-Last-Consumer') || 0);
    if (last > this.#delivered) this.#doubt(`message ${last} of the watch did not come`);
  }

  #endPresent(): void {
    if (this.#isPresentTold || this.#present === undefined || this.#delivered < this.#present.count) return;
    this.#isPresentTold = true;
    this.#options.intake.endOfPresent(this.#present.revision);
  }

  #doubt(why: string, cause?: Error): void {
    if (this.#isInDoubt) return;
    this.#isInDoubt = true;
    this.#options.onDoubt(new Error(why, { cause }));
  }
}

/** `$JS.ACK.[domain.account.]stream.consumer.deliveries.sequence.delivery.time.pending[.random]` */
function placeOf(reply: string | undefined): { sequence: number; delivery: number } | undefined {
  const parts = (reply ?? '').split('.');
  const at = parts.length === 9 ? 5 : 7;
  const [sequence, delivery] = [Number(parts[at]), Number(parts[at + 1])];
  return parts[1] === 'ACK' && sequence > 0 && delivery > 0 ? { sequence, delivery } : undefined;
}

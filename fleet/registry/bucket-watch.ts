/** One ordered watch of a bucket. It ends at the first doubt; who opened it opens another, from the start. */
import { AckPolicy, DeliverPolicy, type JetStreamManager } from '@nats-io/jetstream';
import {
  createInbox,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  nanos,
  type Subscription,
} from '@nats-io/transport-node';
import type { Clock, Timer } from '../../core/clock.ts';
import { askOften } from './ask-often.ts';
import type { EntryMirror, Intake } from './entry-mirror.ts';
import type { Bucket } from './nats-buckets.ts';

export interface BucketWatchOptions {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly bucket: Bucket;
  readonly mirror: EntryMirror;
  readonly clock: Clock;
  /** Told once: messages are missing, or the engine has fallen silent. */
  readonly onDoubt: (why: Error) => void;
}

const HEARTBEAT_MS = 1_000;
const SILENT_MS = 2_500;
/** The engine forgets a watch whose watcher is gone for so long. */
const FORGOTTEN_MS = 10_000;
// One that the engine wants to keep on a server that has just died is never made.
const ASK_AGAIN_MS = 500;
const TIMES_ASKED = 6;

/**
 * Watches a bucket; gives a function that ends it.
 *
 * @throws Error when the engine does not answer.
 */
export async function watchBucket(options: BucketWatchOptions): Promise<() => void> {
  const { connection, clock } = options;
  const watch = await askOften({
    connection,
    clock,
    everyMs: ASK_AGAIN_MS,
    times: TIMES_ASKED,
    ask: () => openWatch(options),
    drop: (each) => each.end(),
  });
  watch.begin();
  return () => watch.end();
}

async function openWatch(options: BucketWatchOptions): Promise<BucketWatch> {
  const { manager, bucket, connection } = options;
  const inbox = createInbox();
  const watch = new BucketWatch(options);
  // Before the engine is asked: what it sends first would be lost otherwise.
  const subscription = connection.subscribe(inbox, { callback: (error, message) => watch.receive(error, message) });
  try {
    const { state } = await manager.streams.info(bucket.stream);
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
    watch.expect({ subscription, name: consumer.name, count: consumer.num_pending, sequence: state.last_seq });
    return watch;
  } catch (error) {
    subscription.unsubscribe();
    throw error;
  }
}

/** What the engine keeps for a watch, and what there was when it was made. */
interface Kept {
  readonly subscription: Subscription;
  readonly name: string;
  readonly count: number;
  readonly sequence: number;
}

class BucketWatch {
  readonly #options: BucketWatchOptions;
  readonly #early: [Error | null, Msg][] = [];
  #kept: Kept | undefined;
  #intake: Intake | undefined;
  #looks: Timer | undefined;
  #delivered = 0;
  #isPresentTold = false;
  #lastMs = 0;
  #isOver = false;

  constructor(options: BucketWatchOptions) {
    this.#options = options;
  }

  expect(kept: Kept): void {
    this.#kept = kept;
  }

  /** Until here messages are kept back: of several watches asked for, one is taken in. */
  begin(): void {
    const { clock, mirror, bucket } = this.#options;
    this.#intake = mirror.begin(bucket.base);
    this.#lastMs = clock.monotonic();
    this.#looks = clock.every(HEARTBEAT_MS / 2, () => {
      if (clock.monotonic() - this.#lastMs > SILENT_MS) this.#doubt('the watch of the engine fell silent');
    });
    for (const [error, message] of this.#early.splice(0)) this.receive(error, message);
    this.#endPresent();
  }

  end(): void {
    this.#isOver = true;
    this.#looks?.cancel();
    const { manager, bucket } = this.#options;
    if (this.#kept === undefined || this.#kept.subscription.isClosed()) return;
    this.#kept.subscription.unsubscribe();
    manager.consumers.delete(bucket.stream, this.#kept.name).catch(() => {
      // The engine forgets it by itself.
    });
  }

  receive(error: Error | null, message: Msg): void {
    if (this.#isOver) return;
    if (this.#intake === undefined) {
      this.#early.push([error, message]);
      return;
    }
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
    const { bucket } = this.#options;
    const isRemoval = (message.headers?.get('KV-Operation') ?? '') !== '';
    this.#intake?.take({
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
    if (this.#isPresentTold || this.#kept === undefined || this.#delivered < this.#kept.count) return;
    this.#isPresentTold = true;
    this.#intake?.endOfPresent(this.#options.bucket.base + this.#kept.sequence);
  }

  #doubt(why: string, cause?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
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

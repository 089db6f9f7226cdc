/** The two buckets a fleet keeps in its engine, made where they are missing; with what a server of version 2.9 offers. */
import {
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  type StreamInfo,
} from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Clock } from '../../core/clock.ts';
import { askOften } from './ask-often.ts';

export interface Bucket {
  readonly kv: KV;
  readonly stream: string;
  /** What the subject of each key begins with. */
  readonly subjects: string;
  /**
   * Added to the engine's sequences, which begin at 1 in an engine that was wiped: so revisions, and the fencing tokens
   * made of them, go on rising.
   */
  readonly base: number;
}

export interface Buckets {
  readonly manager: JetStreamManager;
  readonly entries: Bucket;
  readonly leases: Bucket;
}

export interface BucketOptions {
  readonly replicas: 1 | 3;
  /** Base of buckets made now: milliseconds since 1970, which rise faster than a registry is written. */
  readonly base: number;
  /** One answer of the engine takes no longer. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

const ASK_AGAIN_MS = 250;
const TIMES_ASKED = 12;
const ENTRIES = 'format-gateway';
const LEASES = 'format-gateway-leases';
/** Keys of holders that died go in the end; when a lease is stale is its competitors' to see. */
const LEASE_BUCKET_MS = 30_000;
const DESCRIPTION = /revisions count from ([0-9]{1,16})/;

/**
 * Opens the buckets, or makes them. An engine of three that lacks one makes no bucket of three replicas: that is for the
 * caller to try again, never a reason for fewer.
 *
 * @throws Error when the engine does not answer or cannot make them.
 */
export async function openBuckets(connection: NatsConnection, options: BucketOptions): Promise<Buckets> {
  const timeout = options.timeoutMs;
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout });
  const manyKv = new Kvm(jetstream(connection, { timeout }));
  const open = async (name: string, ttl: number | undefined): Promise<Bucket> => {
    const stream = `KV_${name}`;
    const make = () =>
      manyKv.create(name, {
        description: `format-gateway: revisions count from ${options.base}`,
        history: 1,
        replicas: options.replicas,
        allow_direct: false,
        timeout,
        ...(ttl === undefined ? {} : { ttl }),
      });
    const info = await askOften({
      connection,
      clock: options.clock,
      everyMs: ASK_AGAIN_MS,
      times: TIMES_ASKED,
      ask: () => infoOf(manager, stream),
      drop: () => {},
    });
    if (info === undefined) await make();
    const { config } = info ?? (await manager.streams.info(stream));
    if (config.num_replicas < options.replicas)
      await manager.streams.update(stream, { num_replicas: options.replicas });
    // Reads are the leader's own: a replica asked directly may not know yet what was just written.
    const kv = await manyKv.open(name, { allow_direct: false });
    const base = Number(DESCRIPTION.exec(config.description ?? '')?.[1] ?? 0);
    return { kv, stream, subjects: `$KV.${name}.`, base };
  };
  const [entries, leases] = await Promise.all([open(ENTRIES, undefined), open(LEASES, LEASE_BUCKET_MS)]);
  return { manager, entries, leases };
}

/** `undefined` where there is no such stream. */
async function infoOf(manager: JetStreamManager, stream: string): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(stream);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return undefined;
    throw error;
  }
}

/** The port through which servers of a fleet talk: one authenticated session to each. */
import type { Readable } from 'node:stream';

export interface PeerRequest {
  /** Default GET; POST where there is a body. */
  readonly method?: string;
  /** Below `/-/fleet/`, query included. */
  readonly path: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal: AbortSignal;
  /** Bound of waiting for the head of the reply. */
  readonly timeoutMs: number;
}

export interface PeerReply {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Readable;
  /** @throws RangeError for more bytes. */
  readAll(maxBytes: number): Promise<Buffer>;
}

/** What a server knows of another to talk to it. */
export interface PeerAddress {
  readonly name: string;
  readonly url: string;
  /** `ed25519:…` */
  readonly key: string;
}

export interface Peers {
  /**
   * @throws PeerUnreachable, PeerLost, PeerRefused; the signal's reason; GatewayError where the other side threw one.
   */
  send(name: string, request: PeerRequest): Promise<PeerReply>;
  /** False where the last attempt to reach it failed. */
  isUp(name: string): boolean;
  /** Milliseconds there and back, on a session opened for it where there is none. @throws PeerUnreachable, PeerLost, PeerRefused. */
  ping(name: string): Promise<number>;
  /** Told whenever `isUp` of a server changes. Gives back what ends it. */
  onChange(listener: (name: string, isUp: boolean) => void): () => void;
  /** How much of one of its replies may be on its way, so that others get their turn. @param bytes from 16,384 to 16,777,216; default 1 MiB */
  pace(name: string, bytes: number): void;
  /** Keeps warm sessions to these. */
  keepWarm(names: readonly string[]): void;
  close(): Promise<void>;
}

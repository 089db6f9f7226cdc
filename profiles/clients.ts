/** The port of the client records: who has been seen, what was detected, what was assigned or chosen. */
import type { ClientClass } from './client-class.ts';
import type { PartialPreferences } from './preferences.ts';

/** Under what a client is known: the strongest that applies (design part 3). */
export type ClientKey =
  | { readonly kind: 'user'; readonly name: string }
  /** The bearer of our `format-client` cookie. */
  | { readonly kind: 'cookie'; readonly secret: string }
  /** Kept as a keyed hash only. */
  | { readonly kind: 'address'; readonly address: string; readonly userAgent: string };

export interface ClientRecord {
  /** Stable, unguessable, reveals neither address nor User-Agent. */
  readonly id: string;
  readonly kind: ClientKey['kind'];
  readonly class: ClientClass;
  readonly preset: string;
  readonly evidence: readonly string[];
  /** At most 512 characters. */
  readonly userAgent: string;
  /** Milliseconds since 1970. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly requests: number;
  /** Bytes it was spared: its originals' less what was sent. */
  readonly saved: number;
  /** Profile an admin has assigned. */
  readonly profile: string | undefined;
  /** What the person has chosen on `/-/settings`, and per site. */
  readonly settings: PartialPreferences | undefined;
  readonly sites: Readonly<Record<string, PartialPreferences>>;
}

/** Facts of a request worth recording. */
export interface ClientSighting {
  readonly class: ClientClass;
  readonly preset: string;
  readonly evidence: readonly string[];
  readonly userAgent: string;
}

/** Which records are wanted. */
export interface ClientQuery {
  readonly limit: number;
  readonly offset: number;
  readonly class?: string | undefined;
  /** Words of the User-Agent or of the profile's name, in any case; or an id. */
  readonly text?: string | undefined;
}

/** Client records: bounded in number and age. */
export interface Clients {
  /** Notes a request; writes are gathered and never wait for the disk. */
  see(key: ClientKey, sighting: ClientSighting): ClientRecord;
  /** The record of a key, without noting anything. */
  find(key: ClientKey): ClientRecord | undefined;
  get(id: string): ClientRecord | undefined;
  /** Newest first. */
  list(query: ClientQuery): readonly ClientRecord[];
  /** Assigns a profile (`undefined` takes it away); durable. @throws GatewayError NOT_FOUND. */
  assign(id: string, profile: string | undefined): ClientRecord;
  /** Keeps what a person chose; durable. @throws GatewayError NOT_FOUND. */
  choose(
    id: string,
    settings: PartialPreferences | undefined,
    sites?: Readonly<Record<string, PartialPreferences>>,
  ): ClientRecord;
  /** Forgets a client wholly. */
  forget(id: string): void;
  /** Adds bytes that clients, by id, were spared; unknown ones are left out. Not durable. */
  addSaved(bytes: ReadonlyMap<string, number>): void;
  close(): void;
}

/**
 * Profiles of a fleet: one server owns the writes, the others ask it and hold replicas (S8). What it has written reaches
 * them through the registry, is theirs to keep, and outlives the authority's absence.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { pack, unpack } from '../core/envelope.ts';
import { GatewayError } from '../core/errors.ts';
import { Fields } from '../core/fields.ts';
import type { IfMatch } from '../core/if-match.ts';
import type { Log } from '../core/log.ts';
import { type Profile, parseProfile } from '../profiles/profile.ts';
import type { ProfileReplica, Profiles, StoredProfile } from '../profiles/profiles.ts';
import type { FleetStore } from './fleet-store.ts';
import type { Hearing, Said } from './hearing.ts';
import type { NodeVoice } from './node-message.ts';
import type { Peers } from './peers/peers.ts';
import type { Registry } from './registry/registry.ts';

export const PROFILES = 'profiles';
const PREFIX = 'profile.';
const TOLD = 'profiles-told';
/** Before the name of a profile: the last write that another server has asked for. */
const ASKED = 'profile-asked.';
const LOOK_MS = 50;
const TIMEOUT_MS = 5_000;
const MAX_REPLY_BYTES = 1024 * 1024;

export interface ProfileAuthorityParts {
  readonly profiles: Profiles & ProfileReplica;
  /** Name of the server that owns the writes; `undefined` where each server does. */
  readonly owner: () => string | undefined;
  readonly self: string;
  readonly peers: Peers;
  readonly store: Pick<FleetStore, 'read' | 'write'>;
  readonly log: Log;
}

/** How profiles are written in a fleet. */
export interface ProfileAuthority {
  /** Whether this server owns the writes. */
  readonly isHere: boolean;
  /** @throws GatewayError as `Profiles.put` does; SHED where the authority does not answer. */
  put(profile: Profile, ifMatch: IfMatch): Promise<StoredProfile>;
  /** @throws GatewayError as `Profiles.remove` does; SHED where the authority does not answer. */
  remove(name: string, ifMatch: IfMatch): Promise<void>;
  /** A write that another server passes on. @throws GatewayError as the store does, MISDIRECTED. */
  write(asked: Readonly<Record<string, unknown>>, from: string): unknown;
}

export function makeProfileAuthority(parts: ProfileAuthorityParts): ProfileAuthority {
  const { profiles, owner, self, peers, store, log } = parts;
  const isHere = () => (owner() ?? self) === self;
  const askOwner = async (head: unknown): Promise<Readonly<Record<string, unknown>>> => {
    const name = owner()!;
    try {
      const request = { method: 'POST', path: PROFILES, body: pack(head), timeoutMs: TIMEOUT_MS };
      const reply = await peers.send(name, { ...request, signal: AbortSignal.timeout(TIMEOUT_MS) });
      return unpack(await reply.readAll(MAX_REPLY_BYTES)).head;
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause;
      log.warn('the authority of the profiles does not answer', { server: name, reason: (cause as Error).message });
      throw new GatewayError('SHED', { seconds: 2 }, { cause, fields: Fields.from({ 'retry-after': '2' }) });
    }
  };
  // The writer reads what it has written, whenever the registry tells; unless that has told something since.
  const askFor = async (name: string, head: unknown, take: (reply: Readonly<Record<string, unknown>>) => void) => {
    const edition = () => readAllTold(store).get(name)?.edition;
    const before = edition();
    const reply = await askOwner(head);
    if (edition() === before) take(reply);
    return reply;
  };
  return {
    get isHere() {
      return isHere();
    },
    async put(profile, ifMatch) {
      if (isHere()) return profiles.put(profile, ifMatch);
      const head = { verb: 'put', profile, ifMatch: ifMatch ?? null };
      const stored = await askFor(profile.name, head, (reply) =>
        profiles.replicate(new Map([[profile.name, parseProfile(reply['profile'])]])),
      );
      return profiles.get(profile.name) ?? (stored as unknown as StoredProfile);
    },
    async remove(name, ifMatch) {
      if (isHere()) return profiles.remove(name, ifMatch);
      await askFor(name, { verb: 'remove', name, ifMatch: ifMatch ?? null }, () =>
        profiles.replicate(new Map([[name, undefined]])),
      );
    },
    write({ verb, profile, name, ifMatch }, from) {
      if (!isHere()) throw new GatewayError('MISDIRECTED', { host: self });
      const condition = (ifMatch ?? undefined) as IfMatch;
      log.info('a profile is written for another server', { server: from, verb: String(verb) });
      if (verb !== 'put' && verb !== 'remove')
        throw new GatewayError('BAD_REQUEST', { why: 'the verb is put or remove' });
      const given = verb === 'put' ? parseProfile(profile) : undefined;
      // Told even where a later write has made all equal to what was told before: who asked has taken this one.
      store.write(ASKED + (given?.name ?? String(name)), randomUUID());
      if (given !== undefined) return profiles.put(given, condition);
      profiles.remove(String(name), condition);
      return {};
    },
  };
}

export interface ProfileSyncParts extends Pick<ProfileAuthorityParts, 'profiles' | 'owner' | 'self' | 'store' | 'log'> {
  /** The authority that the plan names. */
  readonly named: () => string | undefined;
  readonly registry: Registry;
  readonly voice: NodeVoice;
  readonly hearing: Hearing;
  readonly clock: Clock;
}

/** What the fleet has been told of one profile; `undefined` profiles are removed ones. */
interface Told {
  readonly edition: number;
  readonly profile?: Profile | undefined;
}

/** Tells the fleet what the authority has written, and takes what it tells. */
export class ProfileSync {
  readonly #parts: ProfileSyncParts;
  /** By name: what the registry has, or what was taken from it. */
  readonly #told: Map<string, Told>;
  /** By name: the last write for another server that was told. */
  readonly #answered = new Map<string, string | undefined>();
  #seen: unknown;
  #isTelling = false;
  #stop: (() => void)[] = [];

  constructor(parts: ProfileSyncParts) {
    this.#parts = parts;
    this.#told = readAllTold(parts.store);
  }

  async start(): Promise<void> {
    const { registry, clock, hearing } = this.#parts;
    this.#stop.push(await hearing.watch(PREFIX, (key, said) => this.#take(key.slice(PREFIX.length), said)));
    const timer = clock.every(LOOK_MS, () => void this.#tell());
    this.#stop.push(() => timer.cancel());
    registry.onConnection((isConnected) => {
      if (isConnected) this.#seen = undefined;
    });
  }

  stop(): void {
    for (const stop of this.#stop.splice(0)) stop();
  }

  async #tell(): Promise<void> {
    const { profiles, registry, owner, self, log } = this.#parts;
    // Every write makes another edition of all.
    const seen = profiles.get('default');
    if (this.#isTelling || seen === this.#seen || owner() !== self || !registry.isConnected) return;
    this.#isTelling = true;
    try {
      const held = new Map(profiles.list().flatMap(({ profile, preset }) => (preset ? [] : [[profile.name, profile]])));
      const names = new Set([...held.keys(), ...this.#told.keys()]);
      for (const name of names) await this.#tellOne(name, held.get(name));
      this.#seen = seen;
    } catch (error) {
      log.debug('profiles could not be told', { reason: (error as Error).message });
    } finally {
      this.#isTelling = false;
    }
  }

  async #tellOne(name: string, profile: Profile | undefined): Promise<void> {
    const { registry, voice, store } = this.#parts;
    const key = PREFIX + name;
    const asked = store.read(ASKED + name);
    const held = await registry.get(key);
    const said = held === undefined ? undefined : voice.hear(held.value);
    const known = readTold(said?.content);
    // What another was the authority of before is said again by the one that is it now.
    if (
      known !== undefined &&
      said?.from === this.#parts.self &&
      asked === this.#answered.get(name) &&
      JSON.stringify(known.profile) === JSON.stringify(profile)
    )
      return;
    const edition = Math.max(known?.edition ?? 0, this.#told.get(name)?.edition ?? 0) + 1;
    const told: Told = profile === undefined ? { edition } : { edition, profile };
    const revision = await registry.compareAndSet(key, voice.say(told), held?.revision);
    if (revision === undefined) throw new Error(`another was faster with ${key}`);
    this.#answered.set(name, asked);
    this.#note(name, told);
  }

  #take(name: string, said: Said): void {
    const { profiles, owner, self, log } = this.#parts;
    // Where the plan names the authority, its word alone counts (threat 67).
    const named = this.#parts.named();
    const told = named === undefined || said?.from === named ? readTold(said?.content) : undefined;
    if (told === undefined || told.edition <= (this.#told.get(name)?.edition ?? 0)) return;
    this.#note(name, told);
    // The authority knows its own words.
    if (owner() === self || owner() === undefined) return;
    try {
      profiles.replicate(new Map([[name, told.profile === undefined ? undefined : parseProfile(told.profile)]]));
    } catch (error) {
      log.error('a profile of the fleet cannot be used', { profile: name, reason: (error as Error).message });
    }
  }

  #note(name: string, told: Told): void {
    this.#told.set(name, told);
    this.#parts.store.write(TOLD, JSON.stringify(Object.fromEntries(this.#told)));
  }
}

function readAllTold(store: Pick<FleetStore, 'read'>): Map<string, Told> {
  return new Map(Object.entries(JSON.parse(store.read(TOLD) ?? '{}') as Record<string, Told>));
}

function readTold(value: unknown): Told | undefined {
  const told = value as Told | undefined | null;
  return typeof told?.edition === 'number' ? told : undefined;
}

/**
 * The servers of the fleet, as they announce themselves: each heartbeat says what a server holds. Who is alive is judged
 * against the newest heartbeat seen, never the wall clock, so that losing the engine loses nobody.
 */
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { FleetStore } from './fleet-store.ts';
import type { Member } from './fleet-view.ts';
import { isSaidBy, type NodeSigner, readMessage, signMessage, type VerifyBy } from './node-message.ts';
import type { FleetPlan } from './plan/fleet-plan.ts';
import type { Registry, RegistryChange } from './registry/registry.ts';
import { isAlive } from './route/health.ts';

const BEAT_MS = 500;
/** A server that is this far behind the newest heartbeat is not alive. */
const LIVE_MS = 2_500;
/** No heartbeat of anybody for so long, one's own included, is a fault of the engine or of this process. */
const OUTAGE_MS = 1_500;
const PREFIX = 'member.';
const MAX_MEMBERS = 1_000;

const memberSchema = z.object({
  name: z.string().max(64),
  url: z.url({ protocol: /^https?$/ }),
  key: z.string().max(100),
  zone: z.string().max(200),
  adminPort: z.number().int().min(0).max(65_535),
  serial: z.number().int().min(0),
  isDraining: z.boolean(),
  isManager: z.boolean(),
  sets: z.record(z.string(), z.object({ version: z.string(), editions: z.record(z.string(), z.number()) })),
  formatters: z.array(z.string()),
  placedFormatters: z.array(z.object({ set: z.string(), manifest: z.record(z.string(), z.any()) })),
  problems: z.record(z.string(), z.string()),
  routesBy: z.string(),
  load: z.number(),
});
const announcementSchema = z.object({ beat: z.number(), member: memberSchema });

export interface MembersParts {
  readonly registry: Registry;
  readonly store: Pick<FleetStore, 'read' | 'write'>;
  /** This server as it is now. */
  readonly self: () => Member;
  readonly signer: NodeSigner;
  readonly verifyBy: VerifyBy;
  readonly plan: () => FleetPlan | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

interface Known {
  member: Member;
  beat: number;
  /** Monotonic. */
  seenAt: number;
}

const MEMBERS = 'members';
const KEYS = 'member-keys';

export class Members {
  readonly #parts: MembersParts;
  readonly #known = new Map<string, Known>();
  /** Keys by name, as first seen; the plan's list wins. */
  readonly #keys: Map<string, string>;
  readonly #listeners: (() => void)[] = [];
  /** Rises over restarts. */
  #beat: number;
  #newestAt: number;
  #alive = '';
  #stop: (() => void)[] = [];
  #isSending = false;
  #isStale = false;

  constructor(parts: MembersParts) {
    this.#parts = parts;
    const { clock, store } = parts;
    this.#beat = clock.now();
    this.#newestAt = clock.monotonic();
    this.#keys = new Map(Object.entries(JSON.parse(store.read(KEYS) ?? '{}') as Record<string, string>));
    for (const member of JSON.parse(store.read(MEMBERS) ?? '[]') as Member[])
      this.#known.set(member.name, { member, beat: 0, seenAt: this.#newestAt });
  }

  async start(): Promise<void> {
    const { registry, clock } = this.#parts;
    // In a fleet of one nobody judges whether it is alive, and its disk is for its clients.
    if (registry.kind !== 'local') {
      const beat = clock.every(BEAT_MS, () => {
        this.announce();
        this.#tell();
      });
      this.#stop.push(() => beat.cancel());
    }
    this.announce();
    this.#stop.push(await registry.watch(PREFIX, (change) => this.#take(change)));
  }

  /** Tells the others how this server is now. */
  announce(): void {
    if (this.#isSending) this.#isStale = true;
    else void this.#send();
  }

  /** Those alive, this server among them, by name. */
  all(): readonly Member[] {
    const { self, plan } = this.#parts;
    const own = self();
    const listed = plan()?.servers;
    const others = [...this.#known.values()]
      .filter(({ seenAt, member }) => member.name !== own.name && isAlive(seenAt, this.#newestAt, LIVE_MS))
      .map(({ member }) => member)
      .filter(({ name }) => this.isListed(name))
      // Threat 68: the plan's list says where a member is, whatever it announces.
      .map((member) => ({ ...member, url: listed?.[member.name]?.url ?? member.url }));
    return [...others, own].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Whether the plan's list has this server, or the plan has no list. */
  isListed(name: string): boolean {
    const listed = this.#parts.plan()?.servers;
    return listed === undefined || listed[name] !== undefined;
  }

  /** The public key of a member; `undefined` for who is none. */
  keyOf(name: string): string | undefined {
    const { plan, self } = this.#parts;
    const listed = plan()?.servers;
    if (listed !== undefined) return listed[name]?.key;
    return name === self().name ? self().key : this.#keys.get(name);
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Leaves the fleet: the others need not wait for the silence. */
  async leave(): Promise<void> {
    for (const stop of this.#stop.splice(0)) stop();
    await this.#parts.registry.remove(PREFIX + this.#parts.self().name).catch(() => undefined);
  }

  async #send(): Promise<void> {
    const { registry, self, signer, log } = this.#parts;
    const member = self();
    this.#isSending = true;
    try {
      this.#beat += 1;
      const message = signMessage(member.name, { beat: this.#beat, member }, signer);
      if (registry.isConnected) await registry.put(PREFIX + member.name, message);
    } catch (error) {
      log.debug('a heartbeat was not sent', { reason: (error as Error).message });
    } finally {
      this.#isSending = false;
    }
    if (!this.#isStale) return;
    this.#isStale = false;
    void this.#send();
  }

  #take({ key, value }: RegistryChange): void {
    const name = key.slice(PREFIX.length);
    if (value === undefined) {
      this.#known.delete(name);
      this.#tell();
      return;
    }
    const told = this.#read(name, value);
    if (told === undefined) return;
    this.#noteBeat();
    if (name !== this.#parts.self().name) this.#known.set(name, { ...told, seenAt: this.#newestAt });
    this.#tell();
  }

  // After a silence of all nobody is the later for it.
  #noteBeat(): void {
    const now = this.#parts.clock.monotonic();
    const gap = now - this.#newestAt;
    this.#newestAt = now;
    if (gap > OUTAGE_MS) for (const known of this.#known.values()) known.seenAt += gap;
  }

  #read(name: string, value: string): Pick<Known, 'member' | 'beat'> | undefined {
    const { verifyBy, plan, log } = this.#parts;
    const message = readMessage(value);
    const parsed = announcementSchema.safeParse(message === undefined ? undefined : parseJson(message.text));
    if (message === undefined || !parsed.success || message.from !== name || parsed.data.member.name !== name) {
      log.warn('an announcement cannot be read', { server: name });
      return undefined;
    }
    const { beat } = parsed.data;
    const member = parsed.data.member as Member;
    const key = plan()?.servers === undefined ? (this.#keys.get(name) ?? member.key) : this.keyOf(name);
    if (key === undefined || key !== member.key || !isSaidBy(key, message, verifyBy)) {
      log.warn('an announcement was refused', { server: name, why: key === undefined ? 'no member' : 'wrong key' });
      return undefined;
    }
    // Threat 67: an old announcement played again says nothing.
    const held = this.#known.get(name);
    if (held !== undefined && held.beat >= beat) return undefined;
    this.#pin(name, key);
    return { member, beat };
  }

  #pin(name: string, key: string): void {
    if (this.#keys.has(name) || this.#keys.size >= MAX_MEMBERS) return;
    this.#keys.set(name, key);
    this.#parts.store.write(KEYS, JSON.stringify(Object.fromEntries(this.#keys)));
  }

  #tell(): void {
    const alive = this.all();
    // How busy they are is no news.
    const summary = JSON.stringify(alive.map((member) => ({ ...member, load: 0 })));
    if (summary === this.#alive) return;
    this.#alive = summary;
    this.#parts.store.write(MEMBERS, summary);
    for (const listener of this.#listeners) listener();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

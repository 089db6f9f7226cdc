/** The manager: whichever server holds the lease turns plan and members into assignments (S7). */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Log } from '../core/log.ts';
import type { FleetStore } from './fleet-store.ts';
import type { Hearing, Said } from './hearing.ts';
import type { Members } from './members.ts';
import type { NodeVoice } from './node-message.ts';
import { assign } from './plan/assign.ts';
import type { Assignments } from './plan/fleet-plan.ts';
import type { PlanKeeper } from './plan-keeper.ts';
import type { Lease, Registry } from './registry/registry.ts';

const KEY = 'assignments';
const LEASE = 'manager';
const LEASE_MS = 2_000;

const schema = z.object({
  serial: z.number().int().min(0),
  /** Fencing token of the lease under which it was written. */
  token: z.number().int().min(0),
  sets: z.record(z.string(), z.array(z.string())),
});

/** What a manager has decided. */
type Decision = z.infer<typeof schema>;

export interface ManagerParts {
  readonly self: string;
  readonly registry: Registry;
  readonly store: Pick<FleetStore, 'read' | 'write'>;
  readonly members: Members;
  readonly plans: PlanKeeper;
  readonly voice: NodeVoice;
  readonly hearing: Hearing;
  readonly log: Log;
}

export class Manager {
  readonly #parts: ManagerParts;
  readonly #listeners: (() => void)[] = [];
  #decision: Decision;
  #lease: Lease | undefined;
  /** Of this server's time as the manager. */
  #epoch: number | undefined;
  #stop: (() => void) | undefined;
  #isDeciding = false;
  #isStale = false;

  constructor(parts: ManagerParts) {
    this.#parts = parts;
    const kept = parts.store.read(KEY);
    this.#decision = kept === undefined ? { serial: 0, token: 0, sets: {} } : schema.parse(JSON.parse(kept));
  }

  /** Who shall hold what. */
  get assignments(): Assignments {
    return this.#decision.sets;
  }

  /** Serial of the plan that they are for. */
  get serial(): number {
    return this.#decision.serial;
  }

  get isManager(): boolean {
    return this.#epoch !== undefined;
  }

  async start(): Promise<void> {
    const { registry, self, members, plans, hearing } = this.#parts;
    this.#stop = await hearing.watch(KEY, (key, said) => {
      if (key === KEY && said !== undefined) this.#take(said);
    });
    this.#lease = registry.lease(LEASE, {
      holder: self,
      ttlMs: LEASE_MS,
      mayHold: (holder) => members.isListed(holder),
    });
    this.#lease.onChange((token) => {
      // An engine that was wiped counts its tokens anew: an epoch is above all that were seen.
      this.#epoch = token === undefined ? undefined : Math.max(token, this.#decision.token + 1);
      this.decide();
    });
    members.onChange(() => this.decide());
    plans.onChange(() => this.decide());
    this.decide();
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Looks whether the fleet needs other assignments; does nothing on servers that are not the manager. */
  decide(): void {
    if (this.#isDeciding) this.#isStale = true;
    else void this.#decide();
  }

  async stop(): Promise<void> {
    this.#stop?.();
    await this.#lease?.release();
  }

  async #decide(): Promise<void> {
    this.#isDeciding = true;
    try {
      await this.#write();
    } catch (error) {
      this.#parts.log.debug('assignments could not be written', { reason: (error as Error).message });
    } finally {
      this.#isDeciding = false;
    }
    if (!this.#isStale) return;
    this.#isStale = false;
    await this.#decide();
  }

  async #write(): Promise<void> {
    const { registry, plans, members, voice, log } = this.#parts;
    const token = this.#epoch;
    const { plan, serial } = plans;
    if (token === undefined || plan === undefined) return;
    const held = await registry.get(KEY);
    const known = held === undefined ? undefined : readDecision(voice.hear(held.value));
    const current = known ?? this.#decision;
    // Who holds a newer token is the manager now.
    if (current.token > token || current.serial > serial) return;
    const servers = members.all().map(({ name, zone, isDraining, sets }) => ({
      name,
      zone,
      isDraining,
      held: Object.keys(sets),
    }));
    const sets = assign({ plan, servers, current: current.sets });
    // An engine that has lost what was decided, or holds what nobody believes, is told again.
    if (known !== undefined && known.serial === serial && digestOf(known.sets) === digestOf(sets)) return;
    const decision: Decision = { serial, token, sets: sets as Decision['sets'] };
    const revision = await registry.compareAndSet(KEY, voice.say(decision), held?.revision);
    if (revision === undefined) this.#isStale = true;
    else log.info('assignments', { serial, sets: JSON.stringify(sets) });
  }

  #take(said: Said): void {
    const decision = readDecision(said);
    if (decision === undefined) return;
    // Threat 67: a stale epoch, or a plan that has been replaced.
    const { serial, token } = this.#decision;
    if (decision.serial < serial || (decision.serial === serial && decision.token < token)) return;
    this.#decision = decision;
    this.#parts.store.write(KEY, JSON.stringify(decision));
    for (const listener of this.#listeners) listener();
  }
}

function readDecision(said: Said): Decision | undefined {
  const parsed = schema.safeParse(said?.content);
  return parsed.success ? parsed.data : undefined;
}

function digestOf(sets: Assignments): string {
  const sorted = Object.entries(sets).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}

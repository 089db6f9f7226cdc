/** The plan of the fleet on this server: checked, kept as last known good, and given back to an engine that has lost it. */
import type { KeyObject } from 'node:crypto';
import type { Log } from '../core/log.ts';
import type { FleetStore } from './fleet-store.ts';
import type { FleetPlan, SignedPlan } from './plan/fleet-plan.ts';
import { openSignedPlan, PlanRefused } from './plan/sign-plan.ts';
import type { Registry } from './registry/registry.ts';

const KEY = 'plan';
const MAX_PUBLISH_TRIES = 5;

export interface PlanKeeperParts {
  readonly registry: Registry;
  readonly store: Pick<FleetStore, 'read' | 'write'>;
  /** Keys whose plans count. */
  readonly trusted: readonly KeyObject[];
  readonly log: Log;
}

export class PlanKeeper {
  readonly #parts: PlanKeeperParts;
  readonly #listeners: (() => void)[] = [];
  #signed: SignedPlan | undefined;
  #plan: FleetPlan | undefined;
  #stop: (() => void) | undefined;

  constructor(parts: PlanKeeperParts) {
    this.#parts = parts;
    const kept = parts.store.read(KEY);
    // Threat 66: what the disk says is checked like what anybody says.
    if (kept !== undefined) this.#adopt(JSON.parse(kept) as SignedPlan);
  }

  get plan(): FleetPlan | undefined {
    return this.#plan;
  }

  get serial(): number {
    return this.#signed?.serial ?? 0;
  }

  async start(): Promise<void> {
    const { registry } = this.#parts;
    this.#stop = await registry.watch(KEY, ({ key, value }) => {
      if (key === KEY) this.#takeTold(value);
    });
    registry.onConnection((isConnected) => {
      if (isConnected) void this.#publish();
    });
    void this.#publish();
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Checks a plan, keeps it and tells the fleet.
   *
   * @throws PlanRefused; RegistryUnavailable, where nothing is changed.
   */
  async apply(signed: SignedPlan): Promise<void> {
    const { registry, trusted } = this.#parts;
    openSignedPlan(signed, trusted, { newerThan: this.serial });
    for (let tries = 0; tries < MAX_PUBLISH_TRIES; tries++) {
      const held = await registry.get(KEY);
      const heldSerial = held === undefined ? 0 : serialOf(held.value);
      openSignedPlan(signed, trusted, { newerThan: Math.max(this.serial, heldSerial) });
      if ((await registry.compareAndSet(KEY, JSON.stringify(signed), held?.revision)) === undefined) continue;
      if (signed.serial > this.serial) this.#take(signed);
      return;
    }
    throw new PlanRefused('downgraded', 'others apply plans at this moment');
  }

  stop(): void {
    this.#stop?.();
  }

  #takeTold(value: string | undefined): void {
    const { log } = this.#parts;
    if (value !== undefined && serialOf(value) > this.serial) {
      try {
        this.#take(JSON.parse(value) as SignedPlan);
        return;
      } catch (error) {
        log.error('a plan was refused', { reason: (error as Error).message });
      }
    }
    // A lost, older or forged plan of the engine gives way to the last known good one (design part 7).
    if (this.#signed !== undefined && (value === undefined || serialOf(value) !== this.serial)) void this.#publish();
  }

  #take(signed: SignedPlan): void {
    this.#adopt(signed);
    this.#parts.store.write(KEY, JSON.stringify(signed));
    for (const listener of this.#listeners) listener();
  }

  #adopt(signed: SignedPlan): void {
    const { trusted, log } = this.#parts;
    try {
      this.#plan = openSignedPlan(signed, trusted, { newerThan: this.serial }).plan;
      this.#signed = signed;
    } catch (error) {
      if (this.#signed !== undefined || !(error instanceof PlanRefused)) throw error;
      log.error('the plan that was kept is refused', { reason: error.message });
    }
  }

  async #publish(): Promise<void> {
    const { registry, trusted, log } = this.#parts;
    if (this.#signed === undefined) return;
    try {
      const held = await registry.get(KEY);
      if (held !== undefined && serialOf(held.value) >= this.serial && isGood(held.value, trusted)) return;
      await registry.compareAndSet(KEY, JSON.stringify(this.#signed), held?.revision);
    } catch (error) {
      log.debug('the plan could not be published', { reason: (error as Error).message });
    }
  }
}

function serialOf(value: string): number {
  try {
    const { serial } = JSON.parse(value) as { serial: unknown };
    return typeof serial === 'number' ? serial : 0;
  } catch {
    return 0;
  }
}

function isGood(value: string, trusted: readonly KeyObject[]): boolean {
  try {
    openSignedPlan(JSON.parse(value) as SignedPlan, trusted);
    return true;
  } catch {
    return false;
  }
}

/** The one process of a server that talks to the registry: it announces, reconciles, manages where it holds the lease, and writes the view that all of its processes go by. */
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { PlacedComponent, PlacedSet, SetHost } from '../core/fleet.ts';
import type { Log } from '../core/log.ts';
import type { BlobStore } from './blobs/blob-store.ts';
import { Editions } from './editions.ts';
import type { FleetStore } from './fleet-store.ts';
import type { FleetView, Member } from './fleet-view.ts';
import { type Hearing, makeHearing } from './hearing.ts';
import type { Holdings } from './holdings.ts';
import { Manager } from './manager.ts';
import { Members } from './members.ts';
import { makeVoice, type NodeSigner, type NodeVoice, type VerifyBy } from './node-message.ts';
import { PlanKeeper } from './plan-keeper.ts';
import { PROFILES, ProfileSync, type ProfileSyncParts } from './profile-authority.ts';
import { digestOfRoutes } from './ready-sets.ts';
import { Reconciler } from './reconciler.ts';
import type { Lease, Registry } from './registry/registry.ts';
import { Upkeep } from './upkeep.ts';

export interface AgentParts {
  readonly self: {
    readonly name: string;
    readonly url: () => string;
    readonly zone: string;
    readonly adminPort: number;
  };
  readonly registry: Registry;
  readonly store: FleetStore;
  readonly holdings: Holdings;
  readonly blobs: BlobStore;
  /** Folder of the fleet's files. */
  readonly folder: string;
  readonly host: SetHost;
  readonly signer: NodeSigner;
  readonly verifyBy: VerifyBy;
  /** Keys whose plans count. */
  readonly trusted: readonly KeyObject[];
  readonly profiles: ProfileSyncParts['profiles'];
  /** Formatters of this server as `name@version`. */
  readonly formatters: () => readonly string[];
  readonly tryOut: (set: PlacedSet, fresh: readonly PlacedComponent[]) => Promise<readonly string[]>;
  /** Requests under way. */
  readonly load: () => number;
  readonly clock: Clock;
  readonly log: Log;
}

const DRAIN = 'drain.';
const UPDATERS_MS = 4_000;
/** How long a server that ends waits for others to take over what it holds. */
const HAND_OVER_MS = 3_000;
const LOOK_MS = 20;

export class FleetAgent {
  readonly plans: PlanKeeper;
  readonly members: Members;
  readonly manager: Manager;
  readonly editions: Editions;
  readonly reconciler: Reconciler;
  readonly #parts: AgentParts;
  readonly #voice: NodeVoice;
  readonly #hearing: Hearing;
  readonly #upkeep: Upkeep;
  readonly #profiles: ProfileSync;
  /** Leases of updaters, by set. */
  readonly #leases = new Map<string, Lease>();
  readonly #draining = new Set<string>();
  #stop: (() => void)[] = [];
  #isLeaving = false;
  #routesBy = '';

  constructor(parts: AgentParts) {
    this.#parts = parts;
    const { registry, store, log, signer, verifyBy, clock } = parts;
    const self = parts.self.name;
    this.plans = new PlanKeeper(parts);
    const plan = () => this.plans.plan;
    const keyOf = (name: string) => this.members.keyOf(name);
    this.#voice = makeVoice({ self, signer, verifyBy, keyOf });
    const voice = this.#voice;
    this.#hearing = makeHearing({ registry, voice, log });
    const hearing = this.#hearing;
    this.members = new Members({ registry, store, self: () => this.#self(), signer, verifyBy, plan, clock, log });
    this.manager = new Manager({
      self,
      registry,
      store,
      members: this.members,
      plans: this.plans,
      voice,
      hearing,
      log,
    });
    this.editions = new Editions({ registry, store, voice, hearing, log, onChange: () => this.reconciler.check() });
    this.reconciler = new Reconciler(
      {
        ...parts,
        self,
        plan,
        assignments: () => this.manager.assignments,
        members: () => this.members.all(),
        editions: (set) => this.editions.of(set),
        onChange: () => this.#publish(),
      },
      store.view().placed,
    );
    this.#upkeep = new Upkeep({
      ...parts,
      self,
      plan,
      editions: () => store.editions(),
      members: () => this.members.all(),
      held: () => this.reconciler.held,
    });
    const owner = () => this.authorities()[PROFILES];
    const named = () => plan()?.authority[PROFILES];
    this.#profiles = new ProfileSync({ ...parts, self, owner, named, voice, hearing });
  }

  /** Resolves when what the registry has is known; at once where no engine answers. */
  async start(): Promise<void> {
    const { plans, members, manager, editions, reconciler } = this;
    if (plans.plan !== undefined) editions.adopt(plans.plan);
    plans.onChange(() => {
      editions.adopt(plans.plan!);
      this.#publish();
      reconciler.check();
    });
    members.onChange(() => {
      this.#hearing.retry();
      this.#publish();
      reconciler.check();
    });
    manager.onChange(() => {
      this.#publish();
      reconciler.check();
    });
    // Another process of this server may have registered an edition.
    this.#parts.store.watch(() => reconciler.check());
    await reconciler.verify();
    this.#publish();
    await plans.start();
    if (!this.#isLeaving) await members.start();
    if (!this.#isLeaving)
      await Promise.all([manager.start(), editions.start(), this.#profiles.start(), this.#watchDraining()]);
    // Who leaves before an engine has answered ends what has begun since.
    if (this.#isLeaving) return await this.#end();
    reconciler.check();
    this.#publish();
    this.#upkeep.start();
  }

  /** Server that owns the writes, by `profiles` or the name of a set. */
  authorities(): Readonly<Record<string, string>> {
    const { plan } = this.plans;
    const owners: Record<string, string> = {};
    for (const [set, holders] of Object.entries(this.manager.assignments))
      if (holders[0] !== undefined) owners[set] = holders[0];
    const manager = this.#parts.registry.kind === 'local' ? undefined : this.#managerName();
    return { ...owners, ...(manager === undefined ? {} : { [PROFILES]: manager }), ...plan?.authority };
  }

  /** Takes a server out of use, or back into it. @throws RegistryUnavailable */
  async drain(server: string, isDraining: boolean): Promise<void> {
    const { registry } = this.#parts;
    if (isDraining) await registry.put(DRAIN + server, this.#voice.say({ server }));
    else await registry.remove(DRAIN + server);
  }

  /** Leaves the fleet; what it held goes on here until the process ends. */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    this.#publish();
    await this.#handOver();
    await this.#end();
  }

  async #end(): Promise<void> {
    for (const stop of this.#stop.splice(0)) stop();
    this.reconciler.stop();
    this.#upkeep.stop();
    this.editions.stop();
    this.#profiles.stop();
    this.plans.stop();
    await Promise.all([...this.#leases.values()].map((lease) => lease.release()));
    await this.manager.stop();
    await this.members.leave();
  }

  /** Waits for others to be ready for what is held here, where there are any that may be. */
  async #handOver(): Promise<void> {
    const { clock, self, registry } = this.#parts;
    const until = clock.monotonic() + HAND_OVER_MS;
    const isHandedOver = () =>
      this.reconciler.held.every(({ name }) => {
        const heirs = (this.manager.assignments[name] ?? []).filter((heir) => heir !== self.name);
        return heirs.length > 0 && this.members.all().some((each) => heirs.includes(each.name) && name in each.sets);
      });
    if (!registry.isConnected || this.members.all().length < 2) return;
    while (!isHandedOver() && clock.monotonic() < until)
      await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
  }

  #managerName(): string | undefined {
    return this.members.all().find(({ isManager }) => isManager)?.name;
  }

  async #watchDraining(): Promise<void> {
    const stop = await this.#hearing.watch(DRAIN, (key, said) => {
      const server = key.slice(DRAIN.length);
      if (said !== undefined) this.#draining.add(server);
      else this.#draining.delete(server);
      if (server === this.#parts.self.name) this.#publish();
    });
    this.#stop.push(stop);
  }

  #self(): Member {
    const { self, signer, formatters, load } = this.#parts;
    const { ready, problems } = this.reconciler;
    const sets = ready.map(({ name, version, data }) => {
      const editions = Object.entries(data).map(([each, { edition }]) => [each, edition] as const);
      return [name, { version, editions: Object.fromEntries(editions) }] as const;
    });
    return {
      name: self.name,
      url: self.url(),
      key: signer.publicKey,
      zone: self.zone,
      adminPort: self.adminPort,
      serial: this.plans.serial,
      isDraining: this.#isLeaving || this.#draining.has(self.name),
      isManager: this.manager.isManager,
      sets: Object.fromEntries(sets),
      formatters: formatters(),
      placedFormatters: ready.flatMap(formattersOf),
      problems,
      routesBy: this.#routesBy,
      load: load(),
    };
  }

  /** Writes the view, and tells the others how this server is now. */
  #publish(): void {
    const { store, self } = this.#parts;
    const view: FleetView = {
      self: self.name,
      serial: this.plans.serial,
      plan: this.plans.plan,
      members: this.members.all(),
      placed: this.reconciler.held,
      authorities: this.authorities(),
    };
    store.writeView(view);
    this.#routesBy = digestOfRoutes(view);
    this.#applyUpdaters();
    this.members.announce();
  }

  // One server of those that hold a set runs its updaters.
  #applyUpdaters(): void {
    const { registry, self } = this.#parts;
    const wanted = this.reconciler.ready.filter(({ components }) => components.some(({ kind }) => kind === 'updater'));
    const names = new Set(wanted.map(({ name }) => name));
    for (const [set, lease] of this.#leases)
      if (!names.has(set)) {
        this.#leases.delete(set);
        void lease.release();
      }
    for (const name of names) {
      if (this.#leases.has(name)) continue;
      const lease = registry.lease(`updater.${name}`, {
        holder: self.name,
        ttlMs: UPDATERS_MS,
        mayHold: (holder) => this.members.isListed(holder),
      });
      this.#leases.set(name, lease);
      lease.onChange(() => this.#runUpdaters());
    }
    this.#runUpdaters();
  }

  #runUpdaters(): void {
    const held = [...this.#leases].filter(([, lease]) => lease.token !== undefined).map(([name]) => name);
    this.#parts.host.runUpdaters(new Set(held));
  }
}

function formattersOf({ name, components }: PlacedSet): Member['placedFormatters'] {
  return components
    .filter(({ kind }) => kind === 'formatter')
    .map((each) => ({ set: name, manifest: { ...each.plain, name: each.name, version: each.version } }));
}

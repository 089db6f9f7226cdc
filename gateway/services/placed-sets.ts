/** The function sets of a fleet that this server holds: each with services, updaters and data sets of its own. */
import { dirname } from 'node:path';
import type { Clock, Timer } from '../../core/clock.ts';
import { GatewayError } from '../../core/errors.ts';
import type { PlacedComponent, PlacedSet, SetData, SetHost } from '../../core/fleet.ts';
import type { Log } from '../../core/log.ts';
import type { DataSets } from './data-sets.ts';
import type { ComponentSource } from './find-components.ts';
import { openEntry, type ServicesOptions } from './open-services.ts';
import { LocalServices } from './services.ts';

export interface PlacedSetsOptions extends Pick<ServicesOptions, 'settings' | 'fetch' | 'publicOrigin'> {
  readonly data: SetData;
  /** Folder that holds the data sets of a function set. */
  readonly dataFolder: (set: string) => string;
  readonly clock: Clock;
  readonly log: Log;
}

interface Held {
  placed: PlacedSet;
  readonly services: LocalServices;
}

/** What is not in use any more, for requests under way and for who takes the change back. */
interface Retired {
  readonly held: Held;
  readonly ends: Timer;
}

const RETIRE_MS = 30_000;
const NAMED = /^\/-\/services\/([a-z0-9-]{1,64})(\/.*)?$/s;

export class PlacedSets implements SetHost {
  readonly #options: PlacedSetsOptions;
  #held = new Map<string, Held>();
  /** Opened to be tried, not yet in use; by set. */
  readonly #candidates = new Map<string, Held>();
  readonly #retired = new Set<Retired>();
  #updating: ReadonlySet<string> = new Set();

  constructor(options: PlacedSetsOptions) {
    this.#options = options;
  }

  async use(sets: readonly PlacedSet[]): Promise<void> {
    const next = new Map<string, Held>();
    for (const placed of sets) next.set(placed.name, this.#take(placed));
    const gone = [...this.#held.values()].filter((held) => next.get(held.placed.name) !== held);
    this.#held = next;
    this.#applyUpdaters();
    for (const held of gone) this.#retire(held);
  }

  async try(set: PlacedSet, request: Request): Promise<Response> {
    const candidate = this.#candidates.get(set.name);
    if (candidate?.placed.version !== set.version) {
      if (candidate !== undefined) this.#retire(candidate);
      this.#candidates.set(set.name, this.#open(set));
    }
    return await answerBy(this.#candidates.get(set.name)!, request);
  }

  async ask(set: string, request: Request): Promise<Response> {
    const held = this.#held.get(set);
    if (held === undefined) throw new GatewayError('NOT_FOUND', { path: new URL(request.url).pathname });
    return await answerBy(held, request);
  }

  runUpdaters(sets: ReadonlySet<string>): void {
    this.#updating = sets;
    this.#applyUpdaters();
  }

  async close(): Promise<void> {
    const retired = [...this.#retired].map(({ held, ends }) => {
      ends.cancel();
      return held;
    });
    const all = [...this.#held.values(), ...this.#candidates.values(), ...retired];
    this.#held = new Map();
    this.#candidates.clear();
    this.#retired.clear();
    await Promise.all(all.map(({ services }) => services.close()));
  }

  #applyUpdaters(): void {
    for (const [name, { services }] of this.#held)
      if (this.#updating.has(name)) services.startUpdaters();
      else services.stopUpdaters();
  }

  #take(placed: PlacedSet): Held {
    const held = this.#held.get(placed.name);
    if (held?.placed.version === placed.version) {
      held.placed = placed;
      return held;
    }
    const candidate = this.#candidates.get(placed.name);
    this.#candidates.delete(placed.name);
    if (candidate?.placed.version === placed.version) {
      candidate.placed = placed;
      return candidate;
    }
    if (candidate !== undefined) this.#retire(candidate);
    return this.#revive(placed) ?? this.#open(placed);
  }

  /** The version that was in use just now, with its processes as warm as they were. */
  #revive(placed: PlacedSet): Held | undefined {
    const before = [...this.#retired].find(
      ({ held }) => held.placed.name === placed.name && held.placed.version === placed.version,
    );
    if (before === undefined) return undefined;
    before.ends.cancel();
    this.#retired.delete(before);
    before.held.placed = placed;
    return before.held;
  }

  #open(placed: PlacedSet): Held {
    const { fetch, publicOrigin, settings, clock, log, data } = this.#options;
    const { name } = placed;
    const dataSets: DataSets = {
      folders: [this.#options.dataFolder(name)],
      current: async () => Object.entries(held.placed.data),
      put: (dataSet, bytes) => data.put(name, dataSet, bytes),
    };
    const entries = placed.components
      .filter((each) => each.kind !== 'formatter')
      .map((each) => [each.name, openEntry(asSource(each), dataSets, this.#options)] as const);
    // Requests come as soon as the others hear of it, and a server that is back takes its share at once.
    for (const [, { source, host }] of entries) if (source.kind === 'service') host.warm();
    const authority = {
      isHere: () => data.isAuthority(name),
      ask: (request: Request) => data.askAuthority(name, request),
    };
    const services = new LocalServices({
      entries: new Map(entries),
      dataSets,
      fetch,
      publicOrigin,
      authority,
      runs: {
        lastRun: (updater) => data.lastRun(name, updater),
        noteRun: (updater) => data.noteRun(name, updater),
      },
      limits: settings,
      clock,
      log,
    });
    const held: Held = { placed, services };
    return held;
  }

  #retire(held: Held): void {
    held.services.stopUpdaters();
    const ends = this.#options.clock.after(RETIRE_MS, () => {
      this.#retired.delete(retired);
      void held.services.close();
    });
    const retired: Retired = { held, ends };
    this.#retired.add(retired);
  }
}

async function answerBy({ placed, services }: Held, request: Request): Promise<Response> {
  const named = NAMED.exec(new URL(request.url).pathname);
  if (named === null) return await services.answer(serviceFor(placed, request), request);
  return await services.answer(named[1]!, below(request, named[2] ?? '/'));
}

function below(request: Request, path: string): Request {
  const url = new URL(request.url);
  return new Request(new URL(`${path}${url.search}`, url.origin), request);
}

/** A set's only service, or of several the first one whose declared `routes` match, or simply the first. */
function serviceFor({ name, components }: PlacedSet, request: Request): string {
  const services = components.filter((each) => each.kind === 'service');
  const { pathname } = new URL(request.url);
  const chosen = services.find((each) => routesOf(each).some((route) => isMatch(route, pathname))) ?? services[0];
  if (chosen === undefined) throw new GatewayError('NOT_FOUND', { path: `the set ${name} has no service` });
  return chosen.name;
}

function routesOf({ plain }: PlacedComponent): readonly string[] {
  const { routes } = plain;
  return Array.isArray(routes) ? routes.filter((each) => typeof each === 'string') : [];
}

function isMatch(route: string, path: string): boolean {
  return route.endsWith('*') ? path.startsWith(route.slice(0, -1)) : path === route;
}

function asSource({ kind, name, version, module, root, plain }: PlacedComponent): ComponentSource {
  if (kind === 'formatter') throw new TypeError('a formatter is not run here');
  return { kind, name, version, plain, module, root: root === '' ? dirname(module) : root, thirdParty: true };
}

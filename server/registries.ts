/**
 * The formatters of a server as they are now: what ships with us, plugins, and what the fleet has placed here, less what is
 * switched off; for planning also those that only other servers have.
 */
import type { FleetGate, PlacedComponent, PlacedSet } from '../core/fleet.ts';
import type { Log } from '../core/log.ts';
import { type FormatterDescriptor, parseManifest } from '../formatters/descriptor.ts';
import { type FormatterRegistry, makeRegistry } from '../formatters/registry.ts';
import type { FormatterSwitches } from '../formatters/switches.ts';

export interface RegistriesParts {
  /** Those of the start. */
  readonly initial: FormatterRegistry;
  readonly switches: FormatterSwitches;
  readonly log: Log;
}

export interface Registries {
  /** Formatters that are here. */
  local(): FormatterRegistry;
  /** Those and the ones that only other servers have. */
  planning(): FormatterRegistry;
  /** Takes what the fleet has now. */
  useFleet(placed: readonly PlacedSet[], remote: ReturnType<FleetGate['remoteFormatters']>): void;
  /** Called with the local registry whenever it is another. */
  onChange(listener: (local: FormatterRegistry) => void): void;
}

export function makeRegistries({ initial, switches, log }: RegistriesParts): Registries {
  let all = initial;
  let allPlanning = initial;
  let off = switches.off();
  let local = all.withDisabled(off);
  let planning = local;
  let fleetSeen = '';
  const listeners: ((local: FormatterRegistry) => void)[] = [];
  const rebuild = () => {
    local = all.withDisabled(off);
    planning = allPlanning === all ? local : allPlanning.withDisabled(off);
    for (const listener of listeners) listener(local);
  };
  // A switch, of this process or another, swaps the registry in whole between two requests.
  const look = () => {
    const now = switches.off();
    if (now === off) return;
    off = now;
    rebuild();
  };
  return {
    local() {
      look();
      return local;
    },
    planning() {
      look();
      return planning;
    },
    useFleet(placed, remote) {
      const components = placed.flatMap((set) => set.components).filter(({ kind }) => kind === 'formatter');
      const seen = JSON.stringify([components.map(({ bundle }) => bundle), remote]);
      if (seen === fleetSeen) return;
      fleetSeen = seen;
      const here = components.flatMap((component) => describePlaced(component, log));
      all = here.length === 0 ? initial : withThese(initial, here);
      const there = remote.flatMap(({ manifest }) => describeRemote(manifest, log));
      const more = there.filter(({ name }) => all.get(name) === undefined);
      allPlanning = more.length === 0 ? all : withThese(all, more);
      rebuild();
    },
    onChange: (listener) => void listeners.push(listener),
  };
}

/** A formatter that the plan has placed takes the place of one of its name. */
function withThese(base: FormatterRegistry, more: readonly FormatterDescriptor[]): FormatterRegistry {
  const byName = new Map([...base.list(), ...more].map((each) => [each.name, each]));
  return makeRegistry(byName.values()).freeze();
}

export function describePlaced(
  { plain, module, root, name }: PlacedComponent,
  log: Log,
): readonly FormatterDescriptor[] {
  try {
    return [{ ...parseManifest(plain), source: { module, root, thirdParty: true } }];
  } catch (error) {
    log.error('component cannot be used', { component: name, message: (error as Error).message });
    return [];
  }
}

// It is never run here: the executor sends its plans to where it is.
function describeRemote(manifest: unknown, log: Log): readonly FormatterDescriptor[] {
  try {
    return [{ ...parseManifest(manifest), source: { module: '', root: '', thirdParty: true } }];
  } catch (error) {
    log.warn('a formatter of another server cannot be used', { message: (error as Error).message });
    return [];
  }
}

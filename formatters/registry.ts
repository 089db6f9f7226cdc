/**
 * The formatters of a server. Built while starting, then frozen: a switch or a moved bundle makes a new registry, which
 * is swapped in whole, so that a request sees one registry from start to end.
 */
import { createHash } from 'node:crypto';
import type { Edge } from '../core/component.ts';
import type { FormatterDescriptor } from './descriptor.ts';
import { parseManifest, RegistrationError } from './descriptor.ts';

/** An edge with its owner: what the planner searches. */
export interface GraphEdge extends Edge {
  readonly formatter: string;
  readonly version: string;
  readonly deterministic: boolean;
  readonly meets: readonly string[];
}

/** All formatters, by name; immutable. */
export interface FormatterRegistry {
  /** Every formatter, switched off or not, sorted by name. */
  list(): readonly FormatterDescriptor[];
  get(name: string): FormatterDescriptor | undefined;
  /** Edges of the enabled formatters, in one order whatever the order of registration. */
  edges(): readonly GraphEdge[];
  isEnabled(name: string): boolean;
  /** The same formatters with exactly these switched off (kill switch, research R10). */
  withDisabled(names: Iterable<string>): FormatterRegistry;
  /** Hex sha256 of all that planning depends on: equal on servers that plan alike. */
  readonly digest: string;
}

/** Collects formatters until `freeze`. */
export interface RegistryBuilder {
  /** @throws RegistrationError */
  register(descriptor: FormatterDescriptor): void;
  freeze(): FormatterRegistry;
}

/**
 * A registry under construction.
 *
 * @param initial formatters to start with, such as `old.list()` less the one that a new bundle replaces
 */
export function makeRegistry(initial: Iterable<FormatterDescriptor> = []): RegistryBuilder {
  const byName = new Map<string, FormatterDescriptor>();
  let frozen = false;
  const builder: RegistryBuilder = {
    register(descriptor) {
      const manifest = parseManifest(descriptor);
      if (frozen)
        throw new RegistrationError('frozen', manifest.name, 'the registry is in use: make a new one and swap it in');
      if (byName.has(manifest.name)) {
        const holder = byName.get(manifest.name)!.source.module;
        throw new RegistrationError(
          'duplicate-name',
          manifest.name,
          `the name \`${manifest.name}\` is taken by ${holder}`,
        );
      }
      byName.set(manifest.name, deepFreeze({ ...manifest, source: { ...descriptor.source } }));
    },
    freeze() {
      frozen = true;
      const sorted = [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      return registryOf(new Map(sorted.map((each) => [each.name, each])), new Set());
    },
  };
  for (const each of initial) builder.register(each);
  return builder;
}

function registryOf(
  byName: ReadonlyMap<string, FormatterDescriptor>,
  disabled: ReadonlySet<string>,
): FormatterRegistry {
  const list = Object.freeze([...byName.values()]);
  const edges = Object.freeze(list.filter((each) => !disabled.has(each.name)).flatMap(edgesOf));
  return Object.freeze({
    list: () => list,
    get: (name: string) => byName.get(name),
    edges: () => edges,
    isEnabled: (name: string) => byName.has(name) && !disabled.has(name),
    withDisabled: (names: Iterable<string>) => registryOf(byName, new Set(names)),
    digest: createHash('sha256').update(JSON.stringify(edges)).digest('hex'),
  });
}

function edgesOf(descriptor: FormatterDescriptor): GraphEdge[] {
  const { name: formatter, version, deterministic } = descriptor;
  return descriptor.edges
    .map((edge) => Object.freeze({ ...edge, formatter, version, deterministic }))
    .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}

function orderOf(edge: GraphEdge): string {
  return JSON.stringify([edge.from, edge.to, edge.meets]);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const each of Object.values(value)) deepFreeze(each);
  }
  return value;
}

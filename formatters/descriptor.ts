/**
 * What the gateway knows of a formatter without running it: plain data, checked. A module in our own tree is described
 * after import; a plugin's description comes from its caged process and is checked again here, since it may lie.
 */
import type { Edge, PlainData, PlainRecord, Reads } from '../core/component.ts';
import { CONTRACT } from '../core/component.ts';
import { readMediaType } from '../core/media-type.ts';

/** Where a formatter's code comes from. */
export interface FormatterSource {
  /** `file:` URL of the module. */
  readonly module: string;
  /** Third-party code gets a process of its own, under the permission model. */
  readonly thirdParty: boolean;
  /** The only file or folder of its own that third-party code may read. */
  readonly root: string;
}

/** The plain part of a `Formatter`, with its defaults filled in. */
export interface FormatterManifest {
  readonly contract: 1;
  readonly kind: 'formatter';
  readonly name: string;
  readonly version: string;
  readonly title: string;
  readonly reads: Reads;
  readonly edges: readonly (Edge & { readonly meets: readonly string[] })[];
  readonly deterministic: boolean;
  readonly optionsSchema?: PlainRecord;
}

/** A formatter as the registry keeps it. */
export interface FormatterDescriptor extends FormatterManifest {
  readonly source: FormatterSource;
}

export type RegistrationFault =
  | 'not-an-object'
  | 'wrong-contract'
  | 'wrong-kind'
  | 'bad-name'
  | 'bad-version'
  | 'bad-title'
  | 'bad-reads'
  | 'bad-deterministic'
  | 'bad-options-schema'
  | 'no-format'
  | 'bad-function'
  | 'no-edges'
  | 'too-many-edges'
  | 'bad-media-type'
  | 'bad-keeps'
  | 'bad-cost'
  | 'bad-demand'
  | 'edge-meets-nothing'
  | 'duplicate-edge'
  | 'duplicate-name'
  | 'frozen';

/** A component that cannot be registered; `code` says which rule it broke. */
export class RegistrationError extends Error {
  readonly code: RegistrationFault;
  readonly component: string;

  constructor(code: RegistrationFault, component: string, message: string) {
    super(message);
    this.name = 'RegistrationError';
    this.code = code;
    this.component = component;
  }
}

const NAME = /^[a-z0-9-]{1,64}$/;
const VERSION = /^\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?$/;
const DEMAND = /^[A-Za-z][A-Za-z0-9.-]{0,63}$/;
const READS: readonly string[] = ['bytes', 'text', 'document', 'stream'] satisfies Reads[];
const MAX_EDGES = 512;
const MAX_DEMANDS = 64;
const MAX_SCHEMA_CHARACTERS = 65_536;

type Loose = Readonly<Record<string, unknown>>;

/**
 * Describes the default export of a formatter module, functions included.
 *
 * @throws RegistrationError
 */
export function describeFormatter(exported: unknown): FormatterManifest {
  const manifest = parseManifest(exported);
  const formatter = exported as Loose;
  if (typeof formatter['format'] !== 'function') {
    throw new RegistrationError(
      'no-format',
      manifest.name,
      `\`format\` must be a function, got ${show(formatter['format'])}`,
    );
  }
  for (const optional of ['parseOptions', 'open', 'close']) {
    const value = formatter[optional];
    if (value !== undefined && typeof value !== 'function')
      throw new RegistrationError(
        'bad-function',
        manifest.name,
        `\`${optional}\` must be a function, got ${show(value)}`,
      );
  }
  return manifest;
}

/**
 * Checks the plain part of a formatter and copies it.
 *
 * @throws RegistrationError
 */
export function parseManifest(value: unknown): FormatterManifest {
  if (typeof value !== 'object' || value === null)
    throw new RegistrationError('not-an-object', 'unnamed', `a component is a plain object, got ${show(value)}`);
  const given = value as Loose;
  const { name, version, reads, title, deterministic, optionsSchema } = given;
  const called = typeof name === 'string' ? name.slice(0, 64) : 'unnamed';
  const refuse = (code: RegistrationFault, message: string): never => {
    throw new RegistrationError(code, called, message);
  };
  if (given['contract'] !== CONTRACT)
    refuse('wrong-contract', `\`contract\` must be ${CONTRACT}, got ${show(given['contract'])}`);
  if (given['kind'] !== 'formatter') refuse('wrong-kind', `\`kind\` must be 'formatter', got ${show(given['kind'])}`);
  if (typeof name !== 'string' || !NAME.test(name))
    refuse('bad-name', `\`name\` must match ${NAME.source}, got ${show(name)}`);
  if (typeof version !== 'string' || version.length > 64 || !VERSION.test(version))
    refuse('bad-version', `\`version\` must be a semantic version like 1.0.0, got ${show(version)}`);
  if (typeof reads !== 'string' || !READS.includes(reads))
    refuse('bad-reads', `\`reads\` must be of ${READS.join(', ')}, got ${show(reads)}`);
  if (title !== undefined && (typeof title !== 'string' || title.length > 200))
    refuse('bad-title', `\`title\` must be text of up to 200 characters, got ${show(title)}`);
  if (deterministic !== undefined && typeof deterministic !== 'boolean')
    refuse('bad-deterministic', `\`deterministic\` must be true or false, got ${show(deterministic)}`);
  return {
    contract: 1,
    kind: 'formatter',
    name: called,
    version: version as string,
    title: (title as string | undefined) ?? called,
    reads: reads as Reads,
    edges: parseEdges(given['edges'], refuse),
    deterministic: (deterministic as boolean | undefined) ?? true,
    ...(optionsSchema === undefined ? {} : { optionsSchema: parseSchema(optionsSchema, refuse) }),
  };
}

type Refuse = (code: RegistrationFault, message: string) => never;

function parseEdges(value: unknown, refuse: Refuse): FormatterManifest['edges'] {
  if (!Array.isArray(value) || value.length === 0)
    return refuse('no-edges', '`edges` must be a list with at least one edge');
  if (value.length > MAX_EDGES) refuse('too-many-edges', `\`edges\` must be up to ${MAX_EDGES}, got ${value.length}`);
  const seen = new Set<string>();
  return value.map((each: unknown, index) => {
    const edge = parseEdge(each, `edges[${index}]`, refuse);
    const key = JSON.stringify([edge.from, edge.to, edge.meets]);
    if (seen.has(key)) refuse('duplicate-edge', `edges[${index}] repeats ${edge.from} to ${edge.to}`);
    seen.add(key);
    return edge;
  });
}

function parseEdge(value: unknown, path: string, refuse: Refuse): FormatterManifest['edges'][number] {
  const { from, to, keeps, cost, meets = [] } = (typeof value === 'object' && value !== null ? value : {}) as Loose;
  for (const [end, type] of Object.entries({ from, to })) {
    if (typeof type !== 'string' || type.includes('*') || readMediaType(type)?.essence !== type)
      refuse(
        'bad-media-type',
        `${path}.${end} must be a media type in lower case without parameters, got ${show(type)}`,
      );
  }
  if (typeof keeps !== 'number' || !(keeps >= 0 && keeps <= 1))
    refuse('bad-keeps', `${path}.keeps must be 0 to 1, got ${show(keeps)}`);
  if (typeof cost !== 'number' || !(cost >= 0 && cost < Number.POSITIVE_INFINITY))
    refuse('bad-cost', `${path}.cost must be 0 or more, got ${show(cost)}`);
  if (
    !Array.isArray(meets) ||
    meets.length > MAX_DEMANDS ||
    !meets.every((each) => typeof each === 'string' && DEMAND.test(each))
  )
    refuse('bad-demand', `${path}.meets must be a list of up to ${MAX_DEMANDS} names, got ${show(meets)}`);
  const names = [...new Set(meets as string[])].sort();
  if (from === to && names.length === 0)
    refuse('edge-meets-nothing', `${path} goes from ${from} to itself, so it must meet a demand`);
  return { from: from as string, to: to as string, keeps: keeps as number, cost: cost as number, meets: names };
}

function parseSchema(value: unknown, refuse: Refuse): PlainRecord {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !isPlainData(value))
    return refuse('bad-options-schema', `\`optionsSchema\` must be plain data, got ${show(value)}`);
  const text = JSON.stringify(value);
  if (text.length > MAX_SCHEMA_CHARACTERS)
    refuse(
      'bad-options-schema',
      `\`optionsSchema\` must be up to ${MAX_SCHEMA_CHARACTERS} characters, got ${text.length}`,
    );
  return JSON.parse(text) as PlainRecord;
}

/** True for what survives JSON unchanged, up to 32 levels deep. */
export function isPlainData(value: unknown, depth = 32): value is PlainData {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth === 0) return false;
  if (Array.isArray(value)) return value.every((each) => isPlainData(each, depth - 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    (prototype === Object.prototype || prototype === null) &&
    Object.values(value).every((each) => isPlainData(each, depth - 1))
  );
}

function show(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  const text = typeof value === 'string' ? `\`${value}\`` : String(JSON.stringify(value) ?? value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

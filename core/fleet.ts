/**
 * What the fleet and the gateway know of each other: plain data and two ports, put together by `main.ts`.
 *
 * The fleet decides which function sets this server holds and where others are; a `SetHost` runs those it holds; a
 * `FleetGate` is how the gateway asks for a set wherever it is.
 */
import type { PlainRecord } from './component.ts';
import type { Digest } from './digest.ts';
import type { FormatJob, FormatOutcome } from './executor.ts';
import type { Fields } from './fields.ts';

/** A component of a bundle, unpacked on this server's disk. */
export interface PlacedComponent {
  /** Of its bundle. */
  readonly bundle: Digest;
  readonly kind: 'formatter' | 'service' | 'updater';
  readonly name: string;
  readonly version: string;
  /** `file:` URL of the module. */
  readonly module: string;
  /** Folder that belongs to it. */
  readonly root: string;
  /** All its plain properties. */
  readonly plain: PlainRecord;
}

/** One edition of a data set. The first, which a plan names, is 1. */
export interface PlacedData {
  readonly edition: number;
  readonly digest: Digest;
  /** File that holds it; never changed. */
  readonly path: string;
}

/** A function set that this server holds. */
export interface PlacedSet {
  readonly name: string;
  /** Digest of its bundles: equal on servers that hold the same version. */
  readonly version: string;
  readonly components: readonly PlacedComponent[];
  readonly data: Readonly<Record<string, PlacedData>>;
}

/** Runs the function sets of this server. */
export interface SetHost {
  /** Takes these in place of those held before, whole; what is no longer among them finishes what is under way. */
  use(sets: readonly PlacedSet[]): Promise<void>;
  /**
   * Asks the service of a set. The path of the request's URL is the service's own.
   *
   * @throws GatewayError NOT_FOUND, SERVICE_FAILED, SERVICE_TIMEOUT, SHED, BODY_TOO_LARGE.
   */
  ask(set: string, request: Request): Promise<Response>;
  /**
   * Asks the service of a set that is not in use yet; its processes are kept for when it is.
   *
   * @throws GatewayError as `ask` does.
   */
  try(set: PlacedSet, request: Request): Promise<Response>;
  /** Runs the updaters of these sets and of no others. */
  runUpdaters(sets: ReadonlySet<string>): void;
  close(): Promise<void>;
}

/** What a component asks of the fleet. */
export interface SetData {
  /**
   * Registers the next edition of a data set of a function set: durable here when it resolves, then everywhere.
   *
   * @throws Error where this server is not the one that may.
   */
  put(set: string, name: string, bytes: Uint8Array): Promise<PlacedData>;
  /** When an updater of a set last ran anywhere, milliseconds since 1970; `undefined` where it never did. */
  lastRun(set: string, updater: string): number | undefined;
  /** Tells that one has run well. */
  noteRun(set: string, updater: string): void;
  /** Whether this server is the authority of a set. */
  isAuthority(set: string): boolean;
  /** Asks the service of a set on its authority server. @throws GatewayError */
  askAuthority(set: string, request: Request): Promise<Response>;
}

/** How a server answers for a set that another one holds. */
export type RouteMode = 'serve' | 'replay' | 'redirect';

/** Where a request leads in the plan. */
export interface SetRoute {
  readonly set: string;
  readonly mode: RouteMode;
  /** What the choice of a server is made by. */
  readonly key: 'url' | 'client';
  /** What is taken off the path before the set sees it. */
  readonly strip: string;
  /** True for the content of a site of the plan, whose includes are filled here. */
  readonly hasIncludes: boolean;
  /** Host it is for; `undefined` on own hosts. */
  readonly host: string | undefined;
}

/** One request for a set. */
export interface SetRequest {
  readonly route: SetRoute;
  readonly method: string;
  /** Absolute, as the client knows it. */
  readonly url: URL;
  /** End-to-end fields. */
  readonly fields: Fields;
  readonly body: Uint8Array | undefined;
  /** Who asks: equal for all requests of one client. */
  readonly client: string;
  readonly signal: AbortSignal;
  /** True for a part of a page that can do without it: it is not waited for long. */
  readonly isPart?: boolean | undefined;
}

/** Who made a reply, and how the request came there. */
export interface MadeBy {
  readonly server: string;
  readonly set: string;
  readonly by: 'serve' | 'replay' | 'stale';
}

/** What a set answered. */
export interface SetReply {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Buffer;
  readonly madeBy: MadeBy;
}

/** An edge that only another server has. */
export interface RemoteFormatter {
  readonly set: string;
  /** Its plain part, as its bundle's manifest says. */
  readonly manifest: PlainRecord;
}

/** What the gateway asks of the fleet. */
export interface FleetGate {
  /** Name of this server. */
  readonly server: string;
  /** Raised whenever routes, members or placed sets change. */
  readonly revision: number;
  /**
   * The route of a path: the longest match wins.
   *
   * @param host host name without port; `undefined` for an own host
   */
  findRoute(host: string | undefined, path: string): SetRoute | undefined;
  /** Whether the plan has a site of this host. */
  hasSite(host: string): boolean;
  /** Where to send the client instead of answering, an absolute address; `undefined` where this server answers. */
  redirect(request: Pick<SetRequest, 'route' | 'url' | 'client'>): string | undefined;
  /** Asks the set here or on another server. @throws GatewayError SHED, SERVICE_FAILED, SERVICE_TIMEOUT, NOT_FOUND. */
  ask(request: SetRequest): Promise<SetReply>;
  /** Formatters that ready servers have and this one has not. */
  remoteFormatters(): readonly RemoteFormatter[];
  /** Runs a job on a server that has all of its formatters. @throws FormatFailure */
  format(job: FormatJob, signal: AbortSignal): Promise<{ outcome: FormatOutcome; madeBy: MadeBy }>;
  /** A variant that another server has made; `undefined` when nobody is known to. Never throws. */
  findVariant(key: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Tells the server that keeps it for all of a variant made here. Never throws. */
  offerVariant(key: string, variant: () => Uint8Array): void;
}

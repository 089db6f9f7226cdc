/** The fleet plan: what a fleet shall hold and how requests reach it. Plain data, signed, kept by every server. */
import type { Digest } from '../../core/digest.ts';
import type { RouteMode } from '../../core/fleet.ts';

/** Bundles and data sets that are placed together. */
export interface FunctionSet {
  readonly bundles: readonly Digest[];
  /** First editions, by the name of the data set. */
  readonly data: Readonly<Record<string, Digest>>;
}

/** Where a function set goes. */
export interface Placement {
  /** 1 to 1000. Default 1. */
  readonly replicas: number;
  /** Only these servers. Default: any. */
  readonly servers?: readonly string[];
  /** Only servers of this zone. Default: any. */
  readonly zone?: string;
  /** Over as many zones as there are. Default: no spread. */
  readonly spread?: 'zone';
  /** Preferably beside these sets. Default: none. */
  readonly affinity?: readonly string[];
}

export interface PlanRoute {
  /** A path, or one that ends in `*`. */
  readonly match: string;
  /** Host name. Default: the gateway's own hosts. */
  readonly host?: string;
  /** Taken off the front of the path. Default: nothing. */
  readonly strip?: string;
  readonly set: string;
  /** Default `replay`. */
  readonly mode: RouteMode;
  /** Default `url`. */
  readonly key: 'url' | 'client';
}

/** A web site made by several servers (S4). */
export interface PlanSite {
  readonly host: string;
  readonly content: { readonly set: string };
  /** By path, as in routes. */
  readonly functions: Readonly<Record<string, { readonly set: string }>>;
}

export interface PlanServer {
  /** Origin under which the others reach it. */
  readonly url: string;
  /** `ed25519:` and its public key in base64url. */
  readonly key: string;
}

/** With all defaults filled in. */
export interface FleetPlan {
  readonly functionSets: Readonly<Record<string, FunctionSet>>;
  readonly placement: Readonly<Record<string, Placement>>;
  readonly routes: readonly PlanRoute[];
  readonly sites: readonly PlanSite[];
  /** Server that owns the writes, by `profiles` or the name of a function set. */
  readonly authority: Readonly<Record<string, string>>;
  /** The members, where the plan says who they are. */
  readonly servers?: Readonly<Record<string, PlanServer>>;
}

/** A plan as it travels and is kept. */
export interface SignedPlan {
  /** Raised with every plan; a lower one is refused. From 1 on. */
  readonly serial: number;
  /** JSON of `{ serial, plan }`, exactly as signed. */
  readonly text: string;
  /** Which key signed: the first 16 hexadecimal digits of the sha256 of its SPKI. */
  readonly key: string;
  /** ed25519 over `text`, base64url. */
  readonly signature: string;
}

/** Servers that shall hold each set, by name of the set, in order of preference. */
export type Assignments = Readonly<Record<string, readonly string[]>>;

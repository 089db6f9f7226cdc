/** What a server knows of its fleet at one moment: plain data that all of its processes share. */
import type { PlacedSet, RemoteFormatter } from '../core/fleet.ts';
import type { FleetPlan } from './plan/fleet-plan.ts';

/** What a server holds of a set, ready to answer. */
export interface ReadySet {
  /** Digest of its bundles. */
  readonly version: string;
  /** Newest editions of its data sets that are held. */
  readonly editions: Readonly<Record<string, number>>;
}

/** A server as it has announced itself. */
export interface Member {
  readonly name: string;
  /** Origin under which clients and peers reach it. */
  readonly url: string;
  /** Its public key, `ed25519:…`. */
  readonly key: string;
  readonly zone: string;
  /** Port of its admin listener: nobody's target (threat 4). */
  readonly adminPort: number;
  /** Serial of the plan it goes by. */
  readonly serial: number;
  readonly isDraining: boolean;
  /** Whether it holds the manager's lease. */
  readonly isManager: boolean;
  readonly sets: Readonly<Record<string, ReadySet>>;
  /** Its formatters as `name@version`, sorted. */
  readonly formatters: readonly string[];
  /** Formatters it has from bundles. */
  readonly placedFormatters: readonly RemoteFormatter[];
  /** What it could not bring about, by set. */
  readonly problems: Readonly<Record<string, string>>;
  /** Digest of the holders it routes by; equal on servers that route alike. */
  readonly routesBy: string;
  readonly load: number;
}

export interface FleetView {
  /** Name of this server. */
  readonly self: string;
  readonly serial: number;
  readonly plan: FleetPlan | undefined;
  /** Members that are alive, this server among them, by name. */
  readonly members: readonly Member[];
  /** What this server holds and answers from. */
  readonly placed: readonly PlacedSet[];
  /** Server that owns the writes, by `profiles` or the name of a function set. */
  readonly authorities: Readonly<Record<string, string>>;
}

export function emptyView(self: string): FleetView {
  return { self, serial: 0, plan: undefined, members: [], placed: [], authorities: {} };
}

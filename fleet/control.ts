/** What operators ask of the fleet (design part 8): push, plan, apply, status, drain. The API, the UI and the command line call the same functions. */
import type { KeyObject } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Digest } from '../core/digest.ts';
import { GatewayError } from '../core/errors.ts';
import { Fields } from '../core/fields.ts';
import type { FleetAgent } from './agent.ts';
import { makeBlobSources } from './blob-sources.ts';
import type { BlobStore } from './blobs/blob-store.ts';
import { BundleError, isBundle, readBundle } from './bundle/read-bundle.ts';
import { describeFleet, type FleetStatus } from './fleet-status.ts';
import type { FleetStore } from './fleet-store.ts';
import type { Peers } from './peers/peers.ts';
import { assign } from './plan/assign.ts';
import { diffAssignments, diffPlan, type PlanChange, type ServerShift } from './plan/diff-plan.ts';
import { explainAssignment, type UnmetPlacement } from './plan/explain-assignment.ts';
import type { FleetPlan, SignedPlan } from './plan/fleet-plan.ts';
import { parsePlan } from './plan/parse-plan.ts';
import { PlanError } from './plan/plan-error.ts';
import { openSignedPlan, PlanRefused } from './plan/sign-plan.ts';
import { type Registry, RegistryUnavailable } from './registry/registry.ts';

/** What was stored. */
export interface Pushed {
  readonly digest: Digest;
  readonly kind: 'bundle' | 'data';
  /** Of a bundle. */
  readonly name?: string;
  readonly version?: string;
}

/** What a plan would do. */
export interface PlannedChange {
  /** Serial of the plan that holds now. */
  readonly serial: number;
  readonly changes: readonly PlanChange[];
  readonly shifts: readonly ServerShift[];
  readonly unmet: readonly UnmetPlacement[];
  /** Bundles and data sets that no server has. */
  readonly missing: readonly Digest[];
}

export interface FleetControl {
  status(): FleetStatus;
  /**
   * Keeps a blob here, from where others pull it.
   *
   * @param isNamedBundle true where its name says that it is one: then it must be good
   * @throws GatewayError BAD_INPUT for a bundle that is not signed by a trusted key, BODY_TOO_LARGE, STORE_FULL.
   */
  push(body: Readable, isNamedBundle: boolean): Promise<Pushed>;
  /** What a plan would change; one that comes signed is checked as `apply` does. @throws GatewayError BAD_INPUT. */
  plan(json: unknown): Promise<PlannedChange>;
  /** @throws GatewayError BAD_INPUT for a plan that is not taken, REGISTRY_AWAY. */
  apply(signed: unknown): Promise<PlannedChange>;
  /** @throws GatewayError NOT_FOUND for who is no member, REGISTRY_AWAY. */
  drain(server: string, isDraining: boolean): Promise<void>;
}

export interface ControlParts {
  readonly agent: FleetAgent;
  readonly registry: Registry;
  readonly store: FleetStore;
  readonly blobs: BlobStore;
  readonly peers: Peers;
  readonly trusted: readonly KeyObject[];
  readonly self: string;
}

export function makeFleetControl(parts: ControlParts): FleetControl {
  const { agent, blobs, trusted } = parts;
  return {
    status: () => describeFleet(parts),
    async push(body, isNamedBundle) {
      const digest = await blobs.put(body);
      const head = await readStart(blobs.read(digest));
      if (!isNamedBundle && !isBundle(head)) return { digest, kind: 'data' };
      try {
        const { name, version } = readBundle(await readAll(blobs.read(digest)), trusted).manifest;
        return { digest, kind: 'bundle', name, version };
      } catch (error) {
        await blobs.remove(digest);
        if (!(error instanceof BundleError)) throw error;
        throw new GatewayError('BAD_INPUT', { why: `the bundle is refused (${error.code}): ${error.message}` });
      }
    },
    async plan(json) {
      try {
        const isSigned = typeof json === 'object' && json !== null && 'signature' in json;
        const options = { newerThan: agent.plans.serial };
        return await foresee(isSigned ? openSignedPlan(json, trusted, options).plan : parsePlan(json), parts);
      } catch (error) {
        throw asGatewayError(error);
      }
    },
    async apply(signed) {
      try {
        const { plan } = openSignedPlan(signed, trusted, { newerThan: agent.plans.serial });
        const change = await foresee(plan, parts);
        if (change.missing.length > 0) {
          const names = change.missing.join(', ');
          throw new GatewayError('BAD_INPUT', { why: `no server has ${names}: push it first` });
        }
        await agent.plans.apply(signed as SignedPlan);
        return change;
      } catch (error) {
        throw asGatewayError(error);
      }
    },
    async drain(server, isDraining) {
      if (!agent.members.all().some(({ name }) => name === server))
        throw new GatewayError('NOT_FOUND', { path: `the server ${server}` });
      try {
        await agent.drain(server, isDraining);
      } catch (error) {
        throw asGatewayError(error);
      }
    },
  };
}

async function foresee(plan: FleetPlan, parts: ControlParts): Promise<PlannedChange> {
  const { agent } = parts;
  const servers = agent.members.all().map(({ name, zone, isDraining, sets }) => ({
    name,
    zone,
    isDraining,
    held: Object.keys(sets),
  }));
  const before = agent.manager.assignments;
  const input = { plan, servers, current: before };
  const after = assign(input);
  return {
    serial: agent.plans.serial,
    changes: diffPlan(agent.plans.plan, plan),
    shifts: diffAssignments(before, after),
    unmet: explainAssignment(input, after),
    missing: await findMissing(plan, parts),
  };
}

async function findMissing({ functionSets }: FleetPlan, parts: ControlParts): Promise<Digest[]> {
  const { blobs, peers, store, self } = parts;
  const wanted = new Set(
    Object.values(functionSets).flatMap(({ bundles, data }) => [...bundles, ...Object.values(data)]),
  );
  const others = store.view().members.filter(({ name }) => name !== self);
  const signal = AbortSignal.timeout(5_000);
  const isHeldElsewhere = async (digest: Digest): Promise<boolean> => {
    for (const source of makeBlobSources(others, peers)) {
      const found = await source.open(digest, 0, signal).catch(() => undefined);
      found?.stream.destroy();
      if (found !== undefined) return true;
    }
    return false;
  };
  const missing: Digest[] = [];
  for (const digest of wanted) if (!(await blobs.has(digest)) && !(await isHeldElsewhere(digest))) missing.push(digest);
  return missing;
}

function asGatewayError(error: unknown): unknown {
  if (error instanceof PlanRefused)
    return new GatewayError('BAD_INPUT', { why: `the plan is refused (${error.code}): ${error.message}` });
  if (error instanceof PlanError) return new GatewayError('BAD_INPUT', { why: error.message });
  if (!(error instanceof RegistryUnavailable)) return error;
  const fields = Fields.from({ 'retry-after': '5' });
  return new GatewayError('REGISTRY_AWAY', { seconds: 5 }, { cause: error, fields });
}

const START_BYTES = 64;

async function readStart(stream: Readable): Promise<Buffer> {
  for await (const part of stream) {
    stream.destroy();
    return Buffer.from(part as Uint8Array).subarray(0, START_BYTES);
  }
  return Buffer.alloc(0);
}

async function readAll(stream: Readable): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part as Uint8Array));
  return Buffer.concat(parts);
}

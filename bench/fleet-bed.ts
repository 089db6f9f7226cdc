/** A fleet to measure: engines and servers as the demo starts them, and an operator who costs nothing. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause, systemClock } from '../core/clock.ts';
import type { Digest } from '../core/digest.ts';
import { type FleetOfProcesses, makeFleetOfProcesses } from '../demo/fleet/fleet-of-processes.ts';
import { requestAsOperator } from '../egress/operator-request.ts';
import { buildBundle } from '../fleet/bundle/build-bundle.ts';
import { makeSigningKeys, readSigningKey } from '../fleet/bundle/signing-keys.ts';
import type { FleetStatus } from '../fleet/fleet-status.ts';
import { signPlan } from '../fleet/plan/sign-plan.ts';

/** What a plan names of a set. */
export interface SetOfPlan {
  readonly bundles: readonly Digest[];
  readonly data: Readonly<Record<string, Digest>>;
}

export interface FleetBed {
  readonly fleet: FleetOfProcesses;
  /** Clients and operators ask the first, which holds nothing unless a plan says so. */
  readonly front: string;
  /** Builds a component, signs it and stores it with its data sets on the front server. */
  offer(source: string, data: Readonly<Record<string, Uint8Array>>): Promise<SetOfPlan>;
  /** Publishes a plan. */
  publish(plan: unknown): Promise<void>;
  /** Publishes a plan and waits until every assignment is ready and every server routes by it. Resolves to how long that took. */
  apply(plan: unknown): Promise<number>;
  /** Takes a server out of use, or back into it. */
  drain(server: string, isDraining: boolean): Promise<void>;
  /** Waits for a state of the fleet as the front server, or another, sees it. Resolves to how long that took. */
  untilStatus(isSo: (status: FleetStatus) => boolean, server?: string): Promise<number>;
  close(): Promise<void>;
}

export interface BedOptions {
  readonly names: readonly string[];
  readonly engines: 1 | 3;
  readonly environment?: Readonly<Record<string, string>>;
}

// Looking costs the servers something too.
const LOOK_MS = 15;
const PATIENCE_MS = 60_000;

// Who is told to end takes all that it started along.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

/** Starts it. */
export async function openFleetBed({ names, engines, environment = {} }: BedOptions): Promise<FleetBed> {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-bench-'));
  const key = readSigningKey(makeSigningKeys(join(folder, 'keys')).keyFile);
  const quiet = { LOG_LEVEL: 'warn', ...environment };
  const fleet = await makeFleetOfProcesses({ folder, names, engines, environment: quiet });
  const front = names[0]!;
  const admin = fleet.servers[front]!.adminOrigin;
  const post = async (path: string, sent: { json?: unknown; file?: string }) => {
    const { status, text } = await requestAsOperator({
      method: 'POST',
      url: new URL(path, admin),
      token: fleet.token,
      ...sent,
    });
    if (status >= 400) throw new Error(`${path}: ${status} ${text}`);
  };
  const untilStatus: FleetBed['untilStatus'] = async (isSo, server = front) => {
    const began = systemClock.monotonic();
    for (;;) {
      const status = await fleet.status(server);
      const ms = systemClock.monotonic() - began;
      if (isSo(status)) return ms;
      if (ms > PATIENCE_MS) throw new Error(`it did not come about: ${status.drift.join('; ')}`);
      await pause(LOOK_MS);
    }
  };
  let serial = 0;
  const publish = async (plan: unknown) => {
    serial += 1;
    await post('/api/fleet/apply', { json: signPlan(plan, serial, key) });
  };
  try {
    await fleet.engines.start();
    await Promise.all(Object.values(fleet.servers).map((server) => server.start()));
    await untilStatus(
      ({ servers, manager, isSettled }) => servers.length === names.length && manager !== null && isSettled,
    );
  } catch (error) {
    await fleet.close();
    throw error;
  }
  return {
    fleet,
    front,
    untilStatus,
    async offer(source, data) {
      const files = Object.entries(data).map(([name, bytes]) => {
        const file = join(folder, `${name}.data`);
        writeFileSync(file, bytes);
        return [name, file] as const;
      });
      const built = await buildBundle({ source, key, data: Object.fromEntries(files) });
      const bundle = join(folder, 'offered.bundle');
      writeFileSync(bundle, built.bytes);
      await post('/api/fleet/blobs?kind=bundle', { file: bundle });
      for (const [, file] of files) await post('/api/fleet/blobs', { file });
      const digests = [...built.data].map(([name, { digest }]) => [name, digest] as const);
      return { bundles: [built.digest], data: Object.fromEntries(digests) };
    },
    publish,
    async apply(plan) {
      const began = systemClock.monotonic();
      await publish(plan);
      const wanted = serial;
      await untilStatus((status) => status.serial >= wanted && status.isSettled);
      return systemClock.monotonic() - began;
    },
    drain: (server, isDraining) => post(`/api/fleet/servers/${server}/drain`, { json: { draining: isDraining } }),
    close: () => fleet.close(),
  };
}

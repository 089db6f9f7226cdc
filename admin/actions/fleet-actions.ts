/** What operators do to the fleet; the API and the UI call the same functions. */
import type { Readable } from 'node:stream';
import { GatewayError } from '../../core/errors.ts';
import type { FleetControl, PlannedChange, Pushed } from '../../fleet/control.ts';
import type { FleetStatus } from '../../fleet/fleet-status.ts';
import type { Audit } from '../audit/audit.ts';
import type { Actor } from './actor.ts';

export interface FleetActions {
  status(): FleetStatus;
  /** @throws GatewayError as `FleetControl.push` does. */
  push(body: Readable, isNamedBundle: boolean, actor: Actor): Promise<Pushed>;
  /** @throws GatewayError BAD_INPUT. */
  plan(json: unknown): Promise<PlannedChange>;
  /** @throws GatewayError BAD_INPUT, REGISTRY_AWAY. */
  apply(signed: unknown, actor: Actor): Promise<PlannedChange>;
  /** @throws GatewayError NOT_FOUND, REGISTRY_AWAY. */
  drain(server: string, isDraining: boolean, actor: Actor): Promise<void>;
}

export interface FleetActionParts {
  readonly control: FleetControl | undefined;
  readonly audit: Audit;
}

export function makeFleetActions({ control, audit }: FleetActionParts): FleetActions {
  const joined = (): FleetControl => {
    if (control === undefined) throw new GatewayError('NOT_FOUND', { path: '/api/fleet' });
    return control;
  };
  return {
    status: () => joined().status(),
    push: (body, isNamedBundle, actor) =>
      audit.recordLater({ actor, action: 'push', kind: 'fleet', name: 'blob', before: null }, async () => {
        const value = await joined().push(body, isNamedBundle);
        return { value, after: value };
      }),
    plan: (json) => joined().plan(json),
    apply(signed, actor) {
      const { serial } = joined().status();
      return audit.recordLater(
        { actor, action: 'apply', kind: 'fleet', name: 'plan', before: { serial } },
        async () => {
          const value = await joined().apply(signed);
          return { value, after: { changes: value.changes.map(({ sentence }) => sentence) } };
        },
      );
    },
    drain: (server, isDraining, actor) =>
      audit.recordLater(
        { actor, action: 'drain', kind: 'fleet', name: server, before: { isDraining: !isDraining } },
        async () => {
          await joined().drain(server, isDraining);
          return { value: undefined, after: { isDraining } };
        },
      ),
  };
}

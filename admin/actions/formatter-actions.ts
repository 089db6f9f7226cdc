/** What admins do to formatters. */
import { GatewayError } from '../../core/errors.ts';
import type { FormatterStatus } from '../../core/executor.ts';
import type { Pool } from '../../formatters/pool/pool.ts';
import type { FormatterRegistry } from '../../formatters/registry.ts';
import type { FormatterSwitches } from '../../formatters/switches.ts';
import type { Audit } from '../audit/audit.ts';
import type { Actor } from './actor.ts';

export interface FormatterActions {
  list(): readonly FormatterStatus[];
  /** Switches a formatter on or off, for all processes and over restarts. @throws GatewayError NOT_FOUND. */
  set(name: string, enabled: boolean, actor: Actor): FormatterStatus;
}

export interface FormatterParts {
  readonly registry: () => FormatterRegistry;
  readonly switches: FormatterSwitches;
  readonly pool: Pool;
  readonly audit: Audit;
}

export function makeFormatterActions({ registry, switches, pool, audit }: FormatterParts): FormatterActions {
  const list = () => pool.status().map((status) => ({ ...status, enabled: registry().isEnabled(status.name) }));
  return {
    list,
    set(name, enabled, actor) {
      if (registry().get(name) === undefined) throw new GatewayError('NOT_FOUND', { path: `/api/formatters/${name}` });
      const before = { enabled: registry().isEnabled(name) };
      return audit.record({ actor, action: 'switch', kind: 'formatter', name, before }, () => {
        switches.set(name, enabled);
        return { value: list().find((status) => status.name === name)!, after: { enabled } };
      });
    },
  };
}

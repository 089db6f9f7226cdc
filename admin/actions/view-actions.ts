/** What admins do to views. */
import { GatewayError } from '../../core/errors.ts';
import type { IfMatch } from '../../core/if-match.ts';
import type { View, Views } from '../../gateway/views-store.ts';
import type { Audit } from '../audit/audit.ts';
import type { Actor } from './actor.ts';

export interface ViewActions {
  /** @throws GatewayError BAD_INPUT, BODY_TOO_LARGE, STALE, STORE_FULL. */
  put(name: string, markdown: string, how: { actor: Actor; ifMatch?: IfMatch }): { view: View; isNew: boolean };
  /** @throws GatewayError NOT_FOUND, STALE. */
  remove(name: string, how: { actor: Actor; ifMatch?: IfMatch }): void;
}

export function makeViewActions({ views, audit }: { views: Views; audit: Audit }): ViewActions {
  return {
    put(name, markdown, { actor, ifMatch }) {
      const before = views.get(name)?.markdown ?? null;
      const action = before === null ? 'create' : 'replace';
      const view = audit.record({ actor, action, kind: 'view', name: name.slice(0, 64), before }, () => ({
        value: views.put(name, markdown, ifMatch),
        after: markdown,
      }));
      return { view, isNew: before === null };
    },
    remove(name, { actor, ifMatch }) {
      const before = views.get(name)?.markdown;
      if (before === undefined) throw new GatewayError('NOT_FOUND', { path: `/api/views/${name}` });
      audit.record({ actor, action: 'remove', kind: 'view', name, before }, () => {
        views.remove(name, ifMatch);
        return { value: undefined, after: null };
      });
    },
  };
}

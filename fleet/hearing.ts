/** What members have said in the registry. What comes from somebody who is not known yet is kept until he is (threat 67). */
import type { Log } from '../core/log.ts';
import type { NodeVoice } from './node-message.ts';
import type { Registry } from './registry/registry.ts';

/** Something said; `undefined` where it was taken back. */
export type Said = { readonly from: string; readonly content: unknown } | undefined;

export interface Hearing {
  /** As `Registry.watch`, for what members have said alone. */
  watch(prefix: string, take: (key: string, said: Said) => void): Promise<() => void>;
  /** Members have changed: what was not believed is looked at again. */
  retry(): void;
}

interface Unheard {
  readonly value: string;
  readonly take: (key: string, said: Said) => void;
}

const MAX_UNHEARD = 10_000;

export function makeHearing({
  registry,
  voice,
  log,
}: {
  readonly registry: Registry;
  readonly voice: NodeVoice;
  readonly log: Log;
}): Hearing {
  const unheard = new Map<string, Unheard>();
  return {
    watch: (prefix, take) =>
      registry.watch(prefix, ({ key, value }) => {
        unheard.delete(key);
        const said = value === undefined ? undefined : voice.hear(value);
        if (value === undefined || said !== undefined) return take(key, said);
        log.warn('what no member has signed is not believed', { key });
        if (unheard.size < MAX_UNHEARD) unheard.set(key, { value, take });
      }),
    retry() {
      for (const [key, { value, take }] of unheard) {
        const said = voice.hear(value);
        if (said === undefined) continue;
        unheard.delete(key);
        take(key, said);
      }
    },
  };
}

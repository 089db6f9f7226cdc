/** The enhanced channel of a server (S5): the front-end's side where BACK_END is set, what the back-end's side remembers where CHANNEL_SECRET is. */
import { join } from 'node:path';
import { type ChannelParts, openChannel } from '../fleet/channel.ts';
import { type FrontEnd, makeFrontEnd } from '../gateway/channel/front-end.ts';
import { openHeldStore } from '../gateway/channel/held-store.ts';
import { type OnceLedger, openOnceLedger } from '../gateway/channel/once-ledger.ts';
import { openOutbox } from '../gateway/channel/outbox.ts';
import type { CookieJar } from '../gateway/cookie-jar.ts';
import type { Settings } from '../settings.ts';

export interface ChannelSide {
  /** `undefined` where this server works alone. */
  readonly frontEnd: FrontEnd | undefined;
  /** Forms of front-ends that were sent; `undefined` where the channel has no secret. */
  readonly once: OnceLedger | undefined;
  close(): Promise<void>;
}

type SideParts = Pick<ChannelParts, 'egress' | 'clock' | 'log'> & { readonly jar: () => CookieJar };

export function openChannelSide(settings: Settings, parts: SideParts): ChannelSide {
  const { backEnd: url, channelSecret: secret, dataDir } = settings;
  if (secret === undefined) return { frontEnd: undefined, once: undefined, close: () => Promise.resolve() };
  const { clock, log, jar } = parts;
  const once = openOnceLedger(join(dataDir, 'once.db'), clock);
  if (url === undefined) return { frontEnd: undefined, once, close: async () => once.close() };
  const backEnd = openChannel({ ...parts, url: new URL(url).origin, secret });
  const takeCookies = (owner: string, from: URL, lines: readonly string[]) => jar().take(owner, from, lines);
  const store = openHeldStore(join(dataDir, 'held.db'), log);
  const outbox = openOutbox({ file: join(dataDir, 'outbox.db'), backEnd, takeCookies, clock, log });
  return {
    once,
    frontEnd: makeFrontEnd({ backEnd, outbox, store, prefetchBytes: settings.prefetchBytes, clock, log }),
    async close() {
      await backEnd.close();
      outbox.close();
      store.close();
      once.close();
    },
  };
}

/** What the components of a function set ask of the fleet: its data, its authority (S8). */
import type { Clock } from '../core/clock.ts';
import { pack, unpack } from '../core/envelope.ts';
import { GatewayError } from '../core/errors.ts';
import { Fields } from '../core/fields.ts';
import type { PlacedData, SetData, SetHost } from '../core/fleet.ts';
import type { FleetStore } from './fleet-store.ts';
import type { Holdings } from './holdings.ts';
import type { Peers } from './peers/peers.ts';

export interface SetDataParts {
  readonly store: FleetStore;
  readonly holdings: Holdings;
  readonly peers: Peers;
  readonly host: () => SetHost;
  readonly clock: Clock;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const TIMEOUT_MS = 15_000;
const MAX_REPLY_BYTES = 64 * 1024 * 1024;
/** How long an edition takes to be in use here. */
const IN_USE_MS = 3_000;
const LOOK_MS = 10;

export function makeSetData({ store, holdings, peers, host, clock }: SetDataParts): SetData {
  const isInUse = (set: string, name: string, edition: number) =>
    (store.view().placed.find((each) => each.name === set)?.data[name]?.edition ?? 0) >= edition;
  const ownerOf = (set: string) => store.view().authorities[set];
  return {
    async put(set, name, bytes): Promise<PlacedData> {
      if (typeof name !== 'string' || !NAME.test(name))
        throw new RangeError('the name of a data set must be 1 to 128 of A to Z, a to z, 0 to 9, `.`, `_` and `-`');
      const digest = await holdings.put(bytes);
      const edition = store.nextEdition(set, name, digest);
      const placed = await holdings.placeData(edition, AbortSignal.timeout(TIMEOUT_MS));
      // Whoever asks next sees it.
      const until = clock.monotonic() + IN_USE_MS;
      while (!isInUse(set, name, edition.edition) && clock.monotonic() < until)
        await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
      return placed;
    },
    lastRun: (set, updater) => store.runs().find((run) => run.set === set && run.updater === updater)?.at,
    noteRun: (set, updater) => store.putRun({ set, updater, at: clock.now() }),
    isAuthority: (set) => ownerOf(set) === store.view().self,
    async askAuthority(set, request) {
      const owner = ownerOf(set);
      if (owner === store.view().self) return await host().ask(set, request);
      const body = pack(headOf(set, request), new Uint8Array(await request.arrayBuffer()));
      try {
        if (owner === undefined) throw new Error('nobody owns its writes');
        const sent = { method: 'POST', path: 'authority', body, signal: request.signal, timeoutMs: TIMEOUT_MS };
        const reply = await peers.send(owner, sent);
        const { head, body: said } = unpack(await reply.readAll(MAX_REPLY_BYTES));
        const fields = head['fields'] as [string, string][];
        const status = Number(head['status']);
        return new Response(said.byteLength === 0 ? null : new Uint8Array(said), { status, headers: fields });
      } catch (cause) {
        if (cause instanceof GatewayError && cause.status < 500) throw cause;
        // Design part 5: reads go on, writes are told to come again.
        throw new GatewayError('SHED', { seconds: 2 }, { cause, fields: Fields.from({ 'retry-after': '2' }) });
      }
    },
  };
}

function headOf(set: string, request: Request) {
  return { set, method: request.method, url: request.url, fields: [...request.headers] };
}

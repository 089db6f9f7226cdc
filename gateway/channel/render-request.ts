/** What a front-end sends its back-end: the upstream request, and all that the reply will be chosen and made by. */
import { parseAccept } from '../../core/accept.ts';
import { Fields } from '../../core/fields.ts';
import type { LinkMap } from '../../core/links/address-map.ts';
import type { Exchange } from '../exchange.ts';
import type { Client } from '../steps/identify.ts';
import type { UpstreamOrder } from '../steps/make-upstream-request.ts';
import type { Negotiation } from '../steps/negotiate.ts';
import type { Target } from '../target.ts';
import type { TellBegun } from './begun-bodies.ts';
import type { PartKind } from './found-parts.ts';
import type { PackedParts } from './held-parts.ts';

/** Plain data. */
export interface RenderRequest {
  readonly order: Omit<UpstreamOrder, 'url' | 'fields'> & { readonly url: string; readonly fields: [string, string][] };
  readonly target: Pick<
    Target,
    'mode' | 'presentation' | 'parameters' | 'part' | 'picture' | 'ownOrigin' | 'gatewayPath'
  > & { readonly url: string; readonly links: LinkMap };
  /** Fields of the client's request that replies are selected by. */
  readonly fields: readonly (readonly [string, string])[];
  readonly negotiation: Omit<Negotiation, 'accept'>;
  readonly client: Pick<Client, 'detection' | 'personal'>;
  /** Entity tag of the reply that is held for this; the same again needs no bytes. */
  readonly heldTag: string | undefined;
  /** Digests of bodies of this client that are held, newest first: what is sent may be told by what differs. */
  readonly dictionaries: readonly string[];
  /** What is held of the parts of this host's pages, where parts are wanted. */
  readonly held: PackedParts;
  /** Accept of this client's requests for parts; `undefined` where none are wanted. */
  readonly wanted: Readonly<Record<PartKind, string | undefined>> | undefined;
  /** Pictures of which something has come already. */
  readonly begun: readonly TellBegun[];
  /** Megabits a second of the link as the front-end has measured it. */
  readonly linkMbps: number | undefined;
  /** Of what must not be done twice: the same each time it is sent. */
  readonly once: string | undefined;
  /** True where the explanation is wanted, not the reply. */
  readonly explain: boolean;
}

/** Conditions are judged where the client is; codings are the channel's own business. */
const KEPT_HERE: ReadonlySet<string> = new Set([
  'accept-encoding',
  'authorization',
  'cookie',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'proxy-authorization',
  'referer',
]);

export function makeRenderRequest(
  { order, target, received, negotiation, client, gateway }: Exchange,
  held: Pick<RenderRequest, 'heldTag' | 'dictionaries' | 'held' | 'wanted' | 'begun' | 'once' | 'explain'>,
): RenderRequest {
  const { mode, presentation, parameters, part, picture, ownOrigin, gatewayPath, links } = target;
  const { accept: _accept, values: _values, ...wishes } = negotiation;
  const { method, url, fields, isPassThrough } = order;
  return {
    order: { method, url: url.href, fields: fields.entries().map(([name, value]) => [name, value]), isPassThrough },
    target: {
      mode,
      url: target.url.href,
      presentation,
      parameters,
      part,
      picture,
      ownOrigin,
      gatewayPath,
      links,
    },
    fields: received.fields.entries().filter(([name]) => !KEPT_HERE.has(name)),
    negotiation: { ...wishes, values: {} },
    client: { detection: client.detection, personal: client.personal },
    linkMbps: gateway.frontEnd?.linkMbps,
    ...held,
  };
}

/** The records of a request, as the steps take them. */
export function readRenderRequest(request: RenderRequest): Pick<
  Exchange,
  'order' | 'target' | 'negotiation' | 'client'
> & {
  readonly fields: Fields;
} {
  const { order, target, negotiation, client, fields } = request;
  return {
    order: { ...order, url: new URL(order.url), fields: Fields.from(order.fields) },
    target: {
      ...target,
      kind: 'resource',
      url: new URL(target.url),
      // A name of the front-end's configuration is no grant here: the back-end has rules of its own (threat 1).
      grant: undefined,
      site: undefined,
      explain: false,
    },
    negotiation: { ...negotiation, accept: parseAccept(negotiation.acceptText) },
    client: { ...client, user: undefined, profile: undefined, record: undefined },
    fields: Fields.from(fields),
  };
}

/** What has come of a body that is asked for. @param address of a part; empty for what is asked for itself */
export function begunOf({ begun }: RenderRequest, address: string): { tag: string; length: number } | undefined {
  const [, tag, length] = begun.find(([each]) => each === address) ?? [];
  return tag === undefined || length === undefined ? undefined : { tag, length };
}

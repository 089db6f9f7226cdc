/** Exchanges that no client has begun: to see what somebody else would get, without being seen as a client. */
import { Readable } from 'node:stream';
import { GatewayError } from '../core/errors.ts';
import { Fields } from '../core/fields.ts';
import type { Presentation } from '../core/presentation.ts';
import { VaryRecorder } from '../core/vary.ts';
import { parseTargetUrl } from '../egress/target-url.ts';
import type { PartialPreferences } from '../profiles/preferences.ts';
import { type Exchange, prepareAs } from './exchange.ts';
import { makeRequestId, type Received } from './received.ts';
import type { Gateway } from './serve.ts';
import { findSite } from './sites.ts';
import { findRoute } from './steps/find-route.ts';

/** Who is stood in for, and what they ask. */
export interface StandIn {
  /** Address of the resource; of a configured site as its visitors know it. */
  readonly url: string;
  /** Name of a profile or preset that applies whatever the fields say. */
  readonly profile?: string | undefined;
  /** Request fields by name: what is detected comes from them. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
  readonly presentation?: Presentation | undefined;
  /** Laid over all stored preferences. */
  readonly preferences?: PartialPreferences | undefined;
  readonly signal: AbortSignal;
}

/**
 * Takes the steps before the fetch. No client record is touched, no cookie is sent.
 *
 * @throws GatewayError BAD_TARGET, BAD_INPUT for a profile that is not there, and of the steps.
 */
export function prepareStandIn(standIn: StandIn, gateway: Gateway): Exchange {
  const { profile, preferences } = standIn;
  if (profile !== undefined && gateway.profiles.get(profile) === undefined)
    throw new GatewayError('BAD_INPUT', { why: `\`profile\` names no profile, got \`${profile}\`` });
  const received = makeReceived(standIn, gateway);
  const target = findRoute(received, { ...gateway.rules, modes: ['prefix', 'reverse'] });
  if (target.kind !== 'resource')
    throw new GatewayError('BAD_TARGET', { target: standIn.url, why: 'it is our own page' });
  const read = new VaryRecorder(received.fields);
  const detection = gateway.identity.detect((name) => read.get(name));
  const matched =
    profile ??
    gateway.profiles.match({
      userAgent: received.fields.get('user-agent') ?? '',
      address: received.peer.address,
      class: detection.class,
    })?.name;
  return prepareAs(
    { received, target, read, preferences },
    {
      user: undefined,
      detection,
      profile: matched === undefined ? undefined : { name: matched, reason: profile === undefined ? 'rule' : 'field' },
      record: undefined,
      personal: false,
    },
    gateway,
  );
}

function makeReceived({ url, fields, presentation, signal }: StandIn, { rules }: Gateway): Received {
  const target = parseTargetUrl(url);
  const site = findSite(rules.sites, target.host);
  const rest = site === undefined ? target.href : `${target.pathname.slice(1)}${target.search}`;
  const gatewayPath = site?.gatewayPath ?? '/-/';
  return {
    id: makeRequestId(),
    method: 'GET',
    fields: Fields.from(fields ?? {}),
    authority: site?.host ?? new URL(rules.publicOrigin).host,
    form: 'origin',
    path: presentation === undefined ? `/${rest}` : `${gatewayPath}as/${presentation}/${rest}`,
    absolute: undefined,
    peer: { address: '127.0.0.1', secure: false, trusted: false, localAddress: '127.0.0.1', localPort: 0 },
    httpVersion: '1.1',
    body: Readable.from([]),
    hasBody: false,
    signal,
  };
}

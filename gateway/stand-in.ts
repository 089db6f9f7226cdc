/** Exchanges that no client has begun: to see what somebody else would get, without being seen as a client. */
import { Readable } from 'node:stream';
import { GatewayError } from '../core/errors.ts';
import { Fields } from '../core/fields.ts';
import type { Presentation } from '../core/presentation.ts';
import { VaryRecorder } from '../core/vary.ts';
import { parseTargetUrl } from '../egress/target-url.ts';
import type { ClientRecord, Clients } from '../profiles/clients.ts';
import type { PartialPreferences } from '../profiles/preferences.ts';
import { type Exchange, prepareAs } from './exchange.ts';
import { makeRequestId, type Received } from './received.ts';
import type { Gateway } from './serve.ts';
import { findSite } from './sites.ts';
import { findRoute } from './steps/find-route.ts';
import { identify } from './steps/identify.ts';
import type { Target } from './target.ts';

/** Who is stood in for, and what they ask. */
export interface StandIn {
  /** Absolute address of the resource; one of a configured site is asked for as its visitors do. */
  readonly url: string;
  /** Name of a profile or preset that applies whatever the fields say. */
  readonly profile?: string | undefined;
  /** A known client, with its User-Agent, profile and settings. */
  readonly known?: ClientRecord | undefined;
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
  const received = makeReceived(standIn);
  const target = findTarget(standIn, received, gateway);
  const read = new VaryRecorder(received.fields);
  const identity = { ...gateway.identity, clients: unseen(standIn), user: undefined };
  const client = identify(received, target, read, identity);
  return prepareAs({ received, target, read, preferences }, client, gateway);
}

/** Fields that say who somebody is, or how a connection is used: no part of what a client prefers. */
const NOT_OURS = /^(?:cookie|authorization|proxy-|host$|connection$|content-|transfer-encoding$|forwarded|x-forwarded)/;

function makeReceived({ known, fields: given, signal }: StandIn): Received {
  const fields = new Fields();
  if (known !== undefined) fields.set('user-agent', known.userAgent);
  for (const [name, value] of Object.entries(given ?? {}))
    if (!NOT_OURS.test(name.toLowerCase())) fields.set(name, value);
  return {
    id: makeRequestId(),
    method: 'GET',
    fields,
    authority: 'localhost',
    form: 'origin',
    path: '/',
    absolute: undefined,
    peer: { address: '127.0.0.1', secure: false, trusted: false, localAddress: '127.0.0.1', localPort: 0 },
    httpVersion: '1.1',
    body: Readable.from([]),
    hasBody: false,
    connection: { signal },
  };
}

// Whatever modes clients may use: who looks here has been let in already.
function findTarget({ url: text, presentation }: StandIn, received: Received, { rules }: Gateway): Target {
  const url = parseTargetUrl(text);
  const site = findSite(rules.sites, url.host);
  const route = findRoute(
    site === undefined
      ? { ...received, path: `/${url.href}` }
      : { ...received, authority: site.host, path: `${url.pathname}${url.search}` },
    { ...rules, modes: ['prefix', 'reverse'], subdomains: undefined },
  );
  if (route.kind !== 'resource')
    throw new GatewayError('BAD_TARGET', { target: url.href, why: 'it is a page of ours' });
  return { ...route, presentation };
}

// Whoever is stood in for is neither noted nor changed.
function unseen({ profile, known }: StandIn): Pick<Clients, 'see'> {
  return {
    see: (_key, sighting) => ({
      id: known?.id ?? 'stand-in',
      kind: 'address',
      ...sighting,
      firstSeen: 0,
      lastSeen: 0,
      requests: 0,
      saved: 0,
      profile: profile ?? known?.profile,
      settings: known?.settings,
      sites: known?.sites ?? {},
    }),
  };
}

/** Which profile a request would get, and which of its exceptions for a site. */

import type { PlainData } from '../../core/component.ts';
import { GatewayError } from '../../core/errors.ts';
import { parseTargetUrl } from '../../egress/target-url.ts';
import { findSite, type Site } from '../../gateway/sites.ts';
import { checkSelectable } from '../../gateway/steps/identify.ts';
import type { Detection } from '../../profiles/detection.ts';
import type { Profiles } from '../../profiles/profiles.ts';
import { resolvePreferences } from '../../profiles/resolve.ts';

/** What is known of the request. */
export interface MatchSubject {
  readonly userAgent: string;
  readonly address: string;
  /** Request fields by lower-case name. */
  readonly fields: ReadonlyMap<string, string>;
  /** What is asked for, where exceptions for its site matter. */
  readonly url?: string | undefined;
}

export interface ProfileMatch {
  /** The profile that applies, or the preset where none does. */
  readonly profile: string;
  readonly stored: string | null;
  /** Why: the request's `Format-Profile`, a stored profile's rule, the configuration of the site, or what was detected. */
  readonly reason: 'field' | 'rule' | 'site' | 'detected';
  readonly class: string;
  readonly preset: string;
  readonly evidence: readonly string[];
  /** The exception that holds for the URL, with what it decides; `null` without one. */
  readonly exception: {
    readonly host: string;
    readonly profile: string | null;
    readonly preferences: Readonly<Record<string, PlainData>>;
  } | null;
}

export interface MatchParts {
  readonly profiles: Profiles;
  readonly detect: (read: (fieldName: string) => string | undefined) => Detection;
  readonly sites: { all(): readonly Site[] };
}

/** @throws GatewayError BAD_TARGET for a URL that cannot be used, UNKNOWN_PROFILE for a `Format-Profile` that the request would be refused for. */
export function matchProfile(subject: MatchSubject, { profiles, detect, sites }: MatchParts): ProfileMatch {
  const { userAgent, address, fields } = subject;
  const url = subject.url === undefined ? undefined : parseTargetUrl(subject.url);
  const detection = detect((name) => fields.get(name) ?? (name === 'user-agent' ? userAgent : undefined));
  const field = fields.get('format-profile')?.trim();
  const chosen = field === undefined || field === '' ? undefined : checkSelectable(field, profiles);
  const ruled = profiles.match({ userAgent, address, class: detection.class })?.name;
  const ofSite = url === undefined ? undefined : findSite(sites.all(), url.host)?.profile;
  const named = ofSite !== undefined && profiles.get(ofSite) !== undefined ? ofSite : undefined;
  const stored = chosen ?? ruled ?? named;
  return {
    profile: stored ?? detection.preset,
    stored: stored ?? null,
    reason: reasonOf({ chosen, ruled, named }),
    class: detection.class,
    preset: detection.preset,
    evidence: detection.evidence,
    exception: url === undefined ? null : findException({ profiles, detection, stored }, url.hostname),
  };
}

function reasonOf(found: Readonly<Record<'chosen' | 'ruled' | 'named', string | undefined>>): ProfileMatch['reason'] {
  if (found.chosen !== undefined) return 'field';
  if (found.ruled !== undefined) return 'rule';
  return found.named !== undefined ? 'site' : 'detected';
}

interface Applied {
  readonly profiles: Profiles;
  readonly detection: Detection;
  readonly stored: string | undefined;
}

function findException({ profiles, detection, stored }: Applied, host: string): ProfileMatch['exception'] {
  const { values } = resolvePreferences({
    profiles,
    detection,
    stored,
    host,
    settings: undefined,
    siteSettings: undefined,
    network: undefined,
  });
  const decided = Object.entries(values).filter(([, { layer }]) => layer.startsWith('site:'));
  const last = decided.at(-1)?.[1].layer;
  if (last === undefined) return null;
  const site = last.slice('site:'.length);
  const chain = [
    profiles.get('default')?.profile,
    ...profiles.chain(detection.preset),
    ...(stored === undefined ? [] : profiles.chain(stored)),
  ];
  const holder = chain.findLast((each) => Object.keys(each?.sites ?? {}).some((name) => name.toLowerCase() === site));
  return {
    host: site,
    profile: holder?.name ?? null,
    preferences: Object.fromEntries(decided.map(([path, { value }]) => [path, value])),
  };
}

/** Reads what a caller tells of a request. @throws GatewayError BAD_INPUT. */
export function parseSubject(raw: unknown): MatchSubject {
  const given =
    typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? (raw as Record<string, unknown>) : undefined;
  const { userAgent = '', address = '127.0.0.1', fields = {}, url, ...others } = given ?? {};
  if (
    given === undefined ||
    Object.keys(others).length > 0 ||
    typeof userAgent !== 'string' ||
    typeof address !== 'string' ||
    typeof fields !== 'object' ||
    fields === null ||
    (url !== undefined && typeof url !== 'string')
  )
    throw new GatewayError('BAD_INPUT', {
      why: 'the body must be {"userAgent": text, "address": text, "fields": {name: text}, "url": text}, each of them optional',
    });
  const named = new Map(
    Object.entries(fields).flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' ? [[name.toLowerCase(), value]] : [],
    ),
  );
  return { userAgent: userAgent || (named.get('user-agent') ?? ''), address, fields: named, url };
}

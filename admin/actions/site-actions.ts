/** What admins do to sites. */
import { GatewayError } from '../../core/errors.ts';
import type { IfMatch } from '../../core/if-match.ts';
import { parseSites, type Site } from '../../gateway/sites.ts';
import type { Sites } from '../../gateway/sites-store.ts';
import type { Profiles } from '../../profiles/profiles.ts';
import type { Audit } from '../audit/audit.ts';
import type { Actor } from './actor.ts';

export interface SiteActions {
  /**
   * Replaces the list of the admin's sites; what says of an entry where it comes from is left out.
   *
   * @throws GatewayError BAD_INPUT naming each fault, CONFLICT for hosts of the SITES file, STALE, STORE_FULL.
   */
  replace(raw: unknown, how: { actor: Actor; ifMatch?: IfMatch }): void;
}

export interface SiteParts {
  readonly sites: Sites;
  readonly profiles: Profiles;
  readonly audit: Audit;
}

export function makeSiteActions({ sites, profiles, audit }: SiteParts): SiteActions {
  const own = () => sites.list().flatMap(({ source, readOnly: _, ...site }) => (source === 'api' ? [site] : []));
  return {
    replace(raw, { actor, ifMatch }) {
      const list = parseList(raw);
      const astray = list.find(({ profile }) => profile !== undefined && profiles.get(profile) === undefined);
      if (astray !== undefined)
        throw new GatewayError('BAD_INPUT', { why: `\`${astray.host}\` names no profile, got \`${astray.profile}\`` });
      audit.record({ actor, action: 'replace', kind: 'sites', name: 'sites', before: own() }, () => {
        sites.replace(list, ifMatch);
        return { value: undefined, after: own() };
      });
    },
  };
}

function parseList(raw: unknown): readonly Site[] {
  const entries = Array.isArray(raw) ? raw : ((raw as { sites?: unknown } | null)?.sites ?? raw);
  const bare = Array.isArray(entries) ? entries.map(withoutSource) : entries;
  try {
    return parseSites(bare);
  } catch (cause) {
    throw new GatewayError('BAD_INPUT', { why: (cause as RangeError).message.replaceAll('\n', '; ') }, { cause });
  }
}

function withoutSource(entry: unknown): unknown {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return entry;
  const { source: _source, readOnly: _readOnly, ...site } = entry as Record<string, unknown>;
  return site;
}

/** Sites the gateway stands in front of (reverse mode). */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { hostNameOf } from './address.ts';

/** The schema of a site, as SITES and the admin API take it. */
export const siteSchema = z.strictObject({
  host: z
    .string()
    .regex(/^[a-z0-9.-]+$/i, 'must be a host name without a port')
    .transform((host) => host.toLowerCase()),
  upstream: z.url({ protocol: /^https?$/ }).transform((text, context) => {
    const url = new URL(text);
    if (url.search === '' && url.hash === '' && url.username === '') return url;
    context.addIssue('must be an origin, with a path at most');
    return z.NEVER;
  }),
  profile: z.string().optional(),
  trust: z.boolean().default(false),
  gatewayPath: z
    .string()
    .regex(/^\/(?:[\w.~-]+\/)+$/, 'must begin and end with a slash')
    .default('/-/'),
  data: z.array(z.string()).default([]),
  personal: z.boolean().default(true),
});

/** They are looked through at every request. */
const MAX_SITES = 500;

/** One site: `host` is served from `upstream`. */
export type Site = z.infer<typeof siteSchema>;

/** A site with where it is configured: those of the file win over the fleet plan, those of the admin do not. */
export type ServedSite = Site & { readonly source?: 'file' | undefined };

/**
 * Reads the SITES file.
 *
 * @throws RangeError naming every faulty entry.
 */
export function readSites(file: string | undefined): readonly Site[] {
  if (file === undefined) return [];
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new RangeError(`SITES: the file ${file} cannot be read as JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
  try {
    return parseSites(raw);
  } catch (error) {
    throw new RangeError((error as RangeError).message.replace(/^/gm, 'SITES: '), { cause: error });
  }
}

/**
 * Checks a list of sites.
 *
 * @throws RangeError naming every faulty entry, a line each.
 */
export function parseSites(raw: unknown): readonly Site[] {
  const result = z.array(siteSchema).max(MAX_SITES).safeParse(raw);
  if (!result.success)
    throw new RangeError(
      result.error.issues.map((issue) => `${issue.path.join('.') || 'the list'}: ${issue.message}`).join('\n'),
    );
  const hosts = result.data.map((site) => site.host);
  const twice = hosts.find((host, index) => hosts.indexOf(host) !== index);
  if (twice !== undefined) throw new RangeError(`the host ${twice} stands there twice`);
  return result.data;
}

/** A site as plain data, which `parseSites` reads again. */
export type SiteDescription = Omit<Site, 'upstream'> & { readonly upstream: string };

export function describeSite(site: Site): SiteDescription {
  return { ...site, upstream: site.upstream.href };
}

/** The site of an authority, matched without its port. */
export function findSite(sites: readonly ServedSite[], authority: string): ServedSite | undefined {
  const name = hostNameOf(authority);
  return sites.find((site) => site.host === name);
}

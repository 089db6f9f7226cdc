/** What a client would get: the steps of a real request, run for a client that is only described. */
import { GatewayError } from '../../core/errors.ts';
import { isPresentation, PRESENTATIONS, type Presentation } from '../../core/presentation.ts';
import { type Explained, explainWithBodies } from '../../gateway/explain.ts';
import type { Gateway } from '../../gateway/serve.ts';
import { prepareStandIn } from '../../gateway/stand-in.ts';
import type { Clients } from '../../profiles/clients.ts';
import type { PartialPreferences } from '../../profiles/preferences.ts';
import { parsePreferences } from '../../profiles/profile.ts';

/** What is to be previewed. */
export interface PreviewRequest {
  /** Absolute; one of a configured site is asked for as its visitors do. */
  readonly url: string;
  /** A stored profile or a preset that is to apply. */
  readonly profile?: string | undefined;
  /** A known client that is to be stood in for: its User-Agent, profile and settings. */
  readonly client?: string | undefined;
  /** Request fields by name. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
  readonly as?: Presentation | undefined;
  /** Preferences over all others. */
  readonly options?: PartialPreferences | undefined;
}

export interface PreviewParts {
  readonly gateway: Gateway;
  readonly clients: Pick<Clients, 'get'>;
}

/**
 * Previews. Touches no cookie jar and no client record; fetches as any request does, by the guarded egress.
 *
 * @throws GatewayError BAD_INPUT, NOT_FOUND for an unknown profile or client; whatever the request itself would meet.
 */
export async function preview(request: PreviewRequest, parts: PreviewParts, signal: AbortSignal): Promise<Explained> {
  const known = request.client === undefined ? undefined : parts.clients.get(request.client);
  if (request.client !== undefined && known === undefined)
    throw new GatewayError('NOT_FOUND', { path: `/api/clients/${request.client}` });
  const { url, profile, fields, as: presentation, options: preferences } = request;
  const standIn = { url, profile, known, fields, presentation, preferences, signal };
  return await explainWithBodies(prepareStandIn(standIn, parts.gateway), 'all');
}

/** Checks what a caller wants previewed. @throws GatewayError BAD_INPUT naming the fault. */
export function parsePreview(raw: unknown): PreviewRequest {
  const given =
    typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? (raw as Record<string, unknown>) : undefined;
  if (given === undefined) throw bad('the body must be an object with `url`');
  const { url, profile, client, fields, as, options, ...others } = given;
  const unknown = Object.keys(others);
  if (unknown.length > 0) throw bad(`the body has unknown keys: ${unknown.slice(0, 10).join(', ')}`);
  if (typeof url !== 'string') throw bad('`url` must be the address of a resource');
  if (profile !== undefined && typeof profile !== 'string') throw bad('`profile` must be the name of a profile');
  if (client !== undefined && typeof client !== 'string') throw bad('`client` must be the id of a client');
  if (as !== undefined && (typeof as !== 'string' || !isPresentation(as)))
    throw bad(`\`as\` must be one of ${PRESENTATIONS.join(', ')}`);
  return {
    url,
    profile,
    client,
    as,
    fields: parseFields(fields),
    options: options === undefined ? undefined : parseOptions(options),
  };
}

function parseFields(fields: unknown): Record<string, string> | undefined {
  if (fields === undefined) return undefined;
  const entries = typeof fields === 'object' && fields !== null && !Array.isArray(fields) ? Object.entries(fields) : [];
  if (entries.length === 0 && JSON.stringify(fields) !== '{}')
    throw bad('`fields` must be request fields, {name: text}');
  for (const [name, value] of entries)
    if (!/^[\w!#$%&'*+.^`|~-]{1,100}$/.test(name) || typeof value !== 'string' || value.length > 8_192)
      throw bad(`\`fields.${name.slice(0, 100)}\` must be a request field with a text`);
  return Object.fromEntries(entries) as Record<string, string>;
}

function parseOptions(options: unknown): PartialPreferences {
  try {
    return parsePreferences(options);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'BAD_INPUT') throw error;
    throw bad(`\`options\`: ${String(error.details['why'])}`);
  }
}

function bad(why: string): GatewayError {
  return new GatewayError('BAD_INPUT', { why });
}

/** The routes of the admin API, and what each does. */
import { GatewayError } from '../core/errors.ts';
import { parseProfile } from '../profiles/profile.ts';
import type { StoredProfile } from '../profiles/profiles.ts';
import type { ApiResult, ApiRoute } from './api.ts';
import type { AdminParts } from './open-admin.ts';

const TEXT = { 'content-type': 'text/plain; charset=utf-8' };

export function apiRoutes(parts: AdminParts): readonly ApiRoute[] {
  return [...healthRoutes(parts), ...profileRoutes(parts), ...clientRoutes(parts), ...formatterRoutes(parts)];
}

function healthRoutes({ readiness }: AdminParts): ApiRoute[] {
  return [
    { method: 'GET', path: '/healthz', open: true, handle: () => ({ json: 'ok\n', fields: TEXT }) },
    {
      method: 'GET',
      path: '/readyz',
      open: true,
      handle() {
        const why = readiness.whyNot();
        return { status: why === undefined ? 200 : 503, json: `${why ?? 'ready'}\n`, fields: TEXT };
      },
    },
  ];
}

function profileRoutes({ profiles, detect }: AdminParts): ApiRoute[] {
  return [
    { method: 'GET', path: '/api/profiles', handle: () => ({ json: { profiles: profiles.list().map(describe) } }) },
    {
      method: 'POST',
      path: '/api/profiles',
      async handle(call) {
        const profile = parseProfile(await call.json());
        if (profiles.get(profile.name) !== undefined)
          throw new GatewayError('CONFLICT', { why: `there is a profile \`${profile.name}\` already` });
        return shown(profiles.put(profile, []), 201);
      },
    },
    {
      method: 'POST',
      path: '/api/profiles/match',
      async handle(call) {
        const { userAgent, address, fields } = readSubject(await call.json());
        const detection = detect((name) => fields.get(name) ?? (name === 'user-agent' ? userAgent : undefined));
        const matched = profiles.match({ userAgent, address, class: detection.class });
        return {
          json: {
            profile: matched?.name ?? detection.preset,
            stored: matched?.name ?? null,
            class: detection.class,
            preset: detection.preset,
            evidence: detection.evidence,
          },
        };
      },
    },
    {
      method: 'GET',
      path: '/api/profiles/:name',
      handle({ names }) {
        const found = profiles.get(names['name']!);
        if (found === undefined) throw new GatewayError('NOT_FOUND', { path: `/api/profiles/${names['name']}` });
        return shown(found, 200);
      },
    },
    {
      method: 'PUT',
      path: '/api/profiles/:name',
      async handle(call) {
        const raw = await call.json();
        const name = call.names['name']!;
        const profile = parseProfile(
          typeof raw === 'object' && raw !== null && !('name' in raw) ? { ...raw, name } : raw,
        );
        if (profile.name !== name)
          throw new GatewayError('BAD_INPUT', { why: `\`name\` must be \`${name}\`, as in the address` });
        const isNew = profiles.get(name) === undefined;
        return shown(profiles.put(profile, call.ifMatch), isNew ? 201 : 200);
      },
    },
    {
      method: 'DELETE',
      path: '/api/profiles/:name',
      handle({ names, ifMatch }) {
        profiles.remove(names['name']!, ifMatch);
        return { status: 204 };
      },
    },
  ];
}

function clientRoutes({ clients, profiles }: AdminParts): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/api/clients',
      handle({ query }) {
        const limit = readWhole(query.get('limit'), 100, 1_000);
        const offset = readWhole(query.get('offset'), 0, 1_000_000);
        return { json: { clients: clients.list({ limit, offset }) } };
      },
    },
    {
      method: 'PATCH',
      path: '/api/clients/:id',
      async handle(call) {
        const raw = await call.json();
        const profile =
          typeof raw === 'object' && raw !== null && Object.keys(raw).length === 1 && 'profile' in raw
            ? raw.profile
            : undefined;
        if (profile !== null && typeof profile !== 'string')
          throw new GatewayError('BAD_INPUT', { why: 'the body must be {"profile": name or null}' });
        if (profile !== null && profiles.get(profile) === undefined)
          throw new GatewayError('BAD_INPUT', { why: `\`profile\` names no profile, got \`${profile}\`` });
        return { json: clients.assign(call.names['id']!, profile ?? undefined) };
      },
    },
  ];
}

function formatterRoutes({ registry, switches, pool }: AdminParts): ApiRoute[] {
  const statuses = () => pool.status().map((status) => ({ ...status, enabled: registry().isEnabled(status.name) }));
  return [
    { method: 'GET', path: '/api/formatters', handle: () => ({ json: { formatters: statuses() } }) },
    {
      method: 'PATCH',
      path: '/api/formatters/:name',
      async handle(call) {
        const name = call.names['name']!;
        const raw = await call.json();
        const enabled = typeof raw === 'object' && raw !== null && 'enabled' in raw ? raw.enabled : undefined;
        if (registry().get(name) === undefined)
          throw new GatewayError('NOT_FOUND', { path: `/api/formatters/${name}` });
        if (typeof enabled !== 'boolean')
          throw new GatewayError('BAD_INPUT', { why: '`enabled` must be true or false' });
        switches.set(name, enabled);
        return { json: statuses().find((status) => status.name === name) };
      },
    },
  ];
}

function describe({ profile, etag, preset }: StoredProfile): object {
  return { ...profile, etag, preset };
}

function shown({ profile, etag }: StoredProfile, status: number): ApiResult {
  return {
    status,
    json: profile,
    fields: { etag, ...(status === 201 ? { location: `/api/profiles/${profile.name}` } : {}) },
  };
}

function readSubject(raw: unknown): { userAgent: string; address: string; fields: Map<string, string> } {
  const given =
    typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? (raw as Record<string, unknown>) : undefined;
  const { userAgent = '', address = '127.0.0.1', fields = {} } = given ?? {};
  if (
    given === undefined ||
    typeof userAgent !== 'string' ||
    typeof address !== 'string' ||
    typeof fields !== 'object' ||
    fields === null
  )
    throw new GatewayError('BAD_INPUT', {
      why: 'the body must be {"userAgent": text, "address": text, "fields": {name: text}}, each of them optional',
    });
  const named = new Map(
    Object.entries(fields).flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' ? [[name.toLowerCase(), value]] : [],
    ),
  );
  return { userAgent: userAgent || (named.get('user-agent') ?? ''), address, fields: named };
}

function readWhole(text: string | null, fallback: number, max: number): number {
  if (text === null) return fallback;
  if (!/^\d{1,9}$/.test(text) || Number(text) > max)
    throw new GatewayError('BAD_INPUT', { why: `must be a whole number up to ${max}, got \`${text}\`` });
  return Number(text);
}

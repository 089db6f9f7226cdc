/** Profiles: read, changed, undone, tried. */
import { z } from 'zod';
import { GatewayError } from '../../core/errors.ts';
import { profileSchema } from '../../profiles/profile.ts';
import type { StoredProfile } from '../../profiles/profiles.ts';
import { parseSubject } from '../actions/match-profile.ts';
import { parseNamed } from '../actions/profile-actions.ts';
import type { Admin } from '../admin.ts';
import { impactSchema, matchSchema, subjectSchema } from './profile-schemas.ts';
import type { ApiResult, ApiRoute } from './route.ts';

const NAME = '/api/profiles/:name';
const listSchema = z.object({ profiles: z.array(profileSchema.extend({ etag: z.string(), preset: z.boolean() })) });
const unnamedSchema = profileSchema.partial({ name: true });

export function profileRoutes(admin: Admin): ApiRoute[] {
  return [...readRoutes(admin), ...changeRoutes(admin), ...trialRoutes(admin)];
}

function readRoutes({ profiles }: Admin): ApiRoute[] {
  return [
    {
      method: 'GET',
      path: '/api/profiles',
      summary: 'Presets and stored profiles, each with its entity tag.',
      answers: [{ status: 200, description: 'All of them.', schema: listSchema }],
      handle: () => ({
        json: { profiles: profiles.list().map(({ profile, etag, preset }) => ({ ...profile, etag, preset })) },
      }),
    },
    {
      method: 'GET',
      path: NAME,
      summary: 'One profile or preset.',
      answers: [{ status: 200, description: 'It, with its ETag.', schema: profileSchema }],
      handle({ names }) {
        const found = profiles.get(names['name']!);
        if (found === undefined) throw new GatewayError('NOT_FOUND', { path: `/api/profiles/${names['name']}` });
        return shown(found, 200);
      },
    },
  ];
}

function changeRoutes({ profileActions }: Admin): ApiRoute[] {
  return [
    {
      method: 'POST',
      path: '/api/profiles',
      summary: 'Makes a profile.',
      body: { schema: profileSchema },
      answers: [{ status: 201, description: 'It, with its Location and ETag.', schema: profileSchema }],
      handle: async (call) => shown(await profileActions.create(await call.json(), call.actor), 201),
    },
    {
      method: 'PUT',
      path: NAME,
      summary: 'Makes or replaces a profile; presets too.',
      body: { schema: unnamedSchema },
      isConditional: true,
      answers: [
        { status: 200, description: 'The new edition, with its ETag.', schema: profileSchema },
        { status: 201, description: 'A profile that is new.', schema: profileSchema },
      ],
      async handle(call) {
        const { stored, isNew } = await profileActions.replace(call.names['name']!, await call.json(), call);
        return shown(stored, isNew ? 201 : 200);
      },
    },
    {
      method: 'DELETE',
      path: NAME,
      summary: 'Removes a profile; a changed preset becomes the preset again.',
      isConditional: true,
      answers: [{ status: 204, description: 'It is gone.' }],
      async handle(call) {
        await profileActions.remove(call.names['name']!, call);
        return { status: 204 };
      },
    },
    {
      method: 'POST',
      path: `${NAME}/undo`,
      summary: 'Puts back the edition before the last change, also that of a removed profile.',
      isConditional: true,
      answers: [
        { status: 200, description: 'The profile as it is now.', schema: profileSchema },
        { status: 204, description: 'There was none before: it is gone.' },
      ],
      async handle(call) {
        const stored = await profileActions.undo(call.names['name']!, call);
        return stored === undefined ? { status: 204 } : shown(stored, 200);
      },
    },
  ];
}

function trialRoutes({ match, impact }: Admin): ApiRoute[] {
  return [
    {
      method: 'POST',
      path: '/api/profiles/match',
      summary: 'Tells which profile a request would get, and which exception holds for its URL.',
      body: { schema: subjectSchema },
      answers: [{ status: 200, description: 'The profile, and why.', schema: matchSchema }],
      handle: async (call) => ({ json: match(parseSubject(await call.json())) }),
    },
    {
      method: 'POST',
      path: `${NAME}/impact`,
      summary: 'Tells for which known clients a profile would change what, before it is stored.',
      query: { url: 'What they would ask for, where exceptions for its site matter.' },
      body: { schema: unnamedSchema },
      answers: [{ status: 200, description: 'The clients, with each value before and after.', schema: impactSchema }],
      async handle(call) {
        const candidate = parseNamed(call.names['name']!, await call.json());
        return { json: impact(candidate, call.query.get('url') ?? undefined) };
      },
    },
  ];
}

/** A profile as it is answered. */
export function shown({ profile, etag }: StoredProfile, status: 200 | 201): ApiResult {
  return {
    status,
    json: profile,
    fields: { etag, ...(status === 201 ? { location: `/api/profiles/${profile.name}` } : {}) },
  };
}

/** The shape of a fleet plan as it is written (design part 8), with bounds on everything that is counted. */
import { z } from 'zod';
import { type Digest, isDigest } from '../../core/digest.ts';
import { faultOfPattern } from '../route/path-pattern.ts';

/** Also bounds what a manager has to place. */
const MAX_SETS = 1_000;
const MAX_SERVERS = 1_000;
const MAX_ROUTES = 2_000;
const MAX_SITES = 500;
const MAX_PER_SET = 100;
const MAX_FUNCTIONS = 200;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const DATA_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const KEY = /^ed25519:[A-Za-z0-9_-]{43}$/;

function named(what: string, pattern = NAME, length = 64) {
  return (
    z
      .string()
      .regex(pattern, `is no name of a ${what}: 1 to ${length} of \`A-Za-z0-9._-\`, no sign first`)
      // Threat 59: a name that every object has would be found in maps that do not hold it.
      .refine((name) => !(name in Object.prototype), `cannot be the name of a ${what}`)
  );
}

const digest = z
  .string()
  .refine(isDigest, 'must be `sha256:` and 64 hexadecimal digits in lower case')
  .transform((text) => text as Digest);

const host = z
  .string()
  .max(253)
  .regex(/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/i, 'must be a host name without a port')
  .transform((text) => text.toLowerCase().replace(/\.$/, ''));

const pattern = z.string().superRefine((text, context) => {
  const fault = faultOfPattern(text);
  if (fault !== undefined) context.addIssue(fault);
});

const strip = z
  .string()
  .refine(
    (text) => faultOfPattern(text) === undefined && !text.includes('*'),
    'must be the beginning of a path, as in `/sales`',
  )
  .transform((text) => text.replace(/\/$/, ''));

const origin = z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).transform((text, context) => {
  const url = new URL(text);
  if (`${url.origin}/` === url.href) return url.origin;
  context.addIssue('must be an origin: no path, query or user');
  return z.NEVER;
});

function bounded<T extends z.ZodType>(of: T, max: number) {
  return z.array(of).max(max).refine(isUnique, 'names one twice');
}

function isUnique(list: readonly unknown[]): boolean {
  return new Set(list).size === list.length;
}

function mapOf<K extends z.ZodType<string, string>, V extends z.ZodType>(key: K, value: V, max: number) {
  return z.record(key, value).refine((map) => Object.keys(map).length <= max, `holds more than ${max}`);
}

const inSet = z.strictObject({ set: z.string() });

/** @see FleetPlan for what each means */
export const planSchema = z.strictObject({
  functionSets: mapOf(
    named('function set'),
    z
      .strictObject({
        bundles: bounded(digest, MAX_PER_SET).default([]),
        data: mapOf(named('data set', DATA_NAME, 128), digest, MAX_PER_SET).default({}),
      })
      .refine(({ bundles, data }) => bundles.length + Object.keys(data).length > 0, 'holds neither bundles nor data'),
    MAX_SETS,
  ).default({}),
  placement: mapOf(
    z.string(),
    z.strictObject({
      replicas: z.int().min(1).max(MAX_SERVERS).default(1),
      servers: bounded(named('server'), MAX_SERVERS).min(1).optional(),
      zone: z.string().min(1).max(200).optional(),
      spread: z.literal('zone').optional(),
      affinity: bounded(z.string(), MAX_PER_SET).optional(),
    }),
    MAX_SETS,
  ).default({}),
  routes: z
    .array(
      z.strictObject({
        match: pattern,
        host: host.optional(),
        strip: strip.optional(),
        set: z.string(),
        mode: z.enum(['replay', 'redirect', 'serve']).default('replay'),
        key: z.enum(['url', 'client']).default('url'),
      }),
    )
    .max(MAX_ROUTES)
    .default([]),
  sites: z
    .array(z.strictObject({ host, content: inSet, functions: mapOf(pattern, inSet, MAX_FUNCTIONS).default({}) }))
    .max(MAX_SITES)
    .default([]),
  authority: mapOf(z.string(), named('server'), MAX_SETS + 1).default({}),
  servers: mapOf(
    named('server'),
    z.strictObject({ url: origin, key: z.string().regex(KEY, 'must be `ed25519:` and a public key in base64url') }),
    MAX_SERVERS,
  ).optional(),
});

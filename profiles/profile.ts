/** A profile: stored preferences with the rules that say whom they are for (design part 4). */
import iconv from 'iconv-lite';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import type { PlainData } from '../core/component.ts';
import { GatewayError } from '../core/errors.ts';
import { readMediaType } from '../core/media-type.ts';
import { PRESENTATIONS } from '../core/presentation.ts';
import { CLIENT_CLASSES } from './client-class.ts';

const MAX_BYTES = 65_536;
const MAX_DEPTH = 8;
/** Keys that could reach a prototype when merged (threat 59). */
const UNSAFE_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const text = z.string().min(1).max(1_000);
const list = <T extends z.ZodType>(item: T) => z.array(item).max(100);
const presentation = z.enum(PRESENTATIONS);
const quality = z.number().min(0, 'must be 0 to 1').max(1, 'must be 0 to 1');
const whole = (min: number, max: number) =>
  z
    .int(`must be a whole number from ${min} to ${max}`)
    .min(min, `must be ${min} to ${max}`)
    .max(max, `must be ${min} to ${max}`);
const mediaRange = text.refine(
  (range) => range === '*/*' || readMediaType(range) !== undefined,
  'must be a media range such as text/html or image/*',
);
const mediaType = text.refine(
  (type) => readMediaType(type) !== undefined && !type.includes('*'),
  'must be a media type such as image/webp',
);
const addressRange = text.refine(
  // `10.1` is an address to inet_aton, and hardly what anybody means.
  (range) =>
    (range.includes('/') ? ipaddr.isValidCIDR(range) : ipaddr.isValid(range)) &&
    /:|^\d+(?:\.\d+){3}(?:\/\d+)?$/.test(range),
  'must be an address or a CIDR range',
);
const profileName = z.string().regex(/^[a-z0-9-]{1,64}$/, 'must be 1 to 64 of a to z, 0 to 9 and -');

/** Options of a formatter: any plain data; the formatter itself checks them. */
const plainData: z.ZodType<PlainData> = z
  .lazy(() =>
    z.union([
      z.null(),
      z.boolean(),
      z.number(),
      z.string().max(1_000),
      list(plainData),
      z.record(z.string().max(100), plainData),
    ]),
  )
  .meta({ id: 'FormatterOption' });

const images = z.strictObject({
  load: z.boolean().optional().describe('false: alternative texts stand in for pictures'),
  types: list(mediaType).optional().describe('formats shown, best first; none: whatever Accept allows'),
  maxWidth: whole(1, 20_000).optional().describe('CSS pixels'),
  dpr: z
    .number()
    .min(0.5, 'must be 0.5 to 5')
    .max(5, 'must be 0.5 to 5')
    .optional()
    .describe('device pixels for a CSS pixel'),
  quality: whole(1, 100).optional().describe('as seen, the same for every format'),
  maxBytes: whole(0, 1_000_000_000)
    .optional()
    .describe('of a picture, met by less quality and fewer pixels; 0: no bound'),
  color: z.enum(['full', 'gray', 'mono']).optional().describe('colours shown'),
  levels: whole(2, 256).optional().describe('of gray, where `color` is not full'),
  animation: z.boolean().optional().describe('false: the first frame'),
});

const page = z.strictObject({
  markup: z.enum(['html', 'html-3.2', 'xhtml-mp']).optional().describe('dialect of pages'),
  maxBytes: whole(0, 1_000_000_000).optional().describe('of a page or deck, before compression; 0: no bound'),
  split: z.boolean().optional().describe('larger ones in parts with links between them'),
  styles: z.enum(['none', 'basic', 'all']).optional().describe('basic: a few of ours'),
  scripts: z.boolean().optional().describe('kept where the presentation allows any'),
  fonts: z.boolean().optional().describe('web fonts'),
  media: z.boolean().optional().describe('sound and video; false: a link'),
});

const textual = z.strictObject({
  width: whole(20, 1_000).optional().describe('columns'),
  charset: z
    .string()
    .regex(/^[\w:.-]{1,40}$/, 'must be the name of a charset')
    .refine((name) => iconv.encodingExists(name), 'must be the name of a charset')
    .optional()
    .describe('of textual replies'),
  emphasis: z.enum(['none', 'ansi']).optional().describe('ansi: bold and underlined by escape sequences'),
});

const preferencesSchema = z.strictObject({
  presentation: z
    .union([presentation, list(presentation).min(1)], `must be one or a list of ${PRESENTATIONS.join(', ')}`)
    .optional()
    .describe("or a list: the first that the origin's type can reach"),
  types: z
    .record(mediaRange, quality)
    .optional()
    .describe('media ranges with quality; order breaks ties, types that are not named come after'),
  images: images.optional(),
  page: page.optional(),
  text: textual.optional(),
  formatters: z
    .record(profileName, z.union([z.boolean(), z.record(z.string().max(100), plainData)]))
    .optional()
    .describe('options by formatter; false switches one off, true asks for what a plugin adds'),
  strict: z.boolean().optional().describe('406 where nothing acceptable can be made, instead of the original'),
  httpsUpgrade: z.boolean().optional().describe('forward mode: http fetched by https where the origin insists'),
});

/** The schema of a profile; `z.toJSONSchema` of it drives forms and OpenAPI. */
export const profileSchema = z.strictObject({
  name: profileName.describe('unique; the one key that is needed'),
  title: text.optional().describe('for people'),
  extends: profileName.optional().describe('a profile or preset this one stands on'),
  priority: whole(-1_000_000, 1_000_000).optional().describe('of its rules: the highest wins, then the name'),
  selectable: z.boolean().optional().describe('clients may name it in Format-Profile'),
  match: z
    .strictObject({
      userAgent: list(text).optional().describe('words of the User-Agent, any case'),
      address: list(addressRange).optional().describe('of the client'),
      class: list(z.enum(CLIENT_CLASSES)).optional().describe('as detected'),
    })
    .optional(),
  prefers: preferencesSchema.optional(),
  sites: z
    .record(z.string().regex(/^[a-z0-9.-]{1,253}$/i, 'must be a host name'), preferencesSchema)
    .optional()
    .describe("exceptions by host: preferences as above; a host's also holds below it"),
});

export type Profile = z.infer<typeof profileSchema>;

/**
 * Checks a profile.
 *
 * @throws GatewayError BAD_REQUEST for keys that reach prototypes, BAD_INPUT naming the path of every fault.
 */
export function parseProfile(raw: unknown): Profile {
  return parseWith(profileSchema, raw);
}

/** Checks a person's own preferences. @throws GatewayError as `parseProfile`. */
export function parsePreferences(raw: unknown): z.infer<typeof preferencesSchema> {
  return parseWith(preferencesSchema, raw);
}

function parseWith<T extends z.ZodType>(schema: T, raw: unknown): z.infer<T> {
  refuseUnsafeKeys(raw);
  if (JSON.stringify(raw)?.length > MAX_BYTES)
    throw new GatewayError('BAD_INPUT', { why: `a profile must have at most ${MAX_BYTES} bytes` });
  const result = schema.safeParse(raw, { reportInput: true });
  if (result.success) return result.data;
  throw new GatewayError('BAD_INPUT', { why: result.error.issues.slice(0, 60).map(describeIssue).join('; ') });
}

/** What is wrong, where, and what was given. */
export function describeIssue(issue: z.core.$ZodIssue): string {
  const path = issue.path.map(String).join('.') || 'the profile';
  if (issue.code === 'unrecognized_keys') return `${path} has unknown keys: ${issue.keys.slice(0, 10).join(', ')}`;
  const given = issue.input === undefined ? 'nothing' : JSON.stringify(issue.input).slice(0, 80);
  return `\`${path}\` ${issue.message.replace(/^Invalid (?:input|option): /, '')}, got \`${given}\``;
}

/**
 * Refuses data with keys that could reach a prototype when it is merged (threat 59), and what is nested too deeply.
 *
 * @throws GatewayError BAD_REQUEST, BAD_INPUT.
 */
export function refuseUnsafeKeys(value: unknown, path = '', depth = 0): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_DEPTH) throw new GatewayError('BAD_INPUT', { why: `\`${path}\` is nested too deeply` });
  for (const key of Object.keys(value)) {
    if (UNSAFE_KEYS.has(key)) throw new GatewayError('BAD_REQUEST', { why: `the key \`${key}\` is not allowed` });
    refuseUnsafeKeys((value as Record<string, unknown>)[key], path === '' ? key : `${path}.${key}`, depth + 1);
  }
}

/** Answers about profiles, as JSON. */
import { z } from 'zod';
import { CLIENT_CLASSES } from '../../profiles/client-class.ts';
import { jsonValue } from './json-value.ts';

const mergedValue = z.object({ value: jsonValue, layer: z.string() });

export const mergedValues = z.record(z.string(), mergedValue);

export const subjectSchema = z.strictObject({
  userAgent: z.string().optional(),
  address: z.string().optional(),
  fields: z.record(z.string(), z.string()).optional(),
  url: z.string().optional(),
});

export const matchSchema = z.object({
  profile: z.string(),
  stored: z.string().nullable(),
  reason: z.enum(['field', 'rule', 'site', 'detected']),
  class: z.enum(CLIENT_CLASSES),
  preset: z.string(),
  evidence: z.array(z.string()),
  exception: z
    .object({ host: z.string(), profile: z.string().nullable(), preferences: z.record(z.string(), jsonValue) })
    .nullable(),
});

const change = z.object({ before: mergedValue.nullable(), after: mergedValue.nullable() });

export const impactSchema = z.object({
  examined: z.int(),
  affected: z.int(),
  clients: z.array(
    z.object({
      id: z.string(),
      class: z.string(),
      userAgent: z.string(),
      profile: z.object({ before: z.string().nullable(), after: z.string().nullable() }),
      changes: z.record(z.string(), change),
    }),
  ),
  hasAddressRules: z.boolean(),
});

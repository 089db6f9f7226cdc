/** Signed fleet plans: who may say what a fleet holds, and which plan is the newest (threat 67). */
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../../core/canonical-json.ts';
import { keyIdOf, signText, verifyText } from '../bundle/signing-keys.ts';
import type { FleetPlan, SignedPlan } from './fleet-plan.ts';
import { parsePlan } from './parse-plan.ts';
import { PlanError } from './plan-error.ts';

/** `untrusted-key`: signed by none of ours. `tampered`: its envelope says something else than what was signed. */
export type PlanRefusal = 'untrusted-key' | 'bad-signature' | 'tampered' | 'downgraded' | 'bad-plan';

/** A signed plan that is not taken; what held before goes on. */
export class PlanRefused extends Error {
  readonly code: PlanRefusal;

  constructor(code: PlanRefusal, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PlanRefused';
    this.code = code;
  }
}

/** As JSON within JSON it still fits into an entry of the registry. */
const MAX_TEXT = 256 * 1024;

const envelopeSchema = z.strictObject({
  serial: z.int().min(1),
  text: z.string().max(MAX_TEXT),
  key: z.string(),
  signature: z.string(),
});
const signedSchema = z.strictObject({ serial: z.int().min(1), plan: z.unknown() });

/**
 * Signs a plan as it was written, without the defaults that are filled in when it is read.
 *
 * @param planJson as `JSON.parse` gives it
 * @param serial 1 or more; above that of the plan it replaces
 * @throws PlanError when the plan makes no sense; RangeError for a serial that is none.
 */
export function signPlan(planJson: unknown, serial: number, privateKey: KeyObject): SignedPlan {
  if (!Number.isSafeInteger(serial) || serial < 1) throw new RangeError(`a serial is 1 or more, got ${serial}`);
  parsePlan(planJson);
  const text = canonicalJson({ serial, plan: planJson });
  if (text.length > MAX_TEXT)
    throw new PlanError([{ path: '', message: `is larger than ${MAX_TEXT} characters of JSON: ${text.length}` }]);
  return { serial, text, ...signText(text, privateKey) };
}

/**
 * Checks a signed plan before anything in it is believed.
 *
 * @param signed as it came, of any shape
 * @param trusted public keys
 * @param options.newerThan serial of the plan that holds now: its own is refused too, so that none is played again
 * @throws PlanRefused
 */
export function openSignedPlan(
  signed: unknown,
  trusted: readonly KeyObject[],
  { newerThan = 0 }: { readonly newerThan?: number } = {},
): { readonly serial: number; readonly plan: FleetPlan } {
  const envelope = envelopeSchema.safeParse(signed);
  if (!envelope.success) throw new PlanRefused('bad-plan', `this is no signed plan: ${tellFirst(envelope.error)}`);
  const { text, key, signature, serial } = envelope.data;
  if (!trusted.some((each) => keyIdOf(each) === key))
    throw new PlanRefused('untrusted-key', `no trusted key has the id \`${key}\``);
  // Decoding passes over what is no base64url: one signature has one spelling.
  const isSpelledOnce = Buffer.from(signature, 'base64url').toString('base64url') === signature;
  if (!isSpelledOnce || !verifyText(text, { key, signature }, trusted))
    throw new PlanRefused('bad-signature', `the signature is not that of key \`${key}\` for this plan`);
  const said = readSigned(text);
  if (said.serial !== serial)
    throw new PlanRefused('tampered', `serial ${said.serial} was signed, but it is given out as ${serial}`);
  if (serial <= newerThan)
    throw new PlanRefused('downgraded', `its serial ${serial} is not above ${newerThan}, that of the plan in force`);
  try {
    return { serial, plan: parsePlan(said.plan) };
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    throw new PlanRefused('bad-plan', error.message, { cause: error });
  }
}

function readSigned(text: string): z.infer<typeof signedSchema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new PlanRefused('bad-plan', 'what was signed is no JSON', { cause });
  }
  // One spelling alone: two readers never see two plans in one text, as they may where a key stands twice.
  if (canonicalJson(json) !== text) throw new PlanRefused('bad-plan', 'what was signed is not canonical JSON');
  const said = signedSchema.safeParse(json);
  if (!said.success) throw new PlanRefused('bad-plan', `what was signed is no plan: ${tellFirst(said.error)}`);
  return said.data;
}

function tellFirst({ issues }: z.ZodError): string {
  const [first] = issues;
  return `${first?.path.join('.') || 'it'}: ${first?.message}`;
}

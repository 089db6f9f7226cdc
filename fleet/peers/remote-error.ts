/** Errors of the catalogue as they travel from one server to another. */
import { type ErrorCode, type ErrorDetails, errorCatalogue, GatewayError } from '../../core/errors.ts';
import { Fields } from '../../core/fields.ts';
import { ERROR_FIELD } from './handshake.ts';

/** An error as a reply; what is none of the catalogue is INTERNAL, its cause staying here. */
export function describeError(error: unknown): { status: number; fields: Record<string, string>; body: string } {
  const told = error instanceof GatewayError ? error : new GatewayError('INTERNAL');
  const { code, message, details, fields, status } = told;
  return {
    status,
    fields: { 'content-type': 'application/json', [ERROR_FIELD]: code },
    body: JSON.stringify({ code, message, details, fields: fields?.entries() }),
  };
}

/** The error that `describeError` described. One this version does not know is INTERNAL, with what it said as the cause. */
export function reviveError(body: Buffer): GatewayError {
  const { code, message, details, fields } = readRecord(body);
  if (typeof code !== 'string' || !Object.hasOwn(errorCatalogue, code))
    return new GatewayError('INTERNAL', {}, { cause: new Error(String(message ?? 'another server gave no reason')) });
  const lines = Array.isArray(fields) ? fields.filter(isLine) : undefined;
  const options = lines === undefined ? {} : { fields: Fields.from(lines) };
  return new GatewayError(code as ErrorCode, readDetails(details), options);
}

function readRecord(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // What is no JSON has no code either: INTERNAL.
    return {};
  }
}

function readDetails(value: unknown): ErrorDetails {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter(([, each]) => typeof each === 'string' || typeof each === 'number'),
  );
}

function isLine(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((each) => typeof each === 'string');
}

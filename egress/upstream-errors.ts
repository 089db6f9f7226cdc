/** What went wrong upstream, as an error of the catalogue with its RFC 9209 type. */
import { type ErrorCode, GatewayError } from '../core/errors.ts';

const TLS_WORDS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not known',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is not known',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is not known',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS there',
};

/** The error code a system or library error carries, or the empty string. */
export function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : '';
  return typeof code === 'string' ? code : '';
}

/** An error of connecting. */
export function connectError(host: string, error: unknown): Error {
  if (error instanceof GatewayError) return error;
  const code: ErrorCode = codeOf(error) === 'ETIMEDOUT' ? 'UPSTREAM_CONNECT_TIMEOUT' : 'UPSTREAM_REFUSED';
  return new GatewayError(code, { host }, { cause: error });
}

/** An error of the TLS handshake. */
export function tlsError(host: string, error: unknown): Error {
  const code = codeOf(error);
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNREFUSED') return connectError(host, error);
  return new GatewayError(
    'UPSTREAM_TLS',
    { host, why: TLS_WORDS[code] ?? 'it could not be verified' },
    { cause: error },
  );
}

/** An error of an exchange under way. Errors of ours and the client's own abort stay as they are. */
export function exchangeError(host: string, error: unknown): Error {
  if (error instanceof GatewayError) return error;
  if (error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')) return error;
  return new GatewayError(exchangeCode(error), { host }, { cause: error });
}

function exchangeCode(error: unknown): ErrorCode {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : '';
  if (code === 'UND_ERR_SOCKET')
    return /bad (?:response|upgrade)/.test(message) ? 'UPSTREAM_PROTOCOL' : 'UPSTREAM_INCOMPLETE';
  const cutShort = ['ECONNRESET', 'EPIPE', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'ERR_STREAM_PREMATURE_CLOSE'];
  return cutShort.includes(code) ? 'UPSTREAM_INCOMPLETE' : 'UPSTREAM_PROTOCOL';
}

/** The catalogue of errors a client can see: code, status, public sentence. `docs/errors.md` is checked against it. */
import type { Fields } from './fields.ts';

interface ErrorEntry {
  readonly status: number;
  /** What the client reads; `{name}` is replaced from the details. Never an internal address or a cause. */
  readonly sentence: string;
  /** True when operators should look: logged as an error. */
  readonly report: boolean;
  /** RFC 9209 error type, when upstream or the proxy itself is at fault. */
  readonly proxyStatus?: string;
}

const CATALOGUE = {
  BAD_REQUEST: { status: 400, sentence: 'The request cannot be understood: {why}.', report: false },
  BAD_TARGET: { status: 400, sentence: 'The address `{target}` cannot be used: {why}.', report: false },
  UNKNOWN_PROFILE: {
    status: 400,
    sentence: 'There is no selectable profile `{name}`; there are: {known}.',
    report: false,
  },
  TOKEN_NEEDED: { status: 401, sentence: 'The admin token is needed, as `Authorization: Bearer …`.', report: false },
  WRONG_TOKEN: { status: 401, sentence: 'That is not the admin token.', report: false },
  SIGN_IN_FAILED: { status: 401, sentence: 'Name or password is wrong.', report: false },
  SIGN_IN_NEEDED: {
    status: 403,
    sentence: 'This gateway serves its own network; others sign in first.',
    report: false,
  },
  BLOCKED_TARGET: {
    status: 403,
    sentence: 'This gateway does not fetch from `{host}`: {why}.',
    report: false,
    proxyStatus: 'destination_ip_prohibited',
  },
  FORBIDDEN: { status: 403, sentence: 'Not allowed: {why}.', report: false },
  NOT_FOUND: { status: 404, sentence: 'There is nothing at `{path}`.', report: false },
  UNKNOWN_PRESENTATION: {
    status: 404,
    sentence: 'There is no presentation `{name}`; there are: {known}.',
    report: false,
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    sentence: 'The method {method} is not allowed here; allowed: {allowed}.',
    report: false,
  },
  NOT_ACCEPTABLE: {
    status: 406,
    sentence: 'This resource ({type}) cannot be had as asked ({asked}); it can be had as: {known}.',
    report: false,
  },
  PROXY_SIGN_IN_NEEDED: {
    status: 407,
    sentence: 'This proxy serves its own network; others sign in first.',
    report: false,
  },
  REQUEST_TIMEOUT: { status: 408, sentence: 'The request took too long to arrive.', report: false },
  CONFLICT: { status: 409, sentence: '{why}.', report: false },
  STALE: { status: 412, sentence: 'It has changed since it was read; its ETag is now {etag}.', report: false },
  BODY_TOO_LARGE: { status: 413, sentence: 'The request body is larger than {max} bytes.', report: false },
  CONTENT_TOO_LARGE: { status: 413, sentence: 'The resource is too large to be formatted: {why}.', report: false },
  ADDRESS_TOO_LONG: { status: 414, sentence: 'The address is longer than {max} characters.', report: false },
  UNSUPPORTED_BODY: {
    status: 415,
    sentence: 'A request body of this kind is not understood here: {why}.',
    report: false,
  },
  NOT_A_PICTURE: {
    status: 415,
    sentence: 'The address does not lead to a picture ({type}, status {status}).',
    report: false,
  },
  EXPECTATION_FAILED: { status: 417, sentence: 'Only `100-continue` can be expected.', report: false },
  MISDIRECTED: { status: 421, sentence: 'This gateway does not answer for the host `{host}`.', report: false },
  BAD_CHART: { status: 422, sentence: 'The chart cannot be drawn: {why}.', report: false },
  BAD_CONTENT: { status: 422, sentence: 'The resource is corrupt or unsafe and is not shown: {why}.', report: false },
  BAD_INPUT: { status: 422, sentence: '{why}.', report: false },
  TOO_MANY_REQUESTS: { status: 429, sentence: 'Too many requests; try again in {seconds} seconds.', report: false },
  FIELDS_TOO_LARGE: { status: 431, sentence: 'The request fields are too large.', report: false },
  INTERNAL: {
    status: 500,
    sentence: 'The gateway made a mistake; it has been noted under the request id.',
    report: true,
    proxyStatus: 'proxy_internal_error',
  },
  NOT_IMPLEMENTED: { status: 501, sentence: 'The method {method} is not known here.', report: false },
  SERVICE_FAILED: {
    status: 502,
    sentence: 'The service `{name}` failed to answer.',
    report: false,
    proxyStatus: 'proxy_internal_response',
  },
  UPSTREAM_REFUSED: {
    status: 502,
    sentence: 'The server `{host}` does not accept connections.',
    report: false,
    proxyStatus: 'connection_refused',
  },
  UPSTREAM_DNS: {
    status: 502,
    sentence: 'The name `{host}` cannot be found.',
    report: false,
    proxyStatus: 'dns_error',
  },
  UPSTREAM_TLS: {
    status: 502,
    sentence: 'The certificate of `{host}` is not valid: {why}.',
    report: false,
    proxyStatus: 'tls_certificate_error',
  },
  UPSTREAM_PROTOCOL: {
    status: 502,
    sentence: 'The server `{host}` sent an answer that is not proper HTTP.',
    report: false,
    proxyStatus: 'http_protocol_error',
  },
  UPSTREAM_INCOMPLETE: {
    status: 502,
    sentence: 'The answer of `{host}` ended too early.',
    report: false,
    proxyStatus: 'http_response_incomplete',
  },
  UPSTREAM_ENCODING: {
    status: 502,
    sentence: 'The answer of `{host}` is encoded wrongly (bad_encoding): {why}.',
    report: false,
    proxyStatus: 'http_response_content_coding',
  },
  FORM_BEGUN: {
    status: 409,
    sentence: 'This form was sent before, and what came of it is not known here. It is not sent again.',
    report: false,
  },
  UPSTREAM_TOO_LARGE: {
    status: 502,
    sentence: 'The answer of `{host}` is too large (origin_too_large): {why}.',
    report: false,
    proxyStatus: 'http_response_body_size',
  },
  UPSTREAM_REDIRECTS: {
    status: 502,
    sentence: 'The server `{host}` redirects in circles.',
    report: false,
    proxyStatus: 'http_protocol_error',
  },
  SHED: {
    status: 503,
    sentence: 'The gateway is busy; try again in {seconds} seconds.',
    report: false,
    proxyStatus: 'proxy_internal_response',
  },
  SET_UNAVAILABLE: {
    status: 503,
    sentence: 'No server that is ready has the function set `{set}`; try again in {seconds} seconds.',
    report: false,
    proxyStatus: 'destination_unavailable',
  },
  BACK_END_AWAY: {
    status: 503,
    sentence: 'The link to the other side is down, and this is not held here. Try again in {seconds} seconds.',
    report: false,
    proxyStatus: 'destination_unavailable',
  },
  BACK_END_AWAITED: {
    status: 503,
    sentence:
      'The link to the other side is down, and this is not held here. Number {place} of {waiting} that wait for it; it is tried again every {seconds} seconds.',
    report: false,
    proxyStatus: 'destination_unavailable',
  },
  REGISTRY_AWAY: {
    status: 503,
    sentence: 'The registry of the fleet does not answer; nothing has been changed. Try again in {seconds} seconds.',
    report: false,
  },
  UPSTREAM_DOWN: {
    status: 503,
    sentence: 'The server `{host}` has failed several times; it is tried again in {seconds} seconds.',
    report: false,
    proxyStatus: 'destination_unavailable',
  },
  SERVICE_TIMEOUT: {
    status: 504,
    sentence: 'The service `{name}` took too long to answer.',
    report: false,
    proxyStatus: 'http_response_timeout',
  },
  UPSTREAM_CONNECT_TIMEOUT: {
    status: 504,
    sentence: 'The server `{host}` did not answer the connection in time.',
    report: false,
    proxyStatus: 'connection_timeout',
  },
  UPSTREAM_DNS_TIMEOUT: {
    status: 504,
    sentence: 'The name `{host}` could not be looked up in time.',
    report: false,
    proxyStatus: 'dns_timeout',
  },
  UPSTREAM_TIMEOUT: {
    status: 504,
    sentence: 'The server `{host}` took too long to answer.',
    report: false,
    proxyStatus: 'http_response_timeout',
  },
  STORE_FULL: { status: 507, sentence: 'The change could not be stored: the disk is full or read-only.', report: true },
  LOOP: {
    status: 508,
    sentence: 'The request has come through this gateway before.',
    report: false,
    proxyStatus: 'proxy_loop_detected',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof CATALOGUE;

/** The catalogue, for documentation and tests. */
export const errorCatalogue: Readonly<Record<ErrorCode, ErrorEntry>> = CATALOGUE;

export type ErrorDetails = Readonly<Record<string, string | number>>;

/** An error with a status and a sentence for the client. `cause` is for the log alone. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly details: ErrorDetails;
  /** Fields the reply must carry (`Retry-After`, `Allow`, `WWW-Authenticate`, …). */
  readonly fields: Fields | undefined;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options: ErrorOptions & { fields?: Fields } = {}) {
    super(publicSentence(code, details), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'GatewayError';
    this.code = code;
    this.status = CATALOGUE[code].status;
    this.details = details;
    this.fields = options.fields;
  }
}

/** The sentence a client reads. Details over 200 characters are cut; `why`, which may list many faults, over 4,000. */
export function publicSentence(code: ErrorCode, details: ErrorDetails): string {
  return CATALOGUE[code].sentence.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(details[name] ?? 'unknown');
    const max = name === 'why' ? 4_000 : 200;
    return value.length > max ? `${value.slice(0, max)}…` : value;
  });
}

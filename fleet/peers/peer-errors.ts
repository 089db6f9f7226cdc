/** Why another server gave no answer: what may be tried again depends on it. */

/** Nothing was sent: any request may be tried elsewhere. */
export class PeerUnreachable extends Error {}

/** It may have been processed: only what is idempotent may be tried elsewhere (RFC 9110 9.2.2). */
export class PeerLost extends Error {}

/** The other side does not take us for a member. */
export class PeerRefused extends Error {}

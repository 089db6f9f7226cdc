/** Why another server gave no answer: what may be tried again depends on it. */
export { PeerLost, PeerUnreachable } from '../../egress/peer-session.ts';

/** One of both does not take the other for the member it says it is; nothing was done. */
export class PeerRefused extends Error {}

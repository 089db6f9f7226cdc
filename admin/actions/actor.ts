/** Who changes something. */

export interface Actor {
  /** By the admin token, or by a session of the admin UI. */
  readonly kind: 'token' | 'session';
  /** A few digits of a digest: tells tokens and sessions apart, and is of no use to anybody else. */
  readonly id: string;
  readonly address: string;
}

/** What a screen of the admin UI is: a path, and what answers it. */
import type { Html } from '../../gateway/html.ts';
import type { Received } from '../../gateway/received.ts';
import type { Reply } from '../../gateway/reply.ts';
import type { Actor } from '../actions/actor.ts';

/** One request of somebody who is signed in. */
export interface UiCall {
  readonly received: Received;
  readonly actor: Actor;
  /** Fires when the session ends. */
  readonly ended: AbortSignal;
  /** Parts of the path that the screen's pattern names. */
  readonly names: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** What was posted, from a form of ours (threat 57); empty otherwise. */
  readonly form: URLSearchParams;
  /** The hidden field that every form of the page needs. */
  readonly formToken: Html;
}

export interface Screen {
  /** `GET` changes nothing. */
  readonly method: 'GET' | 'POST';
  /** `/ui/profiles/:name`. */
  readonly path: string;
  readonly handle: (call: UiCall) => Promise<Reply> | Reply;
}

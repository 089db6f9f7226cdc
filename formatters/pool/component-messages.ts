/** What a host and the process of a service or an updater say to each other. */
import type { ReplyHead, RequestHead } from './web-messages.ts';

/** A data set as a component sees it. */
export interface DataSetEdition {
  /** 0 as shipped, then as registered. */
  readonly edition: number;
  readonly path: string;
}

/** Newest editions by name, the component's own names first. */
export type DataSetEditions = readonly (readonly [name: string, set: DataSetEdition])[];

/** What is to be done. */
export type Task =
  | { readonly type: 'handle'; readonly request: RequestHead; readonly maxReplyBytes: number }
  | { readonly type: 'update' };

/** One piece of work; the request's body follows it. */
export type WorkMessage = Task & {
  readonly data: DataSetEditions;
  readonly isAuthority: boolean;
  readonly mayPut: boolean;
};

/** What a component asks of its host while it works; bytes follow `put` and `authority`. */
export type HostCall =
  | { readonly what: 'fetch'; readonly url: string }
  | { readonly what: 'put'; readonly name: string }
  | { readonly what: 'authority'; readonly request: RequestHead };

/** The host's answer to a call; a reply's body follows it. */
export type HostAnswer = { readonly reply: ReplyHead } | { readonly set: DataSetEdition } | { readonly error: string };

/** What a case of the conformance suite is: data, so that the same cases can be run at any proxy. */
import type { IncomingMessage } from 'node:http';
import type { Fields } from '../../core/fields.ts';

/** How a client reaches the origin through the proxy (design part 3, "Modes"). */
export type CaseMode = 'prefix' | 'reverse' | 'forward';

/** Every mode. */
export const MODES: readonly CaseMode[] = ['prefix', 'reverse', 'forward'];

/** What the own origin answers. */
export interface Answer {
  /** Default 200. */
  readonly status?: number;
  /** Default: a Content-Type of HTML. `undefined` takes a default away; `{origin}` stands for the origin's address. */
  readonly fields?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Default: `PAGE`. */
  readonly body?: string | Buffer;
  /** Sent chunked, with these after the body. */
  readonly trailers?: Readonly<Record<string, string>>;
  /** Interim answers sent before this one: whole heads, without the empty line. */
  readonly interim?: readonly string[];
  /** These bytes and nothing else, then the end of the connection. */
  readonly raw?: string;
  /** Milliseconds before it is sent, so that others may ask meanwhile. */
  readonly afterMs?: number;
  /** The connection is cut after the fields and this many bytes of the body. */
  readonly cutAfter?: number;
}

/** An answer, or how it is found. `count` is the number of this request in its case, from 1 on. */
export type Answering = Answer | ((request: IncomingMessage, count: number) => Answer);

/** What a client sends. */
export interface Question {
  /** Default GET. */
  readonly method?: string;
  /** Behind the case's own path; default nothing. Same suffix: same resource. */
  readonly suffix?: string;
  /**
   * Besides those of a phone whose pages are made simpler; `undefined` leaves one of these out. `{was:NAME}` is a field of
   * the reply before, `{origin}` the origin's address, `{target}` the resource's.
   */
  readonly fields?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: string;
  /**
   * Bytes sent in place of a proper request; `{target}` and `{host}` stand for those of the mode, `{own}` for the proxy's own
   * address, `{lead}` for what comes before another target.
   */
  readonly raw?: string;
  /** A path of the gateway itself in place of the target, such as `/-/as/lite/{target}`. */
  readonly path?: string;
  /** Sent as often at the same time; every reply is judged. Default 1. */
  readonly times?: number;
  /** The reverse-mode site asked for. Default `plain`: no settings of persons there. */
  readonly site?: 'plain' | 'personal';
}

/** What one field must be: matching, exactly this, absent, or anything but. */
export type FieldRule = RegExp | string | null | { readonly not: RegExp };

/** What must hold of a reply. */
export interface Holds {
  readonly status?: number | readonly number[];
  readonly fields?: Readonly<Record<string, FieldRule>>;
  /** The body, its content coding undone: the origin's bytes, other bytes, matching, or not matching. */
  readonly body?: 'same' | 'changed' | 'empty' | RegExp | { readonly not: RegExp };
  /** Requests that the origin has had since the case began. */
  readonly asked?: number;
  /** Fields of the last request the origin had. */
  readonly upstream?: Readonly<Record<string, FieldRule>>;
  /** Whatever else; says what is wrong. */
  readonly check?: (seen: Seen, before: readonly Seen[]) => string | undefined;
}

/** One question and what must hold of its reply. */
export interface Turn {
  readonly ask?: Question;
  /** Asked again until it holds, a bounded number of times: for what a proxy does behind a reply. */
  readonly eventually?: true;
  /** What the origin answers from now on. */
  readonly answer?: Answering;
  readonly holds?: Holds;
}

/** A reply as it was seen, with what the origin had been asked until then. */
export interface Seen {
  readonly status: number;
  readonly fields: Fields;
  readonly trailers: Fields;
  /** Interim answers before it. */
  readonly interim: readonly { readonly status: number; readonly fields: Fields }[];
  /** As received. */
  readonly bytes: Buffer;
  /** The content coding undone. */
  readonly body: Buffer;
  /** The body broke off. */
  readonly isCut: boolean;
  /** Requests of this case that the origin had. */
  readonly upstream: readonly Upstream[];
  /** Address of the resource at the origin. */
  readonly target: string;
}

/** A request as the origin had it. */
export interface Upstream {
  readonly method: string;
  readonly path: string;
  readonly fields: Fields;
  readonly body: string;
  readonly trailers: Fields;
}

export interface Case {
  /** Numbers of the requirements it shows. */
  readonly rules: readonly string[];
  readonly clause: string;
  /** A sentence: what holds. */
  readonly title: string;
  /** Default: all. */
  readonly modes?: readonly CaseMode[];
  /** True where it asks by this gateway's own interface, so that other proxies are not asked. */
  readonly own?: boolean;
  readonly turns: readonly Turn[];
}

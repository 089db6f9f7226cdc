/** What clients of the benchmark are told, and what they tell: the same for a plain one and for a browser. */

/** What it is told to do. */
export interface Load {
  readonly url: string;
  /** Cache: none, or one that asks whether what it has is still right. */
  readonly cache: 'none' | 'revalidate';
  /** Forgets its cache and connections first. */
  readonly fresh: boolean;
  /** Somebody else's telephone: what is held for one is nothing to the other. */
  readonly isOther?: boolean;
}

/** What it saw. */
export interface Loaded {
  readonly ms: number;
  /** When the page's own bytes were there. */
  readonly pageMs: number;
  readonly requests: number;
  /** Of bodies as they came. */
  readonly bytes: number;
  /** Addresses that did not come, with their status. */
  readonly failed: readonly string[];
}

export const USER_AGENT =
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36';

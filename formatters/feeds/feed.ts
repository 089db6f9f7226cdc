/** A feed, whatever it was written in. */

export interface Feed {
  readonly title: string | undefined;
  /** Plain text. */
  readonly description: string | undefined;
  /** Address of the site, as the feed has it. */
  readonly site: string | undefined;
  readonly author: string | undefined;
  readonly language: string | undefined;
  readonly updated: string | undefined;
  readonly entries: readonly FeedEntry[];
}

export interface FeedEntry {
  /** Plain text. */
  readonly title: string | undefined;
  readonly address: string | undefined;
  /** As the feed wrote it. */
  readonly date: string | undefined;
  readonly author: string | undefined;
  /** Untrusted markup; the summary where there is one, else the whole. */
  readonly html: string | undefined;
  /** Plain text, where there is no markup. */
  readonly text: string | undefined;
  readonly enclosures: readonly { readonly address: string; readonly type: string | undefined }[];
}

/** The feed reader, loaded when the first feed is read. */

export type ParseFeed = typeof import('feedsmith').parseFeed;

let loading: Promise<ParseFeed> | undefined;

/** The function that reads RSS 0.9 to 2.0, RDF, Atom and JSON Feed. */
export function loadFeedReader(): Promise<ParseFeed> {
  loading ??= import('feedsmith').then(({ parseFeed }) => parseFeed);
  return loading;
}

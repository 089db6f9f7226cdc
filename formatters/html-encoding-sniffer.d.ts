/** The library has no types of its own. */
declare module 'html-encoding-sniffer' {
  interface Options {
    readonly xml?: boolean;
    readonly transportLayerEncodingLabel?: string | undefined;
    readonly defaultEncoding?: string;
    readonly maxPrescanBytes?: number;
  }
  /** Canonical WHATWG encoding name of a document: byte order mark, then transport label, then its own declaration. */
  export default function htmlEncodingSniffer(bytes: Uint8Array, options?: Options): string;
}

/** What passes from step to step: bytes, text or a parsed document, turned into one another only when asked. */
import type { CheerioAPI } from 'cheerio';
import { isTextual } from '../core/media-type.ts';
import { decodeText } from './charset.ts';

/** A representation inside a chain. It is decoded and parsed at most once, and serialised only for who needs text. */
export class Content {
  readonly mediaType: string;
  /** Charset label of the bytes, when they are what is at hand. */
  readonly #label: string | undefined;
  #bytes: Uint8Array | undefined;
  #text: string | undefined;
  #document: CheerioAPI | undefined;
  /** Bytes of the last form whose size was known. */
  #size: number;
  #serialise: (($: CheerioAPI) => string) | undefined;
  /** WHATWG name of the charset that the text was decoded from; `utf-8` when it was never bytes. */
  #decodedFrom: string | undefined;

  private constructor(mediaType: string, label: string | undefined, size: number) {
    this.mediaType = mediaType;
    this.#label = label;
    this.#size = size;
  }

  static ofBytes(mediaType: string, bytes: Uint8Array, label: string | undefined): Content {
    const content = new Content(mediaType, label, bytes.byteLength);
    content.#bytes = bytes;
    return content;
  }

  static ofText(mediaType: string, text: string): Content {
    const content = new Content(mediaType, undefined, Buffer.byteLength(text));
    content.#text = text;
    return content;
  }

  /** @param size bytes of what the document was parsed from: it is not serialised to be measured */
  static async ofDocument(mediaType: string, document: CheerioAPI, size: number): Promise<Content> {
    const content = new Content(mediaType, undefined, size);
    content.#document = document;
    content.#serialise = (await import('./document/serialise.ts')).serialiseDocument;
    return content;
  }

  /** Bytes; of a document that has not been serialised, the bytes of what it was parsed from. */
  get size(): number {
    return this.#size;
  }

  /** Charset the text was decoded from, for the formatter's information. */
  get decodedFrom(): string {
    return this.#decodedFrom ?? this.#label ?? 'utf-8';
  }

  bytes(): Uint8Array {
    if (this.#bytes === undefined) {
      this.#bytes = Buffer.from(this.text());
      this.#size = this.#bytes.byteLength;
    }
    return this.#bytes;
  }

  text(): string {
    if (this.#text !== undefined) return this.#text;
    if (this.#document !== undefined && this.#serialise !== undefined) {
      this.#text = this.#serialise(this.#document);
    } else {
      const decoded = decodeText(this.#bytes ?? new Uint8Array(), this.mediaType, this.#label);
      this.#decodedFrom = decoded.charset;
      this.#text = decoded.text;
    }
    return this.#text;
  }

  /** The tree; whoever asks owns it from then on. Throws `FormatFailure` where the page is beyond the parser's bounds. */
  async document(): Promise<CheerioAPI> {
    if (this.#document === undefined) {
      const { parseDocument } = await import('./document/parse.ts');
      this.#document = parseDocument(this.text());
    }
    return this.#document;
  }

  /** Charset to label the bytes with: that of the bytes, else utf-8; none for what is no text. */
  get charset(): string | undefined {
    if (!isTextual(this.mediaType)) return undefined;
    return (this.#text === undefined && this.#document === undefined ? this.#label : undefined) ?? 'utf-8';
  }
}

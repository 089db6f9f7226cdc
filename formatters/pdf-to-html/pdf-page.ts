/** What is read of a page. Lengths are points, from the upper left corner as the page is seen. */

/** Text in one font, in one row. */
export interface Run {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  /** The line that letters stand on. */
  readonly baseline: number;
  /** Height of the font. */
  readonly size: number;
  /** True where all letters are equally wide: code. */
  readonly isFixed: boolean;
  readonly address: string | undefined;
  /** The part of the structure that it belongs to. */
  readonly mark: string | undefined;
}

/** A node of the structure that a tagged PDF has. */
export interface StructureNode {
  readonly role?: string;
  readonly children?: readonly StructureNode[];
  readonly type?: string;
  readonly id?: string;
  readonly alt?: string;
  readonly lang?: string;
}

export interface PdfPage {
  /** From 1. */
  readonly number: number;
  readonly height: number;
  readonly runs: readonly Run[];
  readonly structure: StructureNode | undefined;
}

/** Text with its address, if it is a link. */
export type Piece = Pick<Run, 'text' | 'address'>;

/** A part of a page that says something. */
export type Block =
  | { readonly kind: 'heading'; readonly page: number; readonly level: number; readonly pieces: readonly Piece[] }
  /** Text whose lines and columns are meant. */
  | { readonly kind: 'code'; readonly page: number; readonly text: string }
  | { readonly kind: 'paragraph'; readonly page: number; readonly pieces: readonly Piece[] }
  | { readonly kind: 'item'; readonly page: number; readonly ordered: boolean; readonly pieces: readonly Piece[] }
  | { readonly kind: 'table'; readonly page: number; readonly rows: readonly (readonly (readonly Piece[])[])[] }
  /** Markup of a tagged page, written already. */
  | { readonly kind: 'markup'; readonly page: number; readonly html: string };

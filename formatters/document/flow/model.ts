/**
 * What a page says, without how it is laid out: the form between a parsed page and Markdown, text, WML.
 *
 * Spaces are collapsed as a browser would, hidden things are gone, addresses are ready to be written. Renderers need
 * not know HTML.
 */

/** How a stretch of text stands out. */
export type Mark = 'deleted' | 'emphasis' | 'strong' | 'subscript' | 'superscript';

/** A stretch of text. */
export interface TextPiece {
  readonly kind: 'code' | 'text';
  text: string;
}

export interface MarkedPiece {
  readonly kind: 'mark';
  readonly mark: Mark;
  readonly content: Inline[];
}

export interface LinkPiece {
  readonly kind: 'link';
  readonly href: string;
  readonly title: string;
  readonly content: Inline[];
  /** Where addresses are listed apart: its number in that list. */
  readonly number?: number;
}

export interface PicturePiece {
  readonly kind: 'picture';
  /** Empty when the picture has no address worth writing: then its text stands for it. */
  readonly src: string;
  readonly alt: string;
  readonly title: string;
}

export interface FormulaPiece {
  readonly kind: 'formula';
  readonly tex: string;
  readonly display: boolean;
}

export interface ControlPiece {
  readonly kind: 'control';
  readonly control: Control;
}

export interface NotePiece {
  readonly kind: 'note';
  readonly label: string;
}

/** What stands in a line. */
export type Inline =
  | ControlPiece
  | FormulaPiece
  | LinkPiece
  | MarkedPiece
  | NotePiece
  | PicturePiece
  | TextPiece
  | { readonly kind: 'break' };

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly selected: boolean;
}

/** A field or button of a form. */
export interface Control {
  readonly type:
    | 'area'
    | 'button'
    | 'checkbox'
    | 'file'
    | 'password'
    | 'radio'
    | 'reset'
    | 'select'
    | 'submit'
    | 'text';
  readonly name: string;
  readonly value: string;
  /** What the page says in or of an empty field; a button's words. */
  readonly label: string;
  readonly checked: boolean;
  readonly disabled: boolean;
  readonly multiple: boolean;
  /** Characters it is wide; 0 when the page does not say. */
  readonly size: number;
  readonly choices: readonly Choice[];
}

export interface ListItem {
  /** Of a task: done or not. */
  readonly checked: boolean | undefined;
  /** Number the item names for itself. */
  readonly value: number | undefined;
  readonly blocks: Block[];
}

export interface ListBlock {
  readonly kind: 'list';
  readonly ordered: boolean;
  readonly start: number;
  /** Items are paragraphs, not lines. */
  readonly loose: boolean;
  readonly items: ListItem[];
}

export interface TableCell {
  readonly isHead: boolean;
  readonly blocks: Block[];
}

export type Alignment = 'center' | 'left' | 'right' | undefined;

export interface TableBlock {
  readonly kind: 'table';
  readonly caption: Inline[];
  /** True when the first row names the columns. */
  readonly hasHead: boolean;
  /** Rows may be of different lengths; spanned places are cells without blocks. */
  readonly rows: TableCell[][];
  readonly alignments: readonly Alignment[];
}

export interface Definition {
  readonly terms: Inline[][];
  readonly details: Block[][];
}

export interface FormBlock {
  readonly kind: 'form';
  readonly action: string;
  readonly method: 'get' | 'post';
  readonly hidden: readonly (readonly [name: string, value: string])[];
  readonly blocks: Block[];
}

/** What stands for itself. */
export type Block =
  | FormBlock
  | ListBlock
  | TableBlock
  | { readonly kind: 'code'; readonly text: string; readonly language: string }
  | { readonly kind: 'definitions'; readonly entries: readonly Definition[] }
  | { readonly kind: 'heading'; readonly level: number; readonly content: Inline[] }
  | { readonly kind: 'note'; readonly label: string; readonly blocks: Block[] }
  | { readonly kind: 'paragraph'; readonly content: Inline[] }
  | { readonly kind: 'quote'; readonly blocks: Block[] }
  | { readonly kind: 'rule' };

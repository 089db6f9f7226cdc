/** What a client prefers, complete: the result of merging the layers of design part 4. */
import type { PlainRecord } from '../core/component.ts';
import type { Presentation } from '../core/presentation.ts';

export interface ImagePreferences {
  /** False: alternative texts stand in for pictures. */
  readonly load: boolean;
  /** Media types shown, best first. Empty: whatever Accept allows. */
  readonly types: readonly string[];
  /** CSS pixels, 1 to 20,000. */
  readonly maxWidth: number;
  /** Device pixels for a CSS pixel, 0.5 to 5. */
  readonly dpr: number;
  /** Perceptual quality, 1 to 100, the same for every format. */
  readonly quality: number;
  /** Most bytes of a picture; 0 is no bound. */
  readonly maxBytes: number;
  readonly color: 'full' | 'gray' | 'mono';
  /** Levels of grey, 2 to 256, where `color` is not `full`. */
  readonly levels: number;
  readonly animation: boolean;
}

export interface PagePreferences {
  readonly markup: 'html' | 'html-3.2' | 'xhtml-mp';
  /** Most bytes of a page or deck before compression; 0 is no bound. */
  readonly maxBytes: number;
  readonly split: boolean;
  readonly styles: 'none' | 'basic' | 'all';
  readonly scripts: boolean;
  readonly fonts: boolean;
  readonly media: boolean;
}

export interface TextPreferences {
  /** Columns, 20 to 1,000. */
  readonly width: number;
  /** WHATWG label of the charset of textual replies. */
  readonly charset: string;
  readonly emphasis: 'none' | 'ansi';
}

export interface Preferences {
  /** Presentations in order: the first that the origin's type can reach is taken. Never empty. */
  readonly presentation: readonly Presentation[];
  /** Quality of media ranges, 0 to 1, in the order of the profile. */
  readonly types: Readonly<Record<string, number>>;
  readonly images: ImagePreferences;
  readonly page: PagePreferences;
  readonly text: TextPreferences;
  /** Options by formatter; `false` switches one off, `true` or an object wants a plugin's own demand. */
  readonly formatters: Readonly<Record<string, boolean | PlainRecord>>;
  /** 406 instead of the original when nothing acceptable can be made. */
  readonly strict: boolean;
  /** Forward mode: http fetched by https when the origin insists. */
  readonly httpsUpgrade: boolean;
}

type Partly<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Some preferences: what one layer says. */
export interface PartialPreferences {
  readonly presentation?: Presentation | readonly Presentation[] | undefined;
  readonly types?: Readonly<Record<string, number>> | undefined;
  readonly images?: Partly<ImagePreferences> | undefined;
  readonly page?: Partly<PagePreferences> | undefined;
  readonly text?: Partly<TextPreferences> | undefined;
  readonly formatters?: Readonly<Record<string, boolean | PlainRecord>> | undefined;
  readonly strict?: boolean | undefined;
  readonly httpsUpgrade?: boolean | undefined;
}

/** The base of all layers, where not even the `default` profile says otherwise. */
export const BASE_PREFERENCES: Preferences = {
  presentation: ['original'],
  types: {},
  images: {
    load: true,
    types: [],
    maxWidth: 1_920,
    dpr: 1,
    quality: 70,
    maxBytes: 0,
    color: 'full',
    levels: 16,
    animation: true,
  },
  page: { markup: 'html', maxBytes: 0, split: false, styles: 'all', scripts: true, fonts: true, media: true },
  text: { width: 72, charset: 'utf-8', emphasis: 'none' },
  formatters: {},
  strict: false,
  httpsUpgrade: false,
};

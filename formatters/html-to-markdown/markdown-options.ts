/** Options of Markdown, in `prefers.formatters` of a profile. */
import type { PlainRecord } from '../../core/component.ts';

export interface MarkdownOptions {
  /** YAML front matter: title, url, author, date, language, description. Default true. */
  readonly frontMatter: boolean;
  /** `inline`: `[words](address)`; `reference`: addresses are listed at the end; `none`: words alone. Default `inline`. */
  readonly links: 'inline' | 'reference' | 'none';
  /** `yes`: `![words](address)`; `alt`: words alone; `none`: nothing. Default `yes`. */
  readonly images: 'yes' | 'alt' | 'none';
  /** Estimated tokens that a reply may have; longer pages come in parts. 0, the default: whole. */
  readonly tokens: number;
}

const LINKS = ['inline', 'reference', 'none'] as const;
const IMAGES = ['yes', 'alt', 'none'] as const;
/** Fewer would be all head and no text. */
const MIN_TOKENS = 200;
const MAX_TOKENS = 10_000_000;

export const markdownOptionsSchema: PlainRecord = {
  type: 'object',
  additionalProperties: false,
  properties: {
    frontMatter: { type: 'boolean', default: true, description: 'what the page says of itself, as YAML' },
    links: {
      enum: [...LINKS],
      default: 'inline',
      description: 'addresses of links: in the text, listed at the end, left out',
    },
    images: { enum: [...IMAGES], default: 'yes', description: 'pictures: with address, as their words, left out' },
    tokens: {
      type: 'integer',
      default: 0,
      description: `tokens a reply may have, ${MIN_TOKENS} or more: longer pages come in parts; 0: whole`,
    },
  },
};

/** @throws TypeError naming the option that is wrong, and what was expected */
export function parseMarkdownOptions(raw: unknown): MarkdownOptions {
  if (raw !== undefined && raw !== null && (typeof raw !== 'object' || Array.isArray(raw)))
    throw new TypeError('options must be an object');
  const given = (raw ?? {}) as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given))
    if (!['frontMatter', 'links', 'images', 'tokens'].includes(name)) throw new TypeError(`\`${name}\` is not known`);
  const { frontMatter = true, links = 'inline', images = 'yes', tokens = 0 } = given;
  if (typeof frontMatter !== 'boolean') throw new TypeError('`frontMatter` must be true or false');
  if (!isOneOf(LINKS, links)) throw new TypeError(`\`links\` must be one of ${LINKS.join(', ')}`);
  if (!isOneOf(IMAGES, images)) throw new TypeError(`\`images\` must be one of ${IMAGES.join(', ')}`);
  if (!isBudget(tokens)) throw new TypeError(`\`tokens\` must be 0, or ${MIN_TOKENS} to ${MAX_TOKENS}`);
  return { frontMatter, links, images, tokens };
}

function isOneOf<T extends string>(values: readonly T[], value: unknown): value is T {
  return (values as readonly unknown[]).includes(value);
}

function isBudget(value: unknown): value is number {
  return (
    Number.isInteger(value) && (value === 0 || ((value as number) >= MIN_TOKENS && (value as number) <= MAX_TOKENS))
  );
}

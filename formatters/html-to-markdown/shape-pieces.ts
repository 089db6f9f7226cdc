/** Links and pictures as the options want them, before anything is written. */
import { plainText } from '../document/flow/inline-run.ts';
import type { Block, Inline, LinkPiece } from '../document/flow/model.ts';
import { destination, quotedTitle } from './escape.ts';
import type { MarkdownOptions } from './markdown-options.ts';

/** Addresses listed at the end, by number. */
export class References {
  readonly #numbers = new Map<string, number>();
  readonly #links = new Map<number, LinkPiece>();

  /** The number of a link's address and title: 1 for the first, and again for the same. */
  numberOf(link: LinkPiece): number {
    const key = `${link.href}\n${link.title}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#numbers.size + 1;
    this.#numbers.set(key, number);
    this.#links.set(number, link);
    return number;
  }

  /** Definitions of those that a text uses; empty when it uses none. */
  listFor(text: string): string {
    if (this.#links.size === 0) return '';
    const used = new Set([...text.matchAll(/\]\[(\d+)\]/g)].map(([, number]) => Number(number)));
    return [...used]
      .sort((a, b) => a - b)
      .flatMap((number) => {
        const link = this.#links.get(number);
        if (link === undefined) return [];
        return `[${number}]: ${destination(link.href)}${link.title === '' ? '' : ` ${quotedTitle(link.title)}`}`;
      })
      .join('\n');
  }
}

/** The blocks with links numbered or unlinked, and pictures as words or gone. */
export function shapePieces(
  blocks: readonly Block[],
  { links, images }: Pick<MarkdownOptions, 'links' | 'images'>,
  references: References,
): Block[] {
  if (links === 'inline' && images === 'yes') return [...blocks];
  const shapeAll = (content: readonly Inline[]): Inline[] => content.flatMap(shape);
  const shape = (piece: Inline): readonly Inline[] => {
    switch (piece.kind) {
      case 'picture':
        if (images === 'yes') return [piece];
        return images === 'none' || piece.alt === '' ? [] : [{ kind: 'text', text: piece.alt }];
      case 'link': {
        const content = shapeAll(piece.content);
        if (links === 'none') return content;
        if (plainText(content).trim() === '' && !content.some((each) => each.kind === 'picture')) return content;
        if (links === 'inline') return [{ ...piece, content }];
        return [{ ...piece, content, number: references.numberOf(piece) }];
      }
      case 'mark':
        return [{ ...piece, content: shapeAll(piece.content) }];
      default:
        return [piece];
    }
  };
  return blocks.map((block) => mapBlock(block, shapeAll));
}

type ShapeAll = (content: readonly Inline[]) => Inline[];

function mapBlock(block: Block, shape: ShapeAll): Block {
  const mapAll = (blocks: readonly Block[]): Block[] => blocks.map((each) => mapBlock(each, shape));
  switch (block.kind) {
    case 'paragraph':
    case 'heading':
      return { ...block, content: shape(block.content) };
    case 'list':
      return { ...block, items: block.items.map((item) => ({ ...item, blocks: mapAll(item.blocks) })) };
    case 'table':
      return {
        ...block,
        caption: shape(block.caption),
        rows: block.rows.map((row) => row.map((cell) => ({ ...cell, blocks: mapAll(cell.blocks) }))),
      };
    case 'definitions':
      return {
        ...block,
        entries: block.entries.map(({ terms, details }) => ({ terms: terms.map(shape), details: details.map(mapAll) })),
      };
    case 'form':
    case 'note':
    case 'quote':
      return { ...block, blocks: mapAll(block.blocks) };
    case 'code':
    case 'rule':
      return block;
  }
}

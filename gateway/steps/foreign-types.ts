/** Media types that only plugins speak of: made where Accept names them, and read as what they make of them (design part 5). */
import { asks } from '../../core/accept.ts';
import { isData, isDocument, isPicture } from '../document-types.ts';
import type { WishContext } from './make-wishes.ts';
import { TYPE_OF } from './presentation-types.ts';

const OWN: ReadonlySet<string> = new Set([...Object.values(TYPE_OF), 'text/css']);
/** By the edges of a registry, which are one array for as long as it is in use. */
const foreign = new WeakMap<WishContext['edges'], readonly string[]>();

/** Types that Accept names, that formatters here make, and that no presentation stands for. */
export function foreignTypes({ edges, from, negotiation }: WishContext): readonly string[] {
  const named = typesOf(edges).filter((type) => type !== from && asks(negotiation.accept, type));
  if (!isForeign(from) || negotiation.unasked) return named;
  // What nobody but a plugin reads may become anything it says; documents have presentations.
  const ends = edges.filter((edge) => edge.from === from && !isDocument(edge.to)).map(({ to }) => to);
  return [...new Set([...named, ...ends.filter((type) => type !== from && asks(negotiation.accept, type))])];
}

/** True for what a plugin makes a document of, and nobody else reads: it is shown as documents are (design part 5). */
export function isReadByPlugin(from: string, edges: WishContext['edges']): boolean {
  return isForeign(from) && edges.some((edge) => edge.from === from && isDocument(edge.to));
}

function typesOf(edges: WishContext['edges']): readonly string[] {
  let types = foreign.get(edges);
  if (types === undefined) {
    types = [...new Set(edges.map(({ to }) => to))].filter(isForeign);
    foreign.set(edges, types);
  }
  return types;
}

function isForeign(type: string): boolean {
  return !isDocument(type) && !isPicture(type) && !isData(type) && !OWN.has(type);
}

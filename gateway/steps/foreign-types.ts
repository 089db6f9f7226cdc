/** Media types that only plugins speak of: wished for where Accept names them (design part 5). */
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
  // What nobody but a plugin reads may become anything it says.
  const ends = new Set(edges.filter((edge) => edge.from === from).map(({ to }) => to));
  return [...new Set([...named, ...[...ends].filter((type) => type !== from && asks(negotiation.accept, type))])];
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

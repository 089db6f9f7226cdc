/** Which presentations make sense of a type: as a URL may name them, for errors and for links to alternatives. */
import {
  DATA_PRESENTATIONS,
  type DataPresentation,
  PRESENTATIONS,
  type Presentation,
} from '../../core/presentation.ts';
import { isData, isDocument, isFile, isPicture } from '../document-types.ts';
import { isReadByPlugin } from './foreign-types.ts';
import type { WishContext } from './make-wishes.ts';
import { TYPE_OF } from './presentation-types.ts';

type Edges = WishContext['edges'];

/** True for what is shown as documents are. */
export function isReadable(from: string, edges: Edges): boolean {
  return isDocument(from) || isReadByPlugin(from, edges);
}

/** The presentations that make sense for a type, whether or not some chain can make them. */
export function presentationsOf(from: string, edges: Edges): (Presentation | DataPresentation)[] {
  if (isData(from)) return [...PRESENTATIONS, ...DATA_PRESENTATIONS];
  if (isReadable(from, edges))
    return ['original', 'full', 'lite', 'article', 'text', 'markdown', 'gemtext', 'wml', 'epub'];
  if (isPicture(from) || from === 'text/css') return ['original', 'full', 'lite', 'article'];
  return PRESENTATIONS.filter((each) => each === 'original' || isWhatItIs(from, each, edges));
}

/** Forms that stay as their author wrote them: nothing is rewritten in them. */
const FINISHED: readonly Presentation[] = ['gemtext', 'wml', 'epub'];

/**
 * True where a presentation of a type is the original itself: the whole of a film, a program or a file is what it is (design
 * part 3, "the nearest sense"), and a deck is a deck already.
 */
export function isWhatItIs(from: string, named: Exclude<Presentation, 'original'>, edges: Edges): boolean {
  if (named !== 'full') return FINISHED.includes(named) && TYPE_OF[named] === from;
  return isFile(from) || !(isReadable(from, edges) || isPicture(from) || isData(from) || from === 'text/css');
}

/** What lies over a page until it is answered: dialogues of consent, of age, of newsletters. Never the content, however long. */
import { isConsentVendor } from '../document/furniture.ts';
import { type Omission, omit } from './statistics.ts';
import { type Survey, textLength } from './survey.ts';

/** A page with less text than this besides is what its dialogue says. */
const MIN_TEXT = 100;

/** Leaves the dialogues of a page out. */
export function omitDialogues(survey: Survey, omitted: Omission): void {
  const { elements, ends } = survey;
  let left = textLength(survey, 0);
  for (let i = 1; i < elements.length; i++) {
    const element = elements[i]!;
    const { role } = element.attribs;
    const isDialogue =
      element.name === 'dialog' ||
      role === 'dialog' ||
      role === 'alertdialog' ||
      element.attribs['aria-modal'] === 'true' ||
      isConsentVendor(element);
    if (!isDialogue) continue;
    left -= textLength(survey, i);
    if (left < MIN_TEXT) return;
    omit(survey, omitted, i);
    i = ends[i]! - 1;
  }
}

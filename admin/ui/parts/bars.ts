/** A row of small bars: how something went over an hour, by minute. */
import { type Html, html } from '../../../gateway/html.ts';

const HEIGHT = 40;
const STEP = 6;

/**
 * Bars as an inline drawing without styles, with its text alternative.
 *
 * @param values From the oldest to the newest, none negative.
 */
export function bars(values: readonly number[], label: string): Html {
  const most = Math.max(1, ...values);
  return html`<svg class="bars" role="img" aria-label="${label}" viewBox="0 0 ${values.length * STEP} ${HEIGHT}" preserveAspectRatio="none">${values.map(
    (value, index) => {
      const height = value === 0 ? 1 : Math.max(2, Math.round((value / most) * HEIGHT));
      return html`<rect x="${index * STEP}" y="${HEIGHT - height}" width="${STEP - 1}" height="${height}"/>`;
    },
  )}</svg>`;
}

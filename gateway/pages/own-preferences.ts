/** What a person can choose on `/-/settings`, as form fields and as preferences. */
import { GatewayError } from '../../core/errors.ts';
import { isPresentation, type Presentation } from '../../core/presentation.ts';
import type { PartialPreferences } from '../../profiles/preferences.ts';
import { parsePreferences } from '../../profiles/profile.ts';
import { type Html, html } from '../html.ts';

const CHOICES: readonly Presentation[] = ['full', 'lite', 'article', 'text', 'markdown', 'original'];
const WIDTHS = ['96', '240', '320', '480', '800', '1080', '1600'];

/** The fields, filled with what was chosen before. `prefix` keeps the ids of two forms on one page apart. */
export function preferenceFields(chosen: PartialPreferences | undefined, prefix = ''): Html {
  const presentation = typeof chosen?.presentation === 'string' ? chosen.presentation : chosen?.presentation?.[0];
  const { load, quality, maxWidth, color } = chosen?.images ?? {};
  const shown = load === undefined ? '' : load ? 'yes' : 'no';
  const choice = (name: string, label: string, options: readonly (readonly [string, string])[], current: string) =>
    html`<p><label for="${prefix}${name}">${label}</label> <select id="${prefix}${name}" name="${name}">${[['', 'as the profile prefers'] as const, ...options].map(([value, text]) => option(value, text, current))}</select></p>`;
  return html`${choice('presentation', 'Show pages', CHOICES.map(same), presentation ?? '')}
${choice(
  'images',
  'Pictures',
  [
    ['yes', 'show'],
    ['no', 'alternative text only'],
  ],
  shown,
)}
${choice(
  'color',
  'Colours of pictures',
  [
    ['full', 'all'],
    ['gray', 'grey'],
    ['mono', 'black and white'],
  ],
  color ?? '',
)}
${choice('width', 'Widest picture, pixels', WIDTHS.map(same), String(maxWidth ?? ''))}
<p><label for="${prefix}quality">Picture quality (1 to 100)</label> <input id="${prefix}quality" name="quality" type="number" min="1" max="100" value="${quality ?? ''}"></p>`;
}

/** An `<option>`, selected when it is the current one. */
export function option(value: string, label: string, current: string): Html {
  return value === current
    ? html`<option value="${value}" selected>${label}</option>`
    : html`<option value="${value}">${label}</option>`;
}

/**
 * Reads the fields; `undefined` when everything is left to the profile.
 *
 * @throws GatewayError BAD_INPUT naming the field.
 */
export function readPreferences(form: URLSearchParams): PartialPreferences | undefined {
  const { presentation = '', images = '', quality = '', width = '', color = '' } = Object.fromEntries(form);
  if (presentation !== '' && !isPresentation(presentation)) throw notOnPage('presentation');
  if (images !== '' && images !== 'yes' && images !== 'no') throw notOnPage('images');
  if (quality !== '' && !/^(?:[1-9]\d?|100)$/.test(quality))
    throw new GatewayError('BAD_INPUT', { why: '`quality` must be 1 to 100' });
  if (width !== '' && !WIDTHS.includes(width)) throw notOnPage('width');
  if (color !== '' && color !== 'full' && color !== 'gray' && color !== 'mono') throw notOnPage('color');
  const pictures = {
    ...(images === '' ? {} : { load: images === 'yes' }),
    ...(quality === '' ? {} : { quality: Number(quality) }),
    ...(width === '' ? {} : { maxWidth: Number(width) }),
    ...(color === '' ? {} : { color }),
  };
  const chosen = {
    ...(presentation === '' ? {} : { presentation }),
    ...(Object.keys(pictures).length > 0 ? { images: pictures } : {}),
  };
  return Object.keys(chosen).length === 0 ? undefined : parsePreferences(chosen);
}

/** What was chosen, in words; for lists. */
export function tellPreferences({ presentation, images }: PartialPreferences): string {
  const { load, maxWidth, quality, color } = images ?? {};
  return [
    presentation === undefined ? undefined : `pages as ${[presentation].flat().join(', ')}`,
    load === undefined ? undefined : load ? 'with pictures' : 'without pictures',
    color === undefined ? undefined : `pictures in ${color === 'full' ? 'all colours' : color}`,
    maxWidth === undefined ? undefined : `at most ${maxWidth} pixels wide`,
    quality === undefined ? undefined : `quality ${quality}`,
  ]
    .filter((each) => each !== undefined)
    .join(', ');
}

function same(value: string): readonly [string, string] {
  return [value, value];
}

function notOnPage(name: string): GatewayError {
  return new GatewayError('BAD_INPUT', { why: `\`${name}\` is not one of those on the page` });
}

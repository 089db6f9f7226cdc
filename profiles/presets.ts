/** The presets: what each kind of device starts with (the table of design part 4). */
import type { Profile } from './profile.ts';

const AVIF = 'image/avif';
const WEBP = 'image/webp';
const JPEG = 'image/jpeg';
const PNG = 'image/png';
const GIF = 'image/gif';
const WBMP = 'image/vnd.wap.wbmp';

const browser = { presentation: 'full', images: { types: [AVIF, WEBP, JPEG, PNG] } } as const;

/** A phone that shows small pages: lite, small pictures, 40 kB. */
function smallPhone(maxWidth: number) {
  return {
    presentation: 'lite',
    images: { types: [JPEG, GIF, WEBP], maxWidth, quality: 50, animation: false },
    page: { maxBytes: 40_000, split: true, styles: 'basic', scripts: false, fonts: false, media: false },
  } as const;
}

const PRESETS: readonly (Omit<Profile, 'selectable' | 'prefers'> & { readonly prefers: unknown })[] = [
  { name: 'default', title: 'Base of all profiles', prefers: { presentation: 'original' } },
  {
    name: 'desktop',
    title: 'Desktop browser',
    prefers: { ...browser, images: { ...browser.images, maxWidth: 1_920 } },
  },
  { name: 'tablet', title: 'Tablet', prefers: { ...browser, images: { ...browser.images, maxWidth: 1_600 } } },
  { name: 'phone', title: 'Smartphone', prefers: { ...browser, images: { ...browser.images, maxWidth: 1_080 } } },
  {
    name: 'low-bandwidth',
    title: 'Slow or metered link',
    prefers: {
      presentation: 'lite',
      images: { types: [AVIF, WEBP], maxWidth: 480, quality: 35, animation: false },
      page: { maxBytes: 60_000, split: true, styles: 'basic', scripts: false, fonts: false, media: false },
    },
  },
  { name: 'feature-phone', title: 'Feature phone', prefers: smallPhone(240) },
  { name: 'kaios', title: 'KaiOS phone', prefers: smallPhone(240) },
  { name: 'opera-mini', title: 'Opera Mini', prefers: smallPhone(320) },
  {
    name: 'wap',
    title: 'WAP phone',
    prefers: {
      presentation: 'wml',
      types: { 'text/vnd.wap.wml': 1, 'application/vnd.wap.xhtml+xml': 0.9, 'text/html': 0.5 },
      images: { types: [WBMP, GIF], maxWidth: 96, color: 'mono', levels: 2, animation: false },
      page: { maxBytes: 1_400, split: true, styles: 'none', scripts: false, fonts: false, media: false },
    },
  },
  {
    name: 'e-reader',
    title: 'E-reader',
    prefers: {
      presentation: ['article', 'lite'],
      images: { types: [JPEG, PNG], maxWidth: 800, color: 'gray', levels: 16, animation: false },
      page: { styles: 'basic', scripts: false, media: false },
    },
  },
  {
    name: 'text-browser',
    title: 'Text browser',
    prefers: {
      presentation: 'lite',
      images: { load: false },
      page: { styles: 'none', scripts: false, fonts: false, media: false },
    },
  },
  {
    name: 'screen-reader',
    title: 'Screen reader',
    prefers: {
      presentation: 'lite',
      images: { load: false },
      page: { styles: 'none', scripts: false, fonts: false },
      formatters: { 'html-to-text': { speech: true } },
    },
  },
  {
    name: 'terminal',
    title: 'Terminal',
    prefers: {
      presentation: 'text',
      images: { load: false },
      text: { width: 72 },
      page: { styles: 'none', scripts: false },
    },
  },
  {
    name: 'retro',
    title: 'Browser of the 1990s',
    prefers: {
      presentation: 'lite',
      images: { types: [GIF, JPEG], maxWidth: 500, quality: 60, animation: false },
      page: { markup: 'html-3.2', styles: 'none', scripts: false, fonts: false, media: false },
      text: { charset: 'iso-8859-1' },
      httpsUpgrade: true,
    },
  },
  {
    name: 'agent',
    title: 'Language-model agent',
    prefers: { presentation: 'markdown', page: { styles: 'none', scripts: false } },
  },
  {
    name: 'archive',
    title: 'Archive',
    prefers: {
      presentation: ['epub', 'article'],
      images: { types: [JPEG, PNG], maxWidth: 1_200 },
      page: { scripts: false, media: false },
    },
  },
];

/** All presets, unchanged, by name. `default` is the base and is chosen by nobody. */
export const presets: ReadonlyMap<string, Profile> = new Map(
  PRESETS.map((preset) => [preset.name, { ...preset, selectable: true } as Profile]),
);

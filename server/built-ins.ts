/** The components that ship with us. */

/** The formatters that ship with us. */
export const builtInFormatters: readonly URL[] = [
  'chart',
  'data-convert',
  'data-to-html',
  'data-to-markdown',
  'data-to-text',
  'docx-to-html',
  'elements',
  'epub-to-html',
  'feed-to-html',
  'html-article',
  'html-full',
  'html-lite',
  'html-to-epub',
  'html-to-gemtext',
  'html-to-markdown',
  'html-to-text',
  'html-to-wml',
  'image',
  'links',
  'links-text',
  'mail-to-html',
  'markdown-to-html',
  'odt-to-html',
  'page-parts',
  'pdf-to-html',
  'svg-clean',
  'svg-raster',
  'text-to-html',
  'text-wrap',
  'view',
  'xml-to-html',
].map((name) => new URL(`../formatters/${name}/index.ts`, import.meta.url));

/** The services and updaters that ship with us. */
export const builtInServices: readonly URL[] = ['sql-data'].map(
  (name) => new URL(`../services/${name}/index.ts`, import.meta.url),
);

/** The examples of the picture formatters: run, or written anew with UPDATE_EXAMPLES=1. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { PlainRecord } from '../../core/component.ts';
import { animation, disc, photo } from './pictures.ts';

export interface ExampleCase {
  readonly why: string;
  readonly from: string;
  readonly to: string;
  readonly demands: PlainRecord;
  /** Kind of failure that is expected; absent when a picture is. */
  readonly fails?: string;
}

export interface Example extends ExampleCase {
  readonly name: string;
  readonly input: Buffer;
  /** Absent of one that fails. */
  readonly expected: Buffer | undefined;
  readonly expectedFile: string;
}

interface Recipe extends ExampleCase {
  readonly name: string;
  readonly input: () => Promise<Buffer>;
}

/** What the inputs of `image` are drawn with. */
const IMAGE: readonly Recipe[] = [
  {
    name: 'photo-for-a-phone',
    why: 'A photograph is scaled to the screen, turned upright and rid of its metadata.',
    from: 'image/jpeg',
    to: 'image/webp',
    demands: { clean: true, quality: 50, maxWidth: 120, light: true },
    input: () => photo(160, 240).withMetadata({ orientation: 6 }).jpeg({ quality: 70 }).toBuffer(),
  },
  {
    name: 'alpha-onto-white',
    why: 'JPEG has no transparency: what is behind the picture is white, never black.',
    from: 'image/png',
    to: 'image/jpeg',
    demands: { clean: true, quality: 70 },
    input: () => disc(120).png().toBuffer(),
  },
  {
    name: 'grey-for-an-e-reader',
    why: 'Sixteen greys, dithered, at four bits a pixel.',
    from: 'image/jpeg',
    to: 'image/png',
    demands: { clean: true, quality: 70, maxWidth: 120, color: { mode: 'gray', levels: 16 } },
    input: () => photo(200, 150).jpeg({ quality: 70 }).toBuffer(),
  },
  {
    name: 'wireless-bitmap',
    why: 'Black and white for a WAP phone.',
    from: 'image/jpeg',
    to: 'image/vnd.wap.wbmp',
    demands: { clean: true, quality: 70, maxWidth: 96, color: { mode: 'mono', levels: 2 } },
    input: () => photo(200, 150).jpeg({ quality: 70 }).toBuffer(),
  },
  {
    name: 'animation',
    why: 'A moving GIF moves on as WebP.',
    from: 'image/gif',
    to: 'image/webp',
    demands: { clean: true, quality: 60, maxWidth: 64 },
    input: () => animation('gif', 3, 80, 60),
  },
  {
    name: 'hostile',
    why: 'A page that is labelled as a picture is shown to nobody.',
    from: 'image/png',
    to: 'image/webp',
    demands: { clean: true, quality: 70 },
    fails: 'hostile',
    input: async () => Buffer.from('<!DOCTYPE html><script>alert(document.domain)</script>'),
  },
];

const svg = (text: string) => async () => Buffer.from(text);

const SVG_RASTER: readonly Recipe[] = [
  {
    name: 'icon',
    why: 'A drawing in its own size, its ground transparent.',
    from: 'image/svg+xml',
    to: 'image/png',
    demands: { clean: true },
    input: svg(
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" width="48" height="48"><circle cx="24" cy="24" r="20" fill="#c22"/><path d="M14 24h20" stroke="#fff" stroke-width="5"/></svg>\n',
    ),
  },
  {
    name: 'scaled-down',
    why: 'Drawn at the width that is wanted: nothing is thrown away by scaling pixels.',
    from: 'image/svg+xml',
    to: 'image/png',
    demands: { clean: true, maxWidth: 80 },
    input: svg(
      '<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="400" height="200"><style>.bar{fill:#369}</style><g id="b"><rect class="bar" x="20" y="80" width="60" height="120"/></g><use href="#b" x="100"/><use href="#b" x="200"/></svg>\n',
    ),
  },
  {
    name: 'no-scripts-no-files',
    why: 'Scripts, handlers and references to anything outside are left out; the rest is drawn.',
    from: 'image/svg+xml',
    to: 'image/png',
    demands: { clean: true },
    input: svg(
      '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="60" height="40"><script>alert(1)</script><image xlink:href="file:///etc/passwd" width="60" height="40"/><rect width="30" height="40" fill="#283" onclick="alert(1)"/></svg>\n',
    ),
  },
  {
    name: 'hostile',
    why: 'Copies of copies: nine levels of ten are a thousand million elements.',
    from: 'image/svg+xml',
    to: 'image/png',
    demands: { clean: true },
    fails: 'hostile',
    input: svg(
      `<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90"><defs><g id="a0"><rect width="9" height="9"/></g>${Array.from(
        { length: 9 },
        (_, level) => `<g id="a${level + 1}">${`<use href="#a${level}"/>`.repeat(10)}</g>`,
      ).join('')}</defs><use href="#a9"/></svg>\n`,
    ),
  },
];

const RECIPES: Readonly<Record<string, readonly Recipe[]>> = { image: IMAGE, 'svg-raster': SVG_RASTER };
const ROOT = fileURLToPath(new URL('../../formatters/', import.meta.url));

type Make = (input: Buffer, asked: ExampleCase) => Promise<{ readonly body: Uint8Array }>;

/** Reads the examples of a formatter. */
export function readExamples(formatter: string): Example[] {
  const root = `${ROOT}${formatter}/examples`;
  return readdirSync(root).map((name) => {
    const folder = `${root}/${name}`;
    const files = readdirSync(folder);
    const about = JSON.parse(readFileSync(`${folder}/case.json`, 'utf8')) as ExampleCase;
    const input = readFileSync(`${folder}/${files.find((file) => file.startsWith('input.'))}`);
    const expectedFile = `${folder}/${files.find((file) => file.startsWith('expected.')) ?? 'expected'}`;
    return { ...about, name, input, expectedFile, expected: about.fails ? undefined : readFileSync(expectedFile) };
  });
}

/** Draws and writes the examples of a formatter. */
export async function writeExamples(formatter: string, make: Make): Promise<void> {
  for (const { name, input, ...about } of RECIPES[formatter]!) {
    const folder = `${ROOT}${formatter}/examples/${name}`;
    mkdirSync(folder, { recursive: true });
    const bytes = await input();
    writeFileSync(`${folder}/case.json`, `${JSON.stringify(about, null, 2)}\n`);
    writeFileSync(`${folder}/input.${extensionOf(about.from)}`, bytes);
    if (about.fails === undefined)
      writeFileSync(`${folder}/expected.${extensionOf(about.to)}`, (await make(bytes, about)).body);
  }
}

function extensionOf(mediaType: string): string {
  return mediaType === 'image/svg+xml' ? 'svg' : mediaType.replace(/^.*[/.]/, '');
}

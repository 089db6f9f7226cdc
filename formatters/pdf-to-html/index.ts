import type { FormatEnv, FormatInput, FormatResult, Formatter, Want } from '../../core/component.ts';
import { composePage } from '../document/compose-page.ts';
import { nameOfAddress, oneLine } from '../document/page-facts.ts';
import { escapeText } from '../document/serialise.ts';
import { findLines, textOf } from './find-lines.ts';
import { bodySizeOf, headingSizes, makeBlocks } from './make-blocks.ts';
import { writeOutline } from './outline.ts';
import { loadPdfLibrary, openPdf, type PdfDocument } from './pdf-library.ts';
import type { Block, PdfPage } from './pdf-page.ts';
import { MAX_PAGES, readPages } from './read-pages.ts';
import { dropRunningLines } from './running-lines.ts';
import { pageMark, writeBlocks } from './write-blocks.ts';
import { isWellTagged, writeStructure } from './write-structure.ts';

/**
 * A PDF's text as a page that flows: headings, paragraphs, lists, tables, links, marks of the pages.
 *
 * A tagged PDF says itself what is what; of another the size of letters tells headings, distance paragraphs, place columns
 * and tables. Divided words are whole again, headers and page numbers are left out, a paragraph that goes on overleaf is
 * one. Title, author, date and language come from the PDF. Pictures are left out but for the words that stand for them; a PDF of pictures alone, as
 * scanners make them, and one that wants a password are left as they are.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: 'pdf-to-html',
  version: '1.0.0',
  title: 'PDF as pages that flow',
  reads: 'bytes',
  edges: [{ from: 'application/pdf', to: 'text/html', keeps: 0.75, cost: 150 }],
  async open() {
    await loadPdfLibrary();
  },
  format: toHtml,
} satisfies Formatter;

async function toHtml(input: FormatInput, want: Want, env: FormatEnv): Promise<FormatResult> {
  const pdf = await openPdf(input.body as Uint8Array);
  try {
    const pages = await readPages(pdf, env);
    if (pages.every(({ runs }) => runs.every(({ text }) => text.trim() === '')))
      env.cannot('the PDF has no text, only pictures of it');
    const facts = await readFacts(pdf);
    const blocks = isWellTagged(pages) ? pages.map(taggedBlock) : layOut(pages);
    const title = facts.title ?? firstHeading(blocks) ?? nameOfAddress(input.url);
    const left = pdf.numPages - pages.length;
    if (left > 0) env.note('pdf.pages-left', { pages: left });
    const content = writeBlocks(blocks);
    const heading = content.includes('<h1>') ? '' : `<h1>${escapeText(title)}</h1>`;
    const more = left > 0 ? `<p>${left} more pages are not shown: the PDF has over ${MAX_PAGES}.</p>` : '';
    const document = composePage(
      {
        ...facts,
        title,
        body: `<main>${withContents(heading + content, await writeOutline(pdf))}${more}</main>`,
      },
      want,
    );
    return { mediaType: want.mediaType, document };
  } finally {
    await pdf.loadingTask.destroy();
  }
}

/** The contents below the title, where the page begins with one. */
function withContents(html: string, contents: string): string {
  const title = /^(?:<span id="page-1"><\/span>)?<h1>.*?<\/h1>/s.exec(html)?.[0] ?? '';
  return title + contents + html.slice(title.length);
}

function taggedBlock(page: PdfPage): Block {
  const html = writeStructure(page);
  return { kind: 'markup', page: page.number, html: html === '' ? pageMark(page.number) : html };
}

function layOut(pages: readonly PdfPage[]): Block[] {
  const lines = dropRunningLines(pages.map(({ runs }) => findLines(runs)));
  const sizes = headingSizes(lines, bodySizeOf(lines));
  return lines.flatMap((each, i) => makeBlocks(each, pages[i]!.number, sizes));
}

function firstHeading(blocks: readonly Block[]): string | undefined {
  for (const block of blocks) if (block.kind === 'heading') return oneLine(textOf(block.pieces));
  return undefined;
}

interface PdfFacts {
  readonly title: string | undefined;
  readonly author: string | undefined;
  readonly date: string | undefined;
  readonly description: string | undefined;
  readonly language: string | undefined;
}

async function readFacts(pdf: PdfDocument): Promise<PdfFacts> {
  const { info } = await pdf.getMetadata();
  const of = (name: string): string | undefined => {
    const value = (info as Record<string, unknown>)[name];
    return typeof value === 'string' ? oneLine(value) : undefined;
  };
  const title = of('Title');
  // PDF dates: D:20240131103000+01'00'
  const date = /^(?:D:)?(\d{4})(\d{2})(\d{2})/.exec(of('CreationDate') ?? '');
  return {
    // Names of files and of programs, which is what many programs write there.
    title:
      title === undefined || /^untitled|^microsoft \w+ - |\.(?:docx?|indd|tex|dvi|p65|qxd|rtf|odt|pdf)$/i.test(title)
        ? undefined
        : title,
    author: of('Author'),
    date: date === null ? undefined : `${date[1]}-${date[2]}-${date[3]}`,
    description: of('Subject'),
    language: of('Language'),
  };
}

/** PDF.js, loaded when the first PDF is read, with everything shut that text does not need. */
import { FormatFailure } from '../../core/executor.ts';

type PdfLibrary = Awaited<ReturnType<typeof import('unpdf').getResolvedPDFJS>>;
export type PdfDocument = Awaited<ReturnType<PdfLibrary['getDocument']>['promise']>;

let loading: Promise<PdfLibrary> | undefined;

export function loadPdfLibrary(): Promise<PdfLibrary> {
  loading ??= import('unpdf').then(({ getResolvedPDFJS }) => getResolvedPDFJS());
  return loading;
}

/**
 * Opens a PDF; `destroy` it in the end.
 *
 * @throws FormatFailure cannot where it wants a password or is none
 */
export async function openPdf(bytes: Uint8Array): Promise<PdfDocument> {
  const { getDocument } = await loadPdfLibrary();
  const task = getDocument({
    // The library keeps what it is given.
    data: Uint8Array.from(bytes),
    verbosity: 0,
    // No fonts are drawn, no pictures decoded, no code of fonts or forms run, nothing fetched.
    disableFontFace: true,
    useSystemFonts: false,
    useWasm: false,
    useWorkerFetch: false,
    enableXfa: false,
    maxImageSize: 1,
  });
  try {
    return await task.promise;
  } catch (cause) {
    await task.destroy();
    const why = (cause as Error).name === 'PasswordException' ? 'the PDF wants a password' : 'the PDF cannot be read';
    throw new FormatFailure('cannot', 'pdf-to-html', why, { cause });
  }
}

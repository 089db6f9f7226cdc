/** The reader of Word documents, loaded when the first is read. */

type WordLibrary = typeof import('mammoth');

let loading: Promise<WordLibrary> | undefined;

export function loadWordLibrary(): Promise<WordLibrary> {
  loading ??= import('mammoth').then((module) => (module as unknown as { default: WordLibrary }).default);
  return loading;
}

/** How well extracted text matches the true content of a page: F1 over lower-cased words, each as often as it occurs. */

export interface WordScore {
  readonly f1: number;
  readonly precision: number;
  readonly recall: number;
}

/** Compares two texts as bags of words. Two empty ones are equal. */
export function scoreWords(got: string, wanted: string): WordScore {
  const [own, ownCount] = countWords(got);
  const [truth, truthCount] = countWords(wanted);
  if (ownCount === 0 || truthCount === 0) return { f1: ownCount === truthCount ? 1 : 0, precision: 0, recall: 0 };
  let shared = 0;
  for (const [word, count] of own) shared += Math.min(count, truth.get(word) ?? 0);
  const precision = shared / ownCount;
  const recall = shared / truthCount;
  return { f1: shared === 0 ? 0 : (2 * precision * recall) / (precision + recall), precision, recall };
}

/** Markdown as its words: front matter, addresses of links, pictures and marks are not content. */
export function plainMarkdown(markdown: string): string {
  return markdown
    .replace(/^---\n[\s\S]*?\n---\n/, '')
    .replace(/!\[[^\]]*\]\([^)]*\)/g, ' ')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/^\[[^\]]+\]:\s.*$/gm, ' ')
    .replace(/\\([\\`*_{}[\]()#+\-.!|>~])/g, '$1')
    .replace(/[*_`#>|~]+/g, ' ');
}

function countWords(text: string): [counts: Map<string, number>, total: number] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}\p{M}_]+/gu) ?? [];
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [counts, words.length];
}

/** The `srcset` attribute: candidates of one picture (HTML standard, "parse a srcset attribute"). */

/** One candidate: its address and what it is for. At most one of the numbers is there. */
export interface SourceCandidate {
  readonly url: string;
  /** Pixels (`480w`). */
  readonly width?: number;
  /** Device pixels per CSS pixel (`2x`). */
  readonly density?: number;
}

/** Reads a `srcset`. Candidates with faulty descriptors are left out, as the standard has it. Linear. */
export function parseSrcset(value: string): SourceCandidate[] {
  const candidates: SourceCandidate[] = [];
  let at = 0;
  while (at < value.length) {
    while (at < value.length && (isSpace(value, at) || value[at] === ',')) at++;
    if (at >= value.length) break;
    const start = at;
    while (at < value.length && !isSpace(value, at)) at++;
    let url = value.slice(start, at);
    let descriptors = '';
    if (url.endsWith(',')) url = url.replace(/,+$/, '');
    else {
      const end = endOfDescriptors(value, at);
      descriptors = value.slice(at, end);
      at = end + 1;
    }
    const candidate = readCandidate(url, descriptors);
    if (candidate !== undefined) candidates.push(candidate);
  }
  return candidates;
}

/** Writes a `srcset`; `parseSrcset` reads the same candidates back. */
export function formatSrcset(candidates: readonly SourceCandidate[]): string {
  return candidates
    .map(({ url, width, density }) => {
      // A comma at either end of an address would be read as a separator.
      const safe = url
        .replace(/[\t\n\f\r ]/g, (space) => encodeURIComponent(space))
        .replace(/^,+|,+$/g, (commas) => '%2C'.repeat(commas.length));
      if (width !== undefined) return `${safe} ${width}w`;
      return density !== undefined ? `${safe} ${density}x` : safe;
    })
    .join(', ');
}

function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || (code >= 0x09 && code <= 0x0d && code !== 0x0b);
}

/** Descriptors end at a comma outside parentheses. */
function endOfDescriptors(value: string, from: number): number {
  let open = false;
  for (let at = from; at < value.length; at++) {
    const char = value[at];
    if (char === '(') open = true;
    else if (char === ')') open = false;
    else if (char === ',' && !open) return at;
  }
  return value.length;
}

function readCandidate(url: string, text: string): SourceCandidate | undefined {
  if (url === '') return undefined;
  let width: number | undefined;
  let density: number | undefined;
  for (const descriptor of text.split(/[\t\n\f\r ]+/)) {
    if (descriptor === '') continue;
    const unit = descriptor.at(-1);
    const number = Number(descriptor.slice(0, -1));
    const isInteger = /^\d+.$/.test(descriptor);
    if (unit === 'w' && isInteger && number > 0 && width === undefined && density === undefined) width = number;
    else if (unit === 'x' && /^-?[\d.]/.test(descriptor) && number >= 0 && width === undefined && density === undefined)
      density = number;
    else if (!(unit === 'h' && isInteger)) return undefined;
  }
  if (width !== undefined) return { url, width };
  return density !== undefined ? { url, density } : { url };
}

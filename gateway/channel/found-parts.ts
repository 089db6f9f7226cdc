/** Addresses of what a page will ask for, each once. */

export type PartKind = 'style' | 'image' | 'font';

export interface FoundPart {
  readonly kind: PartKind;
  readonly url: URL;
  /** What the client asks for where this is not there. */
  readonly instead?: FoundPart | undefined;
  /** A style for paper, or another dress: loaded when all else is there, and nothing that it names. */
  readonly isForLater?: boolean;
}

const MAX_PARTS = 64;

export class FoundParts {
  readonly #parts = new Map<string, FoundPart>();

  /** What cannot be fetched, and what is one too many, is left out. @param address as it is written */
  add(kind: PartKind, address: string, base: URL): void {
    const part = partAt(kind, address, base);
    if (part !== undefined) this.put(part);
  }

  put(part: FoundPart): void {
    if (!this.#parts.has(part.url.href) && this.#parts.size < MAX_PARTS) this.#parts.set(part.url.href, part);
  }

  all(): readonly FoundPart[] {
    return [...this.#parts.values()];
  }
}

/** @returns `undefined` for an address that nothing is fetched from */
export function partAt(kind: PartKind, address: string, base: URL): FoundPart | undefined {
  const written = address.trim();
  const url = written === '' || written.startsWith('data:') ? null : URL.parse(written, base);
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return undefined;
  url.hash = '';
  return { kind, url };
}

/** Memory that all running jobs of a pool share, by estimate: what does not fit waits. */
export class Budget {
  readonly #maxBytes: number;
  #usedBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes the bytes where they fit. A job larger than the whole runs alone: its process has limits of its own. */
  take(bytes: number): boolean {
    if (this.#usedBytes > 0 && this.#usedBytes + bytes > this.#maxBytes) return false;
    this.#usedBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#usedBytes -= bytes;
  }
}

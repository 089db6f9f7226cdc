/** The numbers of links, and where they lead. */
export class References {
  readonly #numbers = new Map<string, number>();

  /** The number of an address; the same address keeps its number. */
  numberOf(address: string): number {
    const known = this.#numbers.get(address);
    if (known !== undefined) return known;
    const number = this.#numbers.size + 1;
    this.#numbers.set(address, number);
    return number;
  }

  /** The list that ends a text; none without links. Addresses are never cut. */
  lines(): string[] {
    const width = String(this.#numbers.size).length + 2;
    const lines = [...this.#numbers].map(([address, number]) => `${`${number}.`.padStart(width + 1)} ${address}`);
    return lines.length === 0 ? [] : ['References', '', ...lines];
  }
}

/** What a page tells machines of the one thing it sells (schema.org `Product` as JSON-LD), for readers when it shows less. */

/** Absent parts are `undefined`; all are untrusted, and `description` may be HTML. */
export interface ProductFacts {
  readonly description: string | undefined;
  /** As it is written, with its currency: `129.00 EUR`. */
  readonly price: string | undefined;
}

const MAX_DEPTH = 8;
const MAX_JSON = 1_000_000;
/** What belongs to other products. */
const ELSEWHERE = new Set(['isRelatedTo', 'isSimilarTo', 'review', 'itemListElement', 'isAccessoryOrSparePartFor']);

type Data = Readonly<Record<string, unknown>>;

/** Reads the first product of the page's data; `undefined` when they know none. */
export function readProductFacts(data: readonly string[]): ProductFacts | undefined {
  for (const json of data) {
    if (json.length > MAX_JSON || !/"Product(?:Group)?"/.test(json)) continue;
    const product = findProduct(parse(json), 0);
    if (product !== undefined) return { description: text(product['description']), price: priceOf(product) };
  }
  return undefined;
}

function findProduct(value: unknown, depth: number): Data | undefined {
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return undefined;
  if (isProduct(value as Data)) return value as Data;
  for (const [key, each] of Object.entries(value)) {
    const found = ELSEWHERE.has(key) ? undefined : findProduct(each, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isProduct(value: Data): boolean {
  const types = [value['@type']].flat();
  return types.includes('Product') || types.includes('ProductGroup');
}

function priceOf(product: Data): string | undefined {
  const offer = [product['offers']].flat()[0];
  if (typeof offer !== 'object' || offer === null) return undefined;
  const { price, lowPrice, priceCurrency } = offer as Data;
  const amount = text(price) ?? text(lowPrice);
  // `129`, `1,299.00`: anything else is no price that could be shown.
  if (amount === undefined || !/^\d[\d.,]{0,14}$/.test(amount)) return undefined;
  const currency = text(priceCurrency) ?? '';
  return /^[A-Z]{3}$/.test(currency) ? `${amount} ${currency}` : amount;
}

function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // Not JSON after all: nothing to read.
    return undefined;
  }
}

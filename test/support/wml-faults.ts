/** What is wrong with a WML deck: XML that is not well-formed, elements and attributes its document type does not have. */

const FLOW = 'em strong b i u big small br img anchor a table input select do'.split(' ');
const INLINE = 'em strong b i u big small br img anchor a'.split(' ');
/** WML 1.1: children of each element; `#` stands for text. */
const CHILDREN: Readonly<Record<string, readonly string[]>> = {
  wml: ['card'],
  card: ['p'],
  p: ['#', ...FLOW],
  b: ['#', ...INLINE, 'table'],
  i: ['#', ...INLINE, 'table'],
  big: ['#', ...INLINE, 'table'],
  br: [],
  img: [],
  a: ['#', 'br', 'img'],
  anchor: ['#', 'br', 'img', 'go'],
  input: [],
  select: ['option'],
  option: ['#'],
  do: ['go'],
  go: ['postfield'],
  postfield: [],
};
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  card: ['id', 'title'],
  p: ['mode'],
  a: ['href'],
  img: ['src', 'alt'],
  input: ['name', 'type', 'title', 'value', 'emptyok'],
  select: ['name', 'title', 'multiple', 'ivalue'],
  option: ['value'],
  do: ['type', 'name', 'label'],
  go: ['href', 'method'],
  postfield: ['name', 'value'],
};
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  do: ['type'],
  go: ['href'],
  img: ['alt', 'src'],
  input: ['name'],
  postfield: ['name', 'value'],
};
const PROLOGUE =
  /^<\?xml version="1\.0"(?: encoding="[\w-]+")?\?>\n<!DOCTYPE wml PUBLIC "-\/\/WAPFORUM\/\/DTD WML 1\.1\/\/EN" "http:\/\/www\.wapforum\.org\/DTD\/wml_1\.1\.xml">\n/;
const TOKEN = /<(\/?)([a-z]+)((?: [a-z]+="[^"<]*")*)(\/?)>|([^<]+)|</gy;

/** The faults, each a sentence; none for a deck that any phone must read. */
export function wmlFaults(deck: string): string[] {
  const faults: string[] = [];
  const prologue = PROLOGUE.exec(deck)?.[0];
  if (prologue === undefined) return ['the document type is missing'];
  const open: string[] = [];
  const names = new Set<string>();
  for (const token of deck.slice(prologue.length).trimEnd().matchAll(TOKEN)) {
    const [whole, slash, name = '', attributes = '', empty, text] = token;
    const parent = open.at(-1);
    if (text !== undefined) faults.push(...textFaults(text, parent));
    else if (name === '') faults.push(`no tag: ${deck.slice(prologue.length + token.index).slice(0, 40)}`);
    else if (slash === '/') {
      if (open.pop() !== name) faults.push(`${whole} closes nothing`);
    } else {
      if (!(name in CHILDREN)) faults.push(`there is no ${name}`);
      if (parent !== undefined && !CHILDREN[parent]?.includes(name)) faults.push(`${name} in ${parent}`);
      faults.push(...attributeFaults(name, attributes, names));
      if (empty === '') open.push(name);
    }
  }
  if (open.length > 0) faults.push(`${open.join(', ')} are not closed`);
  return faults;
}

function textFaults(text: string, parent: string | undefined): string[] {
  const faults = valueFaults(text);
  if (parent === undefined || !CHILDREN[parent]?.includes('#')) faults.push(`text in ${parent}: ${text}`);
  return faults;
}

function attributeFaults(name: string, attributes: string, names: Set<string>): string[] {
  const faults: string[] = [];
  const given = [...attributes.matchAll(/ ([a-z]+)="([^"]*)"/g)].map(
    ([, attribute, value]) => [attribute!, value!] as const,
  );
  for (const [attribute, value] of given) {
    if (!ATTRIBUTES[name]?.includes(attribute)) faults.push(`${attribute} on ${name}`);
    // A postfield sends what a variable holds.
    const isVariable = name === 'postfield' && attribute === 'value' && /^\$\([a-z]\w*\)$/.test(value);
    if (!isVariable) faults.push(...valueFaults(value));
    if (attribute === 'id' && names.has(value)) faults.push(`two cards are called ${value}`);
    if (attribute === 'id') names.add(value);
  }
  for (const attribute of REQUIRED[name] ?? [])
    if (!given.some(([each]) => each === attribute)) faults.push(`${name} without ${attribute}`);
  if (new Set(given.map(([attribute]) => attribute)).size < given.length) faults.push(`an attribute twice on ${name}`);
  return faults;
}

function valueFaults(value: string): string[] {
  const faults: string[] = [];
  if (/&(?!(?:amp|lt|gt|quot|#39);)/.test(value)) faults.push(`a stray ampersand: ${value}`);
  if (/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/.test(value) || !value.isWellFormed()) faults.push(`not XML: ${value}`);
  if (/\$/.test(value.replaceAll('$$', ''))) faults.push(`a variable: ${value}`);
  return faults;
}

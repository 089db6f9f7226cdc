/**
 * The gateway's own documentation: a fixed table of names, read once at the start. A request's name is only ever looked up
 * in it, so no name reaches the file system (threat 54's `../` finds nothing).
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One document as it is handed out. */
export interface OwnDocument {
  readonly mediaType: 'text/markdown' | 'image/webp';
  readonly body: Buffer;
  /** Hex sha256 of `body`. */
  readonly digest: string;
}

export interface Documents {
  /** Names in the order of the alphabet; the table of contents is the empty one. */
  readonly names: readonly string[];
  /**
   * A document, its links to others leading below `gatewayPath`.
   *
   * @param name Such as `how-to/phone`; `.md` and a slash at the end make no difference. Empty: the table of contents.
   * @param gatewayPath Where the gateway's pages are, such as `/-/`.
   */
  find(name: string, gatewayPath: string): OwnDocument | undefined;
}

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** An inline link, or picture, without a scheme. */
const LINK = /(!?)\[([^\]\n]*)\]\(([^\s()#:]+)(#[^\s()]*)?\)/g;
const FENCE = /(^(`{3,})[^`\n]*\n[\s\S]*?^\2$)/m;
const CONTENTS = 'docs/index.md';
/** Files outside `docs/` that its pages lead to. */
const OTHERS: Readonly<Record<string, string>> = {
  'README.md': 'readme',
  'CHANGELOG.md': 'changelog',
  'THREAT_MODEL.md': 'threat-model',
  LICENSE: 'licence',
};

/**
 * Reads the documents of this installation.
 *
 * @param root Folder that holds `docs/` and `formatters/`. Default: that of the program.
 */
export function openDocuments(root: string = ROOT): Documents {
  const files = documentFiles(root);
  const made = new Map<string, OwnDocument>();
  const bodies = new Map([...files].map(([file, name]) => [name, { file, bytes: readFileSync(join(root, file)) }]));
  return {
    names: [...bodies.keys()].sort(),
    find(asked, gatewayPath) {
      const name = asked.replace(/\/$/, '').replace(/\.md$/, '');
      const found = bodies.get(name);
      if (found === undefined) return undefined;
      const key = `${gatewayPath} ${name}`;
      const held = made.get(key) ?? makeDocument(found, (file) => addressOf(files, file, gatewayPath), gatewayPath);
      made.set(key, held);
      return held;
    },
  };
}

function makeDocument(
  { file, bytes }: { file: string; bytes: Buffer },
  addressOfFile: (file: string) => string | undefined,
  gatewayPath: string,
): OwnDocument {
  const isPicture = file.endsWith('.webp');
  // The way back, for browsers without one.
  const foot = file === CONTENTS ? '' : `\n---\n\n[Help: table of contents](${gatewayPath}docs)\n`;
  const body = isPicture
    ? bytes
    : Buffer.from(`${mapLinks(bytes.toString('utf8'), dirname(file), addressOfFile)}${foot}`);
  const digest = createHash('sha256').update(body).digest('hex');
  return { mediaType: isPicture ? 'image/webp' : 'text/markdown', body, digest };
}

// A link between files of the tree becomes one between pages; of a file that is not handed out the words stay.
function mapLinks(text: string, folder: string, addressOfFile: (file: string) => string | undefined): string {
  const toAddress = (prose: string) =>
    prose.replace(LINK, (_, mark: string, words: string, path: string, place = '') => {
      const address = addressOfFile(posix.join(folder, path));
      return address === undefined ? words : `${mark}[${words}](${address}${place})`;
    });
  // The pattern has two groups: of three pieces one is prose, one a fence, one its mark. Code says what it says.
  return text
    .split(FENCE)
    .map((piece, i) => (i % 3 === 0 ? toAddress(piece) : i % 3 === 1 ? piece : ''))
    .join('');
}

function addressOf(files: ReadonlyMap<string, string>, file: string, gatewayPath: string): string | undefined {
  const name = [file.replace(/\/$/, ''), posix.join(file, 'README.md'), posix.join(file, 'index.md')]
    .map((each) => files.get(each))
    .find((each) => each !== undefined);
  if (name === undefined) return undefined;
  return name === '' ? `${gatewayPath}docs` : `${gatewayPath}docs/${name}`;
}

// Name by file, both relative to the root.
function documentFiles(root: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const path of readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })) {
    const file = posix.join('docs', path.replaceAll('\\', '/'));
    const name = /^docs\/(.+)\.(?:md|webp)$/.exec(file)?.[1];
    if (name === undefined) continue;
    const isPicture = file.endsWith('.webp');
    files.set(file, isPicture ? `${name}.webp` : name === 'index' ? '' : name.replace(/\/index$/, ''));
  }
  for (const [file, name] of Object.entries(OTHERS)) if (existsSync(join(root, file))) files.set(file, name);
  for (const name of readdirSync(join(root, 'formatters')).sort()) {
    const file = `formatters/${name}/README.md`;
    if (existsSync(join(root, file))) files.set(file, `formatters/${name}`);
  }
  return files;
}

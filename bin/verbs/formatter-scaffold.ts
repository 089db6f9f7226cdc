/** `formatters new`: a plugin's folder that passes `formatters check` and its own test as it is. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** What a name must not be: a formatter's, or a demand's that the gateway itself makes. */
export interface Taken {
  readonly formatters: ReadonlySet<string>;
  readonly demands: ReadonlySet<string>;
}

/**
 * Writes the folder.
 *
 * @returns Its path.
 * @throws RangeError for a name that is malformed or taken, or a folder that is there already. Nothing is written then.
 */
export function writeScaffold(name: string, into: string, taken: Taken): string {
  if (!NAME.test(name) || name.length > 64)
    throw new RangeError(
      `the name must be words of a to z and 0 to 9 joined by \`-\`, up to 64 characters, got \`${name}\``,
    );
  if (taken.formatters.has(name)) throw new RangeError(`there is a formatter \`${name}\` already`);
  if (taken.demands.has(name))
    throw new RangeError(`\`${name}\` is the name of something the gateway asks formatters for`);
  const folder = join(into, name);
  if (existsSync(folder)) throw new RangeError(`${folder} is there already`);
  // Whole or not at all: a half-written component would be a fault at the next start.
  const draft = join(into, `.${name}.new`);
  rmSync(draft, { recursive: true, force: true });
  for (const [path, text] of Object.entries(scaffold(name))) {
    mkdirSync(dirname(join(draft, path)), { recursive: true });
    writeFileSync(join(draft, path), text);
  }
  renameSync(draft, folder);
  return folder;
}

function scaffold(name: string): Readonly<Record<string, string>> {
  return {
    'index.mjs': moduleText(name),
    'README.md': readmeText(name),
    [`${name}.test.mjs`]: testText(),
    'examples/one-case/case.json': `${JSON.stringify({ why: 'Letters become capitals; figures and marks stay.', from: 'text/plain', to: 'text/plain', demands: { [name]: true } }, null, 2)}\n`,
    'examples/one-case/input.txt': 'Two boats, three nets.\n',
    'examples/one-case/expected.txt': 'TWO BOATS, THREE NETS.\n',
    'examples/hostile/case.json': `${JSON.stringify({ why: 'Markup in a text is text: it stays what it is.', from: 'text/plain', to: 'text/plain', demands: { [name]: true } }, null, 2)}\n`,
    'examples/hostile/input.txt': '<script>alert(1)</script>\n',
    'examples/hostile/expected.txt': '<SCRIPT>ALERT(1)</SCRIPT>\n',
  };
}

function moduleText(name: string): string {
  return `/**
 * What ${name} does, for whom, and what is lost.
 *
 * A plain object, no import: the gateway runs it in a process of its own without files, sockets or secrets.
 */
export default {
  contract: 1,
  kind: 'formatter',
  name: '${name}',
  // Raise it whenever the bytes change: it is in every ETag and cache key.
  version: '1.0.0',
  title: 'Text in capitals',
  // How \`input.body\` comes: 'text', 'bytes', 'stream', or 'document' (parsed HTML in \`input.document\`, a Cheerio object).
  reads: 'text',
  // An edge from a type to itself is there for a demand. This one is wanted where a profile says
  // \`"prefers": { "formatters": { "${name}": true } }\`. An edge to another type needs no demand.
  edges: [{ from: 'text/plain', to: 'text/plain', keeps: 1, cost: 1, meets: ['${name}'] }],
  format(input, want, env) {
    // \`want.demands['${name}']\` holds what the profile said; \`env.cannot(reason)\` lets the gateway take another way,
    // \`env.note(event, fields)\` tells a loss, \`await env.fetch(url)\` fetches through the gateway's guard.
    return { mediaType: 'text/plain', body: input.body.toUpperCase() };
  },
};
`;
}

function readmeText(name: string): string {
  return `# ${name}

Text in capitals: a place to start from.

Try it with the gateway, in a folder that holds this one (here \`plugins\`):

    format-gateway formatters check plugins/${name}
    node --test plugins/${name}/${name}.test.mjs
    PLUGINS_DIR=plugins npm start

and give it to those whose profile wants it:

    { "name": "loud", "selectable": true, "prefers": { "presentation": "text", "formatters": { "${name}": true } } }
`;
}

function testText(): string {
  return `import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import formatter from './index.mjs';

const read = (path) => readFileSync(new URL(\`examples/\${path}\`, import.meta.url), 'utf8');

for (const name of ['one-case', 'hostile'])
  test(name, async () => {
    const { from, to, demands } = JSON.parse(read(\`\${name}/case.json\`));
    const input = { mediaType: from, charset: 'utf-8', body: read(\`\${name}/input.txt\`), url: 'http://site.example/', fields: {} };
    const env = { signal: AbortSignal.timeout(5_000), note() {}, log() {}, cannot: (reason) => assert.fail(reason) };
    const result = await formatter.format(input, { mediaType: to, demands, options: {} }, env);
    assert.equal(result.body, read(\`\${name}/expected.txt\`));
  });
`;
}

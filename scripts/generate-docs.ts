/** Documents made from what runs: `.env.example`, the reference in `docs/`, the heads of the formatters' READMEs. `npm run docs` writes them. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultText, type Setting } from '../core/config.ts';
import { errorCatalogue } from '../core/errors.ts';
import { settingTable } from '../settings.ts';
import { commandDocument } from './command-document.ts';
import { conformanceDocument } from './conformance-document.ts';
import { formatterDocuments } from './formatter-document.ts';
import { performanceDocuments, writePerformanceChart } from './performance-document.ts';
import { profileDocument } from './profile-document.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const settings: readonly Setting<unknown>[] = Object.values(settingTable);

/** Every generated document by its path from the root. */
export async function generatedDocuments(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['.env.example', envExample()],
    ['docs/configuration.md', configuration()],
    ['docs/errors.md', errors()],
    ['docs/profiles.md', profileDocument()],
    ['docs/command-line.md', commandDocument()],
    ['docs/conformance.md', conformanceDocument()],
    ...performanceDocuments(ROOT),
    ['docs/decisions/index.md', decisions()],
    ...(await formatterDocuments(ROOT)),
  ]);
}

function envExample(): string {
  const lines = settings.map(
    ({ variable, help, ...rest }) =>
      `# ${help}\n# Default: ${defaultText({ variable, help, ...rest })}\n#${variable}=\n`,
  );
  return `# Copy to .env and uncomment what differs. Lists are separated by commas; \`none\` is the empty list.\n\n${lines.join('\n')}`;
}

function configuration(): string {
  const table = (group: Setting<unknown>['group']) =>
    settings
      .filter((setting) => setting.group === group)
      .map((setting) => `| \`${setting.variable}\` | ${code(defaultText(setting))} | ${setting.help} |`)
      .join('\n');
  return `# Configuration

Settings are environment variables, or lines of a \`.env\` file in the working folder; the environment wins. An empty value
means the default, and \`none\` the empty list. All mistakes are reported together and stop the start (exit code 2).
\`bin/format-gateway config check\` checks them, \`config print\` shows what is in force.

| name | default | meaning |
|---|---|---|
${table('main')}

## Limits

| name | default | meaning |
|---|---|---|
${table('limit')}
`;
}

function errors(): string {
  const rows = Object.entries(errorCatalogue)
    .map(
      ([name, { status, sentence, ...rest }]) =>
        `| <a id="${name.toLowerCase()}"></a>\`${name.toLowerCase()}\` | ${status} | ${sentence} | ${'proxyStatus' in rest ? `\`${rest.proxyStatus}\`` : ''} |`,
    )
    .join('\n');
  return `# Errors

What a client can be told, in its own format (HTML, WML, Markdown, \`application/problem+json\` or text), always with a
request id, \`Cache-Control: no-store\` and no word of what lies behind. Words in braces are filled in.

| code | status | sentence | Proxy-Status error |
|---|---|---|---|
${rows}
`;
}

function decisions(): string {
  const files = readdirSync(join(ROOT, 'docs/decisions')).filter((file) => file.endsWith('.md') && file !== 'index.md');
  const lines = files.sort().map((file) => {
    const title = /^# (.*)$/m.exec(readFileSync(join(ROOT, 'docs/decisions', file), 'utf8'))?.[1] ?? file;
    return `- [${title}](${file})`;
  });
  return `# Decisions\n\nOne page each: what was to be decided, what was chosen, what it costs.\n\n${lines.join('\n')}\n`;
}

function code(text: string): string {
  return /[\s,]/.test(text) && !/^[\w,./:-]+$/.test(text) ? text : `\`${text}\``;
}

if (import.meta.main) {
  for (const [path, text] of await generatedDocuments()) writeFileSync(join(ROOT, path), text);
  await writePerformanceChart(ROOT);
}

/** `docs/command-line.md`, from the tree of verbs. */
import type { Command } from 'commander';
import { EXIT_CODES, makeProgram } from '../bin/make-program.ts';

/** The reference of the command line. */
export function commandDocument(): string {
  const program = makeProgram();
  return `# Command line

\`bin/format-gateway VERB\` in a checkout finds the pinned Node by itself. Verbs that talk to a server take \`--server ADMIN_URL\` and
the token from \`ADMIN_TOKEN\`, or from the data folder of this machine. \`--json\` prints what programs can read.
Completion: \`source <(bin/format-gateway completion bash)\`, likewise for zsh; \`format-gateway completion fish | source\`.

| exit code | meaning |
|---|---|
${Object.entries(EXIT_CODES)
  .map(([code, meaning]) => `| ${code} | ${meaning} |`)
  .join('\n')}

${program.commands.map((each) => sectionOf(each, '')).join('\n')}`;
}

function sectionOf(command: Command, before: string): string {
  const name = `${before}${command.name()}`;
  if (command.commands.length > 0)
    return `## ${name}\n\n${command.description()}\n\n${command.commands.map((each) => sectionOf(each, `${name} `)).join('\n')}`;
  const usage = [
    name,
    ...command.registeredArguments.map((argument) => {
      const text = `${argument.name()}${argument.variadic ? '...' : ''}`;
      return argument.required ? `<${text}>` : `[${text}]`;
    }),
  ].join(' ');
  const rows = command.options.map(({ flags, description, defaultValue, defaultValueDescription, argChoices }) => {
    const fallback =
      defaultValueDescription ??
      (defaultValue === undefined || defaultValue === '' ? '' : `\`${String(defaultValue)}\``);
    const choices = argChoices === undefined ? '' : `: ${argChoices.join(', ')}`;
    return `| \`${flags.replaceAll('|', '\\|')}\` | ${description}${choices} | ${fallback} |`;
  });
  const table = rows.length === 0 ? '' : `\n| option | meaning | default |\n|---|---|---|\n${rows.join('\n')}\n`;
  return `${before === '' ? '##' : '###'} ${name}\n\n\`format-gateway ${usage}\`\n\n${command.description()}\n${table}`;
}

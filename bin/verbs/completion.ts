/** `completion bash|zsh|fish`: a script made from the tree of verbs. */
import { Argument, type Command } from 'commander';

/** A place in the tree: what may follow there. */
interface Place {
  /** Verbs from the program on, each after a slash; empty for the program itself. */
  readonly path: string;
  readonly verbs: readonly { readonly name: string; readonly about: string }[];
  readonly options: readonly { readonly name: string; readonly about: string; readonly choices: readonly string[] }[];
  /** Words that the first argument is of. */
  readonly words: readonly string[];
}

const SHELLS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

export function addCompletionVerb(program: Command): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'shell to complete in').choices(Object.keys(SHELLS)))
    .description('Print a script that completes verbs and options; in bash: source <(format-gateway completion bash).')
    .action((shell: keyof typeof SHELLS) => console.log(SHELLS[shell](placesOf(program))));
}

function placesOf(command: Command, path = ''): Place[] {
  const verbs = command.commands.map((each) => ({ name: each.name(), about: firstSentence(each.description()) }));
  const options = command.options.map(({ long, short, description, argChoices }) => ({
    name: long ?? short ?? '',
    about: description,
    choices: argChoices ?? [],
  }));
  const words = command.registeredArguments[0]?.argChoices ?? [];
  const here = { path, verbs, options: [...options, { name: '--help', about: 'show help', choices: [] }], words };
  return [here, ...command.commands.flatMap((each) => placesOf(each, `${path}/${each.name()}`))];
}

function firstSentence(text: string): string {
  return /^[^.:;]*/.exec(text)![0];
}

function bashScript(places: readonly Place[]): string {
  const paths = places.map(({ path }) => path).filter((path) => path !== '');
  const choices = places.flatMap(({ path, options }) =>
    options
      .filter((option) => option.choices.length > 0)
      .map(({ name, choices: words }) => `    '${path} ${name}') words='${words.join(' ')}' ;;`),
  );
  const words = places.map(
    (place) =>
      `      '${place.path}') words='${[...place.verbs.map(({ name }) => name), ...place.words, ...place.options.map(({ name }) => name)].join(' ')}' ;;`,
  );
  return `_format_gateway() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path='' words='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path/$word" in
      ${paths.join('|')}) path="$path/$word" ;;
    esac
  done
  case "$path $previous" in
${choices.join('\n')}
    *) case "$path" in
${words.join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _format_gateway format-gateway`;
}

function zshScript(places: readonly Place[]): string {
  return `autoload -U +X compinit && compinit
autoload -U +X bashcompinit && bashcompinit
${bashScript(places)}`;
}

function fishScript(places: readonly Place[]): string {
  const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const lines = places.flatMap(({ path, verbs, options, words }) => {
    const at = `complete -c format-gateway -n ${quote(`__format_gateway_at "${path}"`)}`;
    return [
      ...verbs.map(({ name, about }) => `${at} -f -a ${name} -d ${quote(about)}`),
      ...(words.length === 0 ? [] : [`${at} -f -a ${quote(words.join(' '))}`]),
      ...options.map(
        ({ name, about, choices }) =>
          `${at} -l ${name.slice(2)} -d ${quote(about)}${choices.length === 0 ? '' : ` -x -a ${quote(choices.join(' '))}`}`,
      ),
    ];
  });
  return `set -g __format_gateway_paths ${places
    .map(({ path }) => path)
    .filter((path) => path !== '')
    .join(' ')}
function __format_gateway_at
  set -l path ''
  for word in (commandline -opc)[2..-1]
    contains -- "$path/$word" $__format_gateway_paths; and set path "$path/$word"
  end
  test "$path" = "$argv[1]"
end
${lines.join('\n')}`;
}

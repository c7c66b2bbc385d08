import { Argument, type Command } from 'commander';

/** `drydock completion SHELL`: prints a completion script made from the commands themselves. */
export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .description('print a completion script for your shell')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      `
Examples:
  source <(drydock completion bash)
  drydock completion fish > ~/.config/fish/completions/drydock.fish`,
    )
    .action((shell: 'bash' | 'zsh' | 'fish') => {
      process.stdout.write(shell === 'fish' ? fishScript(program) : bashScript(program, shell));
    });
}

function longFlags(command: Command): string[] {
  return command.options.flatMap((option) =>
    option.long === undefined || option.long === null ? [] : [option.long],
  );
}

/** What may follow a command: its flags, its subcommands, the choices of its arguments. */
function wordsAfter(command: Command): string {
  const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? []);
  const subcommands = command.commands.map((one) => one.name());
  return [...subcommands, ...choices, ...longFlags(command), '--help'].join(' ');
}

function bashScript(program: Command, shell: 'bash' | 'zsh'): string {
  // `bench scheduler` before `bench`: the first pattern that fits wins.
  const cases = program.commands.flatMap((command) => [
    ...command.commands.map((one) => [`${command.name()}\\ ${one.name()}`, wordsAfter(one)] as const),
    [`${command.name()}\\ *`, wordsAfter(command)] as const,
  ]);
  const lines = cases.map(([pattern, words]) => `    ${pattern}) words="${words}" ;;`).join('\n');
  const preamble = shell === 'zsh' ? 'autoload -U +X bashcompinit && bashcompinit\n' : '';
  return `${preamble}_drydock() {
  local words="" current="\${COMP_WORDS[COMP_CWORD]}" second=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${program.commands.map((command) => command.name()).join(' ')} help" -- "$current"))
    return
  fi
  if [ "$COMP_CWORD" -gt 2 ]; then second="\${COMP_WORDS[2]}"; fi
  case "\${COMP_WORDS[1]} $second" in
${lines}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _drydock drydock
`;
}

function fishScript(program: Command): string {
  const quote = (text: string): string => text.replaceAll("'", "\\'");
  return program.commands
    .flatMap((command) => [
      `complete -c drydock -n __fish_use_subcommand -a ${command.name()} -d '${quote(command.description())}'`,
      ...command.options.map(
        (option) =>
          `complete -c drydock -n '__fish_seen_subcommand_from ${command.name()}' -l ${option.name()} -d '${quote(option.description)}'`,
      ),
    ])
    .join('\n')
    .concat('\n');
}

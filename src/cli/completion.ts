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

function bashScript(program: Command, shell: 'bash' | 'zsh'): string {
  const cases = program.commands
    .map((command) => `    ${command.name()}) words="${longFlags(command).join(' ')}" ;;`)
    .join('\n');
  const preamble = shell === 'zsh' ? 'autoload -U +X bashcompinit && bashcompinit\n' : '';
  return `${preamble}_drydock() {
  local words current="\${COMP_WORDS[COMP_CWORD]}"
  case "\${COMP_WORDS[1]}" in
${cases}
    *) words="${program.commands.map((command) => command.name()).join(' ')}" ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${program.commands.map((command) => command.name()).join(' ')}"; fi
  COMPREPLY=($(compgen -W "$words" -- "$current") $(compgen -f -- "$current"))
}
complete -F _drydock drydock
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

import { memberId } from '../../src/raft/types.ts';
import type { ConfChangeStep, MemberId } from '../../src/raft/types.ts';

/**
 * The grammar of etcd's data-driven tests: `#` comments; a command `name word key=value key=(a,b)` with lines of
 * input below it; `----`; what it showed, up to a blank line.
 */
export interface Command {
  readonly name: string;
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, readonly string[]>;
  /** Lines between the command and `----`. */
  readonly input: readonly string[];
}

export function parseCommand([line = '', ...input]: readonly string[]): Command {
  const [name = '', ...rest] = line.match(/[^\s=]+=\([^)]*\)|\S+/g) ?? [];
  const words: string[] = [];
  const options = new Map<string, readonly string[]>();
  for (const word of rest) {
    const match = /^([a-z-]+)=\(?([^)]*)\)?$/.exec(word);
    if (match === null) words.push(word);
    else
      options.set(
        match[1]!,
        match[2]!.split(/[,\s]+/).filter((value) => value !== ''),
      );
  }
  return { name, words, options, input };
}

/** The same text with every command's output as `run` gives it now; nothing at all shows as `ok`. */
export function replay(text: string, run: (command: Command) => readonly string[]): string {
  const lines: string[] = [];
  let command: string[] = [];
  let expected = false;
  for (const line of text.trimEnd().split('\n')) {
    if (line === '----') {
      const output = run(parseCommand(command));
      lines.push(line, ...(output.length === 0 ? ['ok'] : output));
      command = [];
      expected = true;
    } else if (line === '') {
      if (command.length > 0) throw new Error(`no ---- after ${command[0]}`);
      lines.push(line);
      expected = false;
    } else if (!expected) {
      lines.push(line);
      if (!line.startsWith('#')) command.push(line);
    }
  }
  if (command.length > 0) throw new Error(`no ---- after ${command[0]}`);
  return `${lines.join('\n')}\n`;
}

const stepTypes: { readonly [letter: string]: ConfChangeStep['type'] } = {
  v: 'add-voter',
  l: 'add-learner',
  r: 'remove',
};

/** `v1 l2 r3`: voter, learner, removed. etcd's fourth, u for update, is left out: our changes know no update. */
export function parseSteps(text: string): ConfChangeStep[] {
  return text
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => {
      const type = stepTypes[word.charAt(0)];
      if (type === undefined) throw new Error(`unknown step ${word}`);
      return { type, member: memberId(word.slice(1)) };
    });
}

export function members(values: readonly string[] | undefined): MemberId[] {
  return (values ?? []).map(memberId);
}

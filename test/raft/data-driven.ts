import { memberId } from '../../src/raft/types.ts';
import type { ConfChangeStep, MemberId } from '../../src/raft/types.ts';

/**
 * The grammar of etcd's data-driven tests (cockroachdb/datadriven): `#` comments; a command `name word key=value
 * key=(a,b)`, which a `\` at its end continues, with lines of input below it; `----`; what it showed, up to a blank
 * line. What has blank lines itself stands between two `----` on both sides.
 */
export interface Command {
  readonly name: string;
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, readonly string[]>;
  /** Lines between the command and `----`. */
  readonly input: readonly string[];
}

export function parseCommand(lines: readonly string[]): Command {
  const [line = '', ...input] = joinContinued(lines);
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

function joinContinued([line = '', ...rest]: readonly string[]): readonly string[] {
  return line.endsWith('\\')
    ? joinContinued([line.slice(0, -1) + (rest[0] ?? ''), ...rest.slice(1)])
    : [line, ...rest];
}

const separator = '----';

/** The same text with every command's output as `run` gives it now; nothing at all shows as `ok`. */
export function replay(text: string, run: (command: Command) => readonly string[]): string {
  const given = text.trimEnd().split('\n');
  const lines: string[] = [];
  for (let at = 0; at < given.length;) {
    const line = given[at]!;
    if (line === '' || line.startsWith('#')) {
      lines.push(line);
      at++;
      continue;
    }
    const end = given.indexOf(separator, at);
    if (end < 0) throw new Error(`no ${separator} after ${line}`);
    const command = given.slice(at, end);
    lines.push(...command, ...framed(run(parseCommand(command))));
    at = endOfOutput(given, end);
  }
  return `${lines.join('\n')}\n`;
}

function framed(output: readonly string[]): readonly string[] {
  if (output.length === 0) return [separator, 'ok'];
  if (!output.some((line) => line.trim() === '')) return [separator, ...output];
  return [separator, separator, ...output, separator, separator];
}

/** Where what was shown before ends; `at` is its first `----`. */
function endOfOutput(lines: readonly string[], at: number): number {
  if (lines[at + 1] !== separator) {
    const end = lines.indexOf('', at);
    return end < 0 ? lines.length : end;
  }
  for (let end = at + 2; end < lines.length; end++) {
    if (lines[end] === separator && lines[end + 1] === separator) return end + 2;
  }
  throw new Error(`no ${separator} twice after the output of line ${at}`);
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

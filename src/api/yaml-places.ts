import { visit } from 'yaml';
import type { Alias, Document, ErrorCode, LineCounter, YAMLError } from 'yaml';

import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';

export type YamlPath = readonly (string | number)[];

/** An anchor may be used so often before a document counts as an attack. */
const aliasesMax = 100;

const remedies: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_INDENT: 'close each bracket, and put the keys of one map under each other',
  BAD_SCALAR_START: 'put the value in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'put the value in quotes, or on lines of its own',
  BLOCK_IN_FLOW: 'put a comma between two keys in { }',
  DUPLICATE_KEY: 'remove one of the two',
  MISSING_CHAR: 'close the quote or bracket that is open',
  MULTIPLE_DOCS: 'keep one document and give each other one a file of its own',
  TAB_AS_INDENT: 'indent with spaces',
  UNEXPECTED_TOKEN: 'put a value that has brackets, commas or colons in quotes',
};

/** The parser's words for what has simpler ones. */
const simpler: readonly (readonly [RegExp, string])[] = [
  [/^Flow sequence .*/, 'a [ without its ]'],
  [/^Flow map .*/, 'a { without its }'],
  [/^Unexpected flow-seq-start.*/, 'an unexpected ['],
  [/^Missing closing (.)quote$/, 'a $1 without its end'],
  [/^Nested mappings are not allowed in compact mappings$/, 'a second colon in one line'],
  [/^Block collections are not allowed within flow collections$/, 'a key without a comma before it'],
  [/^Map keys must be unique$/, 'a key that is there already'],
  [/^Source contains multiple documents$/, 'a second document'],
];

/** What is wrong with the syntax and what to do about it, in one sentence. */
export function yamlSentence({ code, message }: YAMLError): string {
  const said = message.split('\n')[0]!.replace(/(; please.*)? at line .*$/, '');
  const what = simpler.reduce((text, [pattern, words]) => text.replace(pattern, words), said);
  const remedy = remedies[code];
  return `not valid YAML (${what}); fix the syntax there${remedy === undefined ? '' : `: ${remedy}`}`;
}

/** A document as plain values. The error is the end of a sentence, about what is at that offset in the text. */
export function toPlain(
  document: Document,
): Result<unknown, { readonly sentence: string; readonly offset: number }> {
  let unknown: Alias | undefined;
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) === undefined) unknown ??= alias;
    },
  });
  if (unknown !== undefined) {
    const { source, range } = unknown as Alias;
    const sentence = `no anchor &${source} comes before the alias *${source}; write the value out, in quotes if it is text`;
    return err({ sentence, offset: range?.[0] ?? 0 });
  }
  try {
    return ok(document.toJS({ maxAliasCount: aliasesMax }));
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return err({ sentence: `more than ${aliasesMax} uses of aliases; write the values out`, offset: 0 });
  }
}

/** The line of the value at `path`, or of its key `key`; of the nearest thing around it that has one. */
export function lineOf(document: Document, lines: LineCounter, path: YamlPath, key?: string): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const keyNode = length === path.length && key !== undefined ? keyNodeOf(node, key) : undefined;
    const range = rangeOf(keyNode) ?? rangeOf(node);
    if (range !== undefined) return lines.linePos(range[0]).line;
  }
  return 1;
}

function keyNodeOf(map: unknown, key: string): unknown {
  const items = (map as { items?: readonly { key?: unknown }[] } | undefined)?.items;
  return items?.find((pair) => (pair.key as { value?: unknown } | undefined)?.value === key)?.key;
}

function rangeOf(node: unknown): readonly [number, number, number] | undefined {
  const range = (node as { range?: readonly [number, number, number] | null } | undefined)?.range;
  return range ?? undefined;
}

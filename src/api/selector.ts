import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { labelValueProblems, qualifiedNameProblems } from './names.ts';
import type { Resource } from './resource.ts';
import type { ApiObject, LabelSelector, SelectorRequirement } from './types.ts';

/**
 * Label and field selectors: `app=web,tier in (a,b),!x` and `spec.nodeName=n1,status.phase!=Failed`.
 * The sentences of errors are those of apimachinery's labels and fields packages.
 */

export type Labels = Readonly<Record<string, string>>;

/** Whether an object with these labels is selected. */
export type LabelMatcher = (labels: Labels | undefined) => boolean;

/** Whether an object is selected by its fields. */
export type FieldMatcher = (object: ApiObject) => boolean;

/** The matcher of a `labelSelector` parameter; the error is the sentence of the 400. */
export function parseLabelSelector(text: string): Result<LabelMatcher, string> {
  const requirements = new LabelSelectorParser(text).parse();
  if (!requirements.ok) return requirements;
  return ok((labels) => requirements.value.every((requirement) => meets(requirement, labels ?? {})));
}

/** The same for the selectors in objects; both parts must hold. */
export function matchesLabelSelector(selector: LabelSelector, labels: Labels | undefined): boolean {
  const own = labels ?? {};
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => own[key] === value) &&
    (selector.matchExpressions ?? []).every((requirement) => meets(requirement, own))
  );
}

/** Whether labels meet one requirement. An absent label meets NotIn, as in the API. */
function meets({ key, operator, values = [] }: SelectorRequirement, labels: Labels): boolean {
  const has = Object.hasOwn(labels, key);
  const value = has ? labels[key]! : '';
  switch (operator) {
    case 'In':
      return has && values.includes(value);
    case 'NotIn':
      return !has || !values.includes(value);
    case 'Exists':
      return has;
    case 'DoesNotExist':
      return !has;
    case 'Gt':
    case 'Lt': {
      if (!has || !/^[+-]?\d+$/.test(value)) return false;
      const bound = BigInt(values[0] ?? '0');
      return operator === 'Gt' ? BigInt(value) > bound : BigInt(value) < bound;
    }
  }
}

/** `=`, `==`, `!=`, `<`, `>`, `in`, `notin`, `,`, `(`, `)`, `!`, or a word; '' is the end. */
interface Token {
  readonly text: string;
  readonly isWord: boolean;
}

const end: Token = { text: '', isWord: false };
const endWords = "'end of string'";

class LabelSelectorParser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  parse(): Result<SelectorRequirement[], string> {
    const requirements: SelectorRequirement[] = [];
    if (this.#look().text === '') return ok(requirements);
    for (;;) {
      const token = this.#look();
      if (token.text !== '!' && !token.isWord && !isOperatorWord(token)) {
        return err(`found '${token.text}', expected: !, identifier, or ${endWords}`);
      }
      const requirement = this.#requirement();
      if (!requirement.ok) return err(`unable to parse requirement: ${requirement.error}`);
      requirements.push(requirement.value);
      const next = this.#take();
      if (next.text === '') return ok(requirements);
      if (next.text !== ',') return err(`found '${next.text}', expected: ',' or ${endWords}`);
      const after = this.#look();
      if (after.text !== '!' && !after.isWord && !isOperatorWord(after)) {
        return err(`found '${after.text}', expected: identifier after ','`);
      }
    }
  }

  #look(): Token {
    return this.#tokens[this.#at] ?? end;
  }

  #take(): Token {
    return this.#tokens[this.#at++] ?? end;
  }

  #requirement(): Result<SelectorRequirement, string> {
    const negated = this.#look().text === '!';
    if (negated) this.#take();
    const word = this.#take();
    if (!word.isWord && !isOperatorWord(word)) return err(`found '${word.text}', expected: identifier`);
    const key = word.text;
    const problems = qualifiedNameProblems(key);
    if (problems.length > 0) return err(problemText('<nil>', key, problems));
    if (negated) return ok({ key, operator: 'DoesNotExist' });
    const next = this.#look().text;
    if (next === '' || next === ',') return ok({ key, operator: 'Exists' });
    const operator = this.#take();
    switch (operator.text) {
      case 'in':
      case 'notin': {
        const values = this.#valueSet();
        if (!values.ok) return values;
        return checked({ key, operator: operator.text === 'in' ? 'In' : 'NotIn', values: values.value });
      }
      case '=':
      case '==':
      case '!=':
      case '<':
      case '>': {
        const value = this.#exactValue();
        if (!value.ok) return value;
        const operators = { '=': 'In', '==': 'In', '!=': 'NotIn', '<': 'Lt', '>': 'Gt' } as const;
        return checked({ key, operator: operators[operator.text], values: [value.value] });
      }
      default:
        return err(`found '${operator.text}', expected: in, notin, =, ==, !=, gt, lt`);
    }
  }

  /** The value after `=`; an empty one is a value too. */
  #exactValue(): Result<string, string> {
    const next = this.#look();
    if (next.text === '' || next.text === ',') return ok('');
    this.#take();
    return next.isWord || isOperatorWord(next)
      ? ok(next.text)
      : err(`found '${next.text}', expected: identifier`);
  }

  #valueSet(): Result<string[], string> {
    const open = this.#take();
    if (open.text !== '(') return err(`found '${open.text}' expected: '('`);
    const values: string[] = [];
    let pending = '';
    for (;;) {
      const token = this.#take();
      if (token.text === ',' || token.text === ')') {
        values.push(pending);
        pending = '';
        if (token.text === ')') return ok([...new Set(values)].toSorted());
      } else if (token.isWord || isOperatorWord(token)) {
        if (pending !== '') return err(`found '${token.text}', expected: ',' or ')'`);
        pending = token.text;
      } else {
        return err(`found '${token.text}', expected: ',' or ')'`);
      }
    }
  }
}

function isOperatorWord(token: Token): boolean {
  return token.text === 'in' || token.text === 'notin';
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const [part] of text.matchAll(/[^\s=!<>(),]+|==|!=|[=!<>(),]/g)) {
    const isWord = !/^[=!<>(),]/.test(part) && part !== 'in' && part !== 'notin';
    tokens.push({ text: part, isWord });
  }
  return tokens;
}

function checked(requirement: SelectorRequirement): Result<SelectorRequirement, string> {
  for (const [index, value] of (requirement.values ?? []).entries()) {
    if ((requirement.operator === 'Gt' || requirement.operator === 'Lt') && !/^[+-]?\d+$/.test(value)) {
      return err(
        `values[${index}]: Invalid value: "${value}": for 'Gt', 'Lt' operators, the value must be an integer`,
      );
    }
    const problems = labelValueProblems(value);
    if (problems.length > 0) return err(problemText(`values[${index}][${requirement.key}]`, value, problems));
  }
  return ok(requirement);
}

function problemText(field: string, value: string, problems: readonly string[]): string {
  return `${field}: Invalid value: ${JSON.stringify(value)}: ${problems.join('; ')}`;
}

interface FieldRequirement {
  readonly field: string;
  readonly negated: boolean;
  readonly value: string;
}

/** Fields that go by two names. */
const fieldAliases: Readonly<Record<string, string>> = { 'spec.host': 'spec.nodeName' };

/** The matcher of a `fieldSelector` parameter; the error is the sentence of the 400. */
export function parseFieldSelector(text: string, resource: Resource): Result<FieldMatcher, string> {
  const requirements = parseFieldRequirements(text);
  if (!requirements.ok) return requirements;
  const checks: FieldMatcher[] = [];
  // Asked of each change for each watcher: the one field that matters is read, not all there are.
  for (const { field, negated, value } of requirements.value) {
    const read = resource.fieldReader(field);
    if (read === undefined) {
      return err(
        resource.selectableFields.length > 0
          ? `field label not supported: ${field}`
          : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`,
      );
    }
    checks.push((object) => (read(object) === value) !== negated);
  }
  return ok((object) => checks.every((holds) => holds(object)));
}

/** The one value that a field must have for a selector to match at all, as `spec.nodeName=node-1` says it. */
export interface FieldPin {
  readonly field: string;
  readonly value: string;
  readonly read: (object: ApiObject) => string;
}

/** The first pin of a `fieldSelector` parameter; undefined: it has none, or is none. */
export function fieldPinOf(text: string, resource: Resource): FieldPin | undefined {
  const requirements = parseFieldRequirements(text);
  const pinned = requirements.ok ? requirements.value.find(({ negated }) => !negated) : undefined;
  const read = pinned && resource.fieldReader(pinned.field);
  return read && { field: pinned.field, value: pinned.value, read };
}

function parseFieldRequirements(text: string): Result<FieldRequirement[], string> {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text)) {
    if (term === '') continue;
    const match = /^((?:[^\\=!]|\\.|!(?!=))*)(!=|==|=)([\s\S]*)$/.exec(term);
    if (match === null) return err(`invalid selector: '${text}'; can't understand '${term}'`);
    const [, field = '', operator, value = ''] = match;
    const unescaped = unescapeValue(value);
    if (unescaped === undefined)
      return err(`invalid field selector: ${term}: invalid escape or special character in value`);
    requirements.push({ field: fieldAliases[field] ?? field, negated: operator === '!=', value: unescaped });
  }
  return ok(requirements);
}

/** At commas that no backslash escapes. */
function splitTerms(text: string): string[] {
  return text.match(/(?:[^\\,]|\\[\s\S])+/g) ?? [];
}

/** `\\`, `\,` and `\=` stand for the character; bare `=` and `,` are not allowed in a value. */
function unescapeValue(value: string): string | undefined {
  if (!/^(?:[^\\,=]|\\[\\,=])*$/.test(value)) return undefined;
  return value.replace(/\\(.)/g, '$1');
}

import type {
  KvCall,
  KvFound,
  KvOperation,
  KvOutcome,
  KvPair,
  KvStep,
  KvStepResult,
  KvWrite,
} from '../kv-history.ts';

/** A state of the keys. */
export interface KvView {
  get(key: string): KvFound | undefined;
  /** The pairs in [key, rangeEnd), in order; rangeEnd '\0': to the end. */
  range(key: string, rangeEnd: string): readonly KvPair[];
}

/** What an operation must answer in a state, but for the revision, and what it changes. */
export interface KvEffect {
  readonly answer: KvAnswer;
  readonly writes: readonly KvWrite[];
}

export type KvAnswer = {
  [type in KnownOutcome['type']]: Omit<KnownOutcome & { readonly type: type }, 'revision'>;
}[KnownOutcome['type']];
type KnownOutcome = Exclude<KvOutcome, { readonly type: 'unknown' | 'refused' }>;

const nothing: KvFound = { value: undefined, modRevision: 0 };

/**
 * The store as anybody would write it down: what `operation` answers and changes in `state`. It shares no code
 * with the store that it judges. `revision` is the one that the operation would make.
 */
export function effectOf(state: KvView, operation: KvOperation, revision = 0): KvEffect {
  switch (operation.type) {
    case 'get':
      return { answer: { type: 'got', ...(state.get(operation.key) ?? nothing) }, writes: [] };
    case 'put':
      return { answer: { type: 'put' }, writes: [{ key: operation.key, value: operation.value }] };
    case 'cas': {
      const { key, from, to } = operation;
      const succeeded = state.get(key)?.value === from;
      return { answer: { type: 'cas', succeeded }, writes: succeeded ? [{ key, value: to }] : [] };
    }
    case 'delete': {
      const { key } = operation;
      if (state.get(key) === undefined) return { answer: { type: 'deleted', count: 0 }, writes: [] };
      return { answer: { type: 'deleted', count: 1 }, writes: [{ key, value: undefined }] };
    }
    case 'range': {
      const all = state.range(operation.key, operation.rangeEnd);
      const limit = operation.limit || all.length;
      const pairs = operation.countOnly === true ? [] : all.slice(0, limit);
      const more = operation.countOnly !== true && limit < all.length;
      return { answer: { type: 'ranged', pairs, count: all.length, more }, writes: [] };
    }
    case 'txn': {
      const { compare, success, failure } = operation;
      const succeeded = compare.every(({ key, value }) => state.get(key)?.value === value);
      const { results, writes } = walk(state, succeeded ? success : failure, revision);
      return { answer: { type: 'txn', succeeded, results }, writes };
    }
  }
}

/** The steps of a transaction see what the ones before did. */
function walk(
  state: KvView,
  steps: readonly KvStep[],
  revision: number,
): { readonly results: readonly KvStepResult[]; readonly writes: readonly KvWrite[] } {
  const written = new Map<string, KvFound | undefined>();
  const writes: KvWrite[] = [];
  const now = (key: string): KvFound | undefined => (written.has(key) ? written.get(key) : state.get(key));
  const results = steps.map((step): KvStepResult => {
    const { key } = step;
    switch (step.type) {
      case 'get':
        return { type: 'got', ...(now(key) ?? nothing) };
      case 'put':
        written.set(key, { value: step.value, modRevision: revision });
        writes.push({ key, value: step.value });
        return { type: 'put' };
      case 'delete': {
        if (now(key) === undefined) return { type: 'deleted', count: 0 };
        written.set(key, undefined);
        writes.push({ key, value: undefined });
        return { type: 'deleted', count: 1 };
      }
    }
  });
  return { results, writes };
}

/**
 * How what came back differs from what had to, or undefined. `withRevisions` false: a judge that does not know
 * of revisions compares values alone.
 */
export function answerProblem(
  expected: KvAnswer,
  { outcome }: Pick<KvCall, 'outcome'>,
  withRevisions: boolean,
): string | undefined {
  switch (outcome.type) {
    case 'got':
      return expected.type === 'got' ? foundProblem(expected, outcome, withRevisions) : wrongKind;
    case 'put':
      return expected.type === 'put' ? undefined : wrongKind;
    case 'cas':
      if (expected.type !== 'cas') return wrongKind;
      return successProblem(expected.succeeded, outcome.succeeded);
    case 'deleted':
      if (expected.type !== 'deleted') return wrongKind;
      return outcome.count === expected.count
        ? undefined
        : `it deleted ${outcome.count} keys where ${expected.count} existed`;
    case 'ranged':
      return expected.type === 'ranged' ? rangeProblem(expected, outcome, withRevisions) : wrongKind;
    case 'txn': {
      if (expected.type !== 'txn') return wrongKind;
      const problem = successProblem(expected.succeeded, outcome.succeeded);
      if (problem !== undefined) return problem;
      if (outcome.results.length !== expected.results.length) return wrongKind;
      for (const [i, result] of outcome.results.entries()) {
        const stepProblem = stepResultProblem(expected.results[i]!, result, withRevisions);
        if (stepProblem !== undefined) return `in step ${i + 1}, ${stepProblem}`;
      }
      return undefined;
    }
    default:
      return undefined;
  }
}

const wrongKind = 'the answer is to another question';

function foundProblem(expected: KvFound, got: KvFound, withRevisions: boolean): string | undefined {
  if (got.value === expected.value && (!withRevisions || got.modRevision === expected.modRevision))
    return undefined;
  return `it returned ${showFound(got)} where the value is ${showFound(expected)}`;
}

function successProblem(expected: boolean, got: boolean): string | undefined {
  if (expected === got) return undefined;
  return got ? 'it succeeded where its condition did not hold' : 'it failed where its condition held';
}

function rangeProblem(
  expected: KvAnswer & { readonly type: 'ranged' },
  got: KvOutcome & { readonly type: 'ranged' },
  withRevisions: boolean,
): string | undefined {
  if (got.count !== expected.count) return `it counted ${got.count} keys where there are ${expected.count}`;
  if (got.more !== expected.more)
    return `it said that there ${got.more ? 'is more' : 'is no more'}, which is wrong`;
  for (let i = 0; i < Math.max(got.pairs.length, expected.pairs.length); i++) {
    const mine = got.pairs[i];
    const theirs = expected.pairs[i];
    const same =
      mine !== undefined &&
      theirs !== undefined &&
      mine.key === theirs.key &&
      mine.value === theirs.value &&
      (!withRevisions || mine.modRevision === theirs.modRevision);
    if (!same) return `it returned ${showPair(mine)} as pair ${i + 1} where it is ${showPair(theirs)}`;
  }
  return undefined;
}

function stepResultProblem(
  expected: KvStepResult,
  got: KvStepResult,
  withRevisions: boolean,
): string | undefined {
  if (got.type === 'got' && expected.type === 'got') return foundProblem(expected, got, withRevisions);
  if (got.type === 'deleted' && expected.type === 'deleted') {
    return got.count === expected.count
      ? undefined
      : `it deleted ${got.count} keys where ${expected.count} existed`;
  }
  return got.type === expected.type ? undefined : wrongKind;
}

function showFound({ value, modRevision }: KvFound): string {
  if (value === undefined) return 'nothing';
  return modRevision > 0 ? `"${value}" of revision ${modRevision}` : `"${value}"`;
}

function showPair(pair: KvPair | undefined): string {
  return pair === undefined ? 'nothing' : `${pair.key} = ${showFound(pair)}`;
}

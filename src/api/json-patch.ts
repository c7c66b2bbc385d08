import { equalJson, isMap } from './json.ts';

/**
 * RFC 6902, over values that are never changed in place. As with the real server (evanphx/json-patch),
 * `replace` also makes what is not there, and whatever stands before the first slash of a path is ignored.
 */

/** The document after the operation, wrapped because it may be anything; undefined when it does not apply. */
export type Outcome = { readonly value: unknown } | undefined;

/** Applies one operation: `{ op, path, value, from }`. */
export function applyOperation(document: unknown, operation: Readonly<Record<string, unknown>>): Outcome {
  const path = stepsOf(operation['path']);
  if (path === undefined) return undefined;
  const { value } = operation;
  switch (operation['op']) {
    case 'add':
      return value === undefined ? undefined : add(document, path, value);
    case 'remove':
      return read(document, path) && remove(document, path);
    case 'replace':
      if (value === undefined) return undefined;
      return replace(document, path, value);
    case 'move':
    case 'copy': {
      const from = stepsOf(operation['from']);
      const source = from && read(document, from);
      if (from === undefined || source === undefined) return undefined;
      if (operation['op'] === 'copy') return add(document, path, source.value);
      const removed = remove(document, from);
      return removed && add(removed.value, path, source.value);
    }
    case 'test': {
      const found = read(document, path);
      const holds =
        found === undefined ? value === null || value === undefined : equalJson(found.value, value ?? null);
      return holds ? { value: document } : undefined;
    }
    default:
      return undefined;
  }
}

/** RFC 6901: `/metadata/annotations/example.com~1name`. */
function stepsOf(path: unknown): readonly string[] | undefined {
  if (typeof path !== 'string') return undefined;
  return path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(document: unknown, path: readonly string[]): Outcome {
  let value = document;
  for (const step of path) {
    if (Array.isArray(value)) {
      const index = indexOf(step, value.length - 1);
      if (index === undefined) return undefined;
      value = value[index];
    } else if (isMap(value) && Object.hasOwn(value, step)) {
      value = value[step];
    } else {
      return undefined;
    }
  }
  return { value };
}

/** Rebuilds the containers along `path`, changing the last one. */
function change(
  document: unknown,
  path: readonly string[],
  last: (container: unknown, step: string) => Outcome,
): Outcome {
  const [step, ...rest] = path;
  if (step === undefined) return undefined;
  if (rest.length === 0) return last(document, step);
  if (Array.isArray(document)) {
    const index = indexOf(step, document.length - 1);
    if (index === undefined) return undefined;
    const inner = change(document[index], rest, last);
    return inner && { value: document.with(index, inner.value) };
  }
  if (!isMap(document) || !Object.hasOwn(document, step)) return undefined;
  const inner = change(document[step], rest, last);
  return inner && { value: withKey(document, step, inner.value) };
}

function add(document: unknown, path: readonly string[], value: unknown): Outcome {
  if (path.length === 0) return { value };
  return change(document, path, (container, step) => {
    if (Array.isArray(container)) {
      const index = step === '-' ? container.length : indexOf(step, container.length);
      return index === undefined ? undefined : { value: container.toSpliced(index, 0, value) };
    }
    return isMap(container) ? { value: withKey(container, step, value) } : undefined;
  });
}

function replace(document: unknown, path: readonly string[], value: unknown): Outcome {
  if (path.length === 0) return { value };
  return change(document, path, (container, step) => {
    if (Array.isArray(container)) {
      const index = indexOf(step, container.length - 1);
      return index === undefined ? undefined : { value: container.with(index, value) };
    }
    return isMap(container) ? { value: withKey(container, step, value) } : undefined;
  });
}

function remove(document: unknown, path: readonly string[]): Outcome {
  return change(document, path, (container, step) => {
    if (Array.isArray(container)) {
      const index = indexOf(step, container.length - 1);
      return index === undefined ? undefined : { value: container.toSpliced(index, 1) };
    }
    if (!isMap(container)) return undefined;
    const { [step]: _, ...rest } = container;
    return { value: rest };
  });
}

/** A list index in [0, max]; no leading zeros. */
function indexOf(step: string, max: number): number | undefined {
  if (!/^(0|[1-9]\d*)$/.test(step)) return undefined;
  const index = Number(step);
  return index <= max ? index : undefined;
}

function withKey(map: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  const result = { ...map };
  setOwn(result, key, value);
  return result;
}

/** Plain assignment would treat `__proto__` as the prototype. */
function setOwn(map: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
}

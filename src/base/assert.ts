/**
 * base/: what every folder may use and what uses nothing: assertions, brands, bytes, containers.
 *
 * Boundary: pure functions and containers; no I/O, no clock, no randomness, no imports from elsewhere.
 *
 * Invariants
 *   B1  Assertions stay on in production. One belief per call.
 *   B2  An AssertionError is a bug of ours. Nothing in src/ catches it; the process stops.
 */

/** A broken belief: a bug in drydock, never an outcome to be handled. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/**
 * Stops the program when `condition` is false.
 *
 * `message` may be a function so that hot paths do not build strings they will not need.
 *
 * @throws AssertionError
 */
export function assert(
  condition: unknown,
  message: string | (() => string) = 'assertion failed',
): asserts condition {
  if (!condition) {
    throw new AssertionError(typeof message === 'function' ? message() : message);
  }
}

/** Returns `value`, which must be present. @throws AssertionError */
export function must<T>(
  value: T | null | undefined,
  message: string | (() => string) = 'value is missing',
): T {
  assert(value !== null && value !== undefined, message);
  return value;
}

/** Marks a branch that the types say cannot be reached. @throws AssertionError */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}

import { deferred } from '../base/deferred.ts';

/**
 * Tasks that live and die together: the first to fail stops the others, and `join` rejects with its
 * failure once all have ended.
 */
export class TaskScope {
  readonly #controller = new AbortController();
  readonly #ended = deferred<void>();
  readonly #outer: AbortSignal;
  readonly #onOuterAbort = (): void => this.#controller.abort();
  #running = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(outer: AbortSignal) {
    this.#outer = outer;
    if (outer.aborted) this.#controller.abort();
    outer.addEventListener('abort', this.#onOuterAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  add(task: (signal: AbortSignal) => Promise<void>): void {
    this.#running++;
    void this.#follow(task);
  }

  /** Resolves when every task has ended. Called once, after the first `add`. */
  async join(): Promise<void> {
    await this.#ended.promise;
    this.#outer.removeEventListener('abort', this.#onOuterAbort);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #follow(task: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await task(this.signal);
    } catch (error) {
      this.#failure ??= { error };
      this.#controller.abort();
    }
    this.#running--;
    if (this.#running === 0) this.#ended.resolve();
  }
}

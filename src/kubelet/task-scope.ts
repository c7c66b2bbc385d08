import { deferred } from '../base/deferred.ts';

/**
 * Tasks that live and die together: the first to fail stops the others, and `join` rejects with its
 * failure once all have ended. Each has a signal of its own, so that none carries the listeners of many
 * (engines take more than ten for a leak).
 */
export class TaskScope {
  readonly #running = new Set<AbortController>();
  readonly #ended = deferred<void>();
  readonly #outer: AbortSignal;
  readonly #stop = (): void => {
    this.#stopped = true;
    for (const controller of this.#running) controller.abort();
  };
  #stopped: boolean;
  #failure: { readonly error: unknown } | undefined;

  constructor(outer: AbortSignal) {
    this.#outer = outer;
    this.#stopped = outer.aborted;
    outer.addEventListener('abort', this.#stop, { once: true });
  }

  add(task: (signal: AbortSignal) => Promise<void>): void {
    const controller = new AbortController();
    if (this.#stopped) controller.abort();
    this.#running.add(controller);
    void this.#follow(task, controller);
  }

  /** Resolves when every task has ended. Called once, after the first `add`. */
  async join(): Promise<void> {
    await this.#ended.promise;
    this.#outer.removeEventListener('abort', this.#stop);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #follow(task: (signal: AbortSignal) => Promise<void>, controller: AbortController): Promise<void> {
    try {
      await task(controller.signal);
    } catch (error) {
      this.#failure ??= { error };
      this.#stop();
    }
    this.#running.delete(controller);
    if (this.#running.size === 0) this.#ended.resolve();
  }
}

import { ApiError } from '../api/status.ts';
import type { WorkQueue } from '../client/work-queue.ts';
import { NetworkError } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';

export interface ReconcileLoop {
  readonly queue: WorkQueue;
  readonly workers: number;
  readonly logger: Logger;
  /** Brings one object from what is to what should be. What it rejects with is tried again. */
  reconcile(key: string): Promise<void>;
}

/** Works on the queue until `signal` aborts. A refusal or a lost connection comes back later; a bug does not. */
export async function runReconcileLoop(loop: ReconcileLoop, signal: AbortSignal): Promise<void> {
  const onAbort = (): void => loop.queue.shutDown();
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort);
  await Promise.all(Array.from({ length: loop.workers }, () => work(loop)));
  signal.removeEventListener('abort', onAbort);
}

async function work({ queue, logger, reconcile }: ReconcileLoop): Promise<void> {
  for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
    try {
      await reconcile(key);
      queue.forget(key);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      logger.debug('reconcile failed, will try again', { key, error: error.message });
      queue.addRateLimited(key);
    }
    queue.done(key);
  }
}

/** An expected failure of a request, as opposed to a bug. */
export function isRefusal(error: unknown): error is ApiError | NetworkError {
  return error instanceof ApiError || error instanceof NetworkError;
}

/** Writes that one decision asks for run at most this many at a time. */
const writesInFlightMax = 20;

/** Runs `act` on all items, several at a time. The first failure is thrown when all have ended. */
export async function forEachParallel<T>(
  items: readonly T[],
  act: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const item = items[next++]!;
      try {
        await act(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(writesInFlightMax, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
}

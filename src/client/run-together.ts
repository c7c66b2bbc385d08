/**
 * Runs all tasks until `signal` aborts, each with a signal of its own, so that the shared one carries a
 * single listener however many they are (engines take more than ten for a leak). Ends when all have ended;
 * if one fails the others are aborted too, and its failure is thrown.
 */
export async function runTogether(
  tasks: readonly ((signal: AbortSignal) => Promise<void>)[],
  signal: AbortSignal,
): Promise<void> {
  const children = tasks.map(() => new AbortController());
  const abortAll = (): void => {
    for (const child of children) child.abort();
  };
  if (signal.aborted) abortAll();
  else signal.addEventListener('abort', abortAll);
  const failures: unknown[] = [];
  await Promise.all(
    tasks.map(async (task, i) => {
      try {
        await task(children[i]!.signal);
      } catch (error) {
        failures.push(error);
        abortAll();
      }
    }),
  );
  signal.removeEventListener('abort', abortAll);
  if (failures.length > 0) throw failures[0];
}

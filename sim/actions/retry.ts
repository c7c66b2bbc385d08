import { ApiError } from '../../src/api/status.ts';
import { NetworkError } from '../../src/platform/errors.ts';
import { ScenarioError } from './action.ts';

const attemptsMax = 300;
const retryMillis = 200;

export interface Sleeper {
  sleep(millis: number): Promise<unknown>;
}

/** What an operator does when the API does not answer: tries again. A refusal for good is the scenario's fault. */
export async function retry<T>(what: string, stage: Sleeper, attempt: () => Promise<T>): Promise<T> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof NetworkError || error instanceof ApiError)) throw error;
      if (error instanceof ApiError && isFinal(error)) {
        throw new ScenarioError(`${what} was refused: ${error.message}`, { cause: error });
      }
      if (count === attemptsMax) {
        throw new ScenarioError(`${what} failed ${count} times: ${error.message}`, {
          cause: error,
        });
      }
      await stage.sleep(retryMillis);
    }
  }
}

function isFinal(error: ApiError): boolean {
  return error.code === 400 || error.code === 422;
}

import { Worker } from 'node:worker_threads';

import { must } from '../../base/assert.ts';
import { type Deferred, deferred } from '../../base/deferred.ts';
import type { Bcrypt } from '../credentials.ts';

/**
 * bcrypt on a thread of its own: one hash of the usual cost takes a tenth of a second, in which a leader should have sent a
 * heartbeat. The thread starts with the first password and does not keep the process alive.
 */
export function createBcrypt(): Bcrypt {
  let thread: BcryptThread | undefined;
  return async (password, salt) => {
    thread ??= new BcryptThread();
    return thread.hash(password, salt);
  };
}

// The worker's code is here and not in a file: it is the same for sources and for what is built from them.
const code = `
  const { parentPort, workerData } = require('node:worker_threads');
  const bcrypt = import(workerData);
  parentPort.on('message', ({ id, password, salt }) => {
    bcrypt.then(({ hashSync }) => hashSync(password, salt)).then(
      (hash) => parentPort.postMessage({ id, hash }),
      (error) => parentPort.postMessage({ id, error: String(error.message) }),
    );
  });
`;

type Answer = { readonly id: number } & ({ readonly hash: string } | { readonly error: string });

class BcryptThread {
  readonly #worker = new Worker(code, { eval: true, workerData: import.meta.resolve('bcryptjs') });
  readonly #waiting = new Map<number, Deferred<string>>();
  #id = 0;

  constructor() {
    this.#worker.unref();
    this.#worker.on('message', (answer: Answer) => {
      const waiting = must(this.#waiting.get(answer.id));
      this.#waiting.delete(answer.id);
      if (this.#waiting.size === 0) this.#worker.unref();
      if ('hash' in answer) waiting.resolve(answer.hash);
      else waiting.reject(new Error(answer.error));
    });
  }

  hash(password: string, salt: string): Promise<string> {
    const id = ++this.#id;
    const waiting = deferred<string>();
    this.#waiting.set(id, waiting);
    this.#worker.ref();
    this.#worker.postMessage({ id, password, salt });
    return waiting.promise;
  }
}

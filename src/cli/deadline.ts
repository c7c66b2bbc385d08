import { resolve } from 'node:path';

import { refusalOf, tailOf, type Children } from './children.ts';
import { CliError } from './cli-error.ts';

const pollMillis = 50;

/** Waiting, with one end for everything: the time allowed, Ctrl-C, or the death of a process. */
export class Deadline {
  readonly #endsAt: number;
  readonly #seconds: number;
  readonly #children: Children;
  readonly #signal: AbortSignal;

  constructor(millis: number, children: Children, signal: AbortSignal) {
    this.#endsAt = performance.now() + millis;
    this.#seconds = millis / 1000;
    this.#children = children;
    this.#signal = signal;
  }

  /** Polls `reached` until it says true. Its refusals by the API or the network count as "not yet". */
  async until(what: string, detail: (text: string) => void, reached: () => Promise<boolean>): Promise<void> {
    let latest = '';
    for (;;) {
      try {
        if (await reached()) return;
      } catch (error) {
        if (error instanceof CliError || !(error instanceof Error)) throw error;
        if (error.name !== 'NetworkError' && error.name !== 'ApiError') throw error;
        latest = error.message;
        detail(latest);
      }
      if (this.#signal.aborted)
        throw new CliError(`interrupted while waiting for ${what}`, { exitCode: 130 });
      const dead = this.#children.all.find((child) => child.ended !== undefined);
      if (dead !== undefined) {
        const refusal = refusalOf(dead);
        if (refusal !== undefined) throw new CliError(`${dead.name} could not go on: ${refusal}`);
        throw new CliError(
          `${dead.name} ended (${dead.ended}) while waiting for ${what}; its log ${dead.logFile} ends:\n${tailOf(dead)}`,
        );
      }
      if (performance.now() > this.#endsAt) {
        throw new CliError(
          `waited ${this.#seconds} s for ${what}${latest === '' ? '' : ` (last: ${latest})`}: see the logs in ${resolve(this.#children.all[0]?.logFile ?? '.', '..')}`,
        );
      }
      await new Promise((resume) => {
        setTimeout(resume, pollMillis);
      });
    }
  }
}

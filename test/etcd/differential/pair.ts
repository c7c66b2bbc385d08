import { setTimeout as sleep } from 'node:timers/promises';

import { must } from '../../../src/base/assert.ts';
import type { EtcdOptions, Flavour } from '../../e2e/etcd-process.ts';
import { knownDifferences } from './known-differences.ts';
import {
  firstDifference,
  nameBound,
  normalizeAnswer,
  normalizeStream,
  show,
  watchFault,
} from './normalize.ts';
import { Side, type Answer } from './side.ts';
import type { Step } from './step.ts';

/** Two servers that answered one step differently. */
export class DifferenceError extends Error {
  override readonly name = 'DifferenceError';
}

/** Answers as a test may look at them: normalised, and the same on both sides. */
export type Agreed = unknown;

/** Elections in a tenth of the time; the shortest lease then lives a second, not two. */
const flags = ['--heartbeat-interval', '10', '--election-timeout', '100'];
/** How long the streams of both servers may take until they have brought the same. */
const agreeMillisMax = 8_000;
const agreeRoundsMin = 15;
const quietMillisDefault = 30;

/** Two servers, a real etcd and the one under test, that are asked the same. */
export class Pair {
  readonly #sides: readonly [Side, Side];
  readonly #label: string;
  /** What has been compared: a suite that compares nothing must not look like one that finds nothing. */
  comparisons = 0;

  private constructor(sides: readonly [Side, Side], label: string) {
    this.#sides = sides;
    this.#label = label;
  }

  /** `label` is printed with a difference: the seed that makes the sequence again. */
  static async start(
    label: string,
    {
      flavours = flavoursUnderTest(),
      options = {},
    }: { flavours?: [Flavour, Flavour]; options?: Partial<EtcdOptions> } = {},
  ): Promise<Pair> {
    const all = { ...options, flags: [...flags, ...(options.flags ?? [])] };
    const started = await Promise.allSettled(flavours.map((flavour) => Side.start({ ...all, flavour })));
    const sides = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = started.find((one) => one.status === 'rejected');
    if (failed !== undefined) {
      await Promise.all(sides.map((side) => side.close()));
      throw failed.reason;
    }
    await Promise.all(sides.map((side) => side.clusterVersionDecided()));
    return new Pair([must(sides[0]), must(sides[1])], label);
  }

  get sides(): readonly [Side, Side] {
    return this.#sides;
  }

  /**
   * Plays all steps and compares every answer. @throws DifferenceError at the first that differs; with `goOn` at the end,
   * with all that differ, which suits steps that do not build on each other
   */
  async play(steps: readonly Step[], { goOn = false } = {}): Promise<void> {
    const found: DifferenceError[] = [];
    for (const [index, step] of steps.entries()) {
      try {
        await this.step(step, index);
      } catch (error) {
        if (!goOn || !(error instanceof DifferenceError)) throw error;
        found.push(error);
        for (const side of this.#sides) side.forgetMessages();
      }
    }
    if (found.length > 0) throw new DifferenceError(found.map(({ message }) => message).join('\n'));
    for (const side of this.#sides) {
      if (!side.process.running) throw new Error(`${this.#label}: a server is gone:\n${side.process.output}`);
    }
  }

  /** One step on both servers. Resolves with their common answer, normalised. @throws DifferenceError */
  async step(step: Step, index = this.comparisons): Promise<Agreed> {
    if ('settle' in step) return this.#settle(step, index);
    const [left, right] = await Promise.all(
      this.#sides.map(async (side) => {
        const answer = await perform(side, step);
        return answer === undefined ? undefined : nameBound(normalizeAnswer(step, answer), side.bindings);
      }),
    );
    if (left !== undefined) this.#compare(step, index, left, right);
    return left;
  }

  /** The last word of a sequence: all revisions, byte for byte. */
  async compareHashes(): Promise<void> {
    await this.step({ settle: true, quietMillis: 150 });
    // By its number: for "the newest" a compaction at 0 has left its own hash.
    await this.step({ call: 'Maintenance.HashKV', request: { revision: { ref: 'revision' } } });
  }

  async close(): Promise<void> {
    await Promise.all(this.#sides.map((side) => side.close()));
  }

  async #settle(step: Extract<Step, { settle: true }>, index: number): Promise<Agreed> {
    const startedAt = performance.now();
    for (let round = 1; ; round++) {
      const before = this.#messageCount();
      await sleep(step.quietMillis ?? quietMillisDefault);
      if (this.#messageCount() !== before) continue;
      // On a busy machine, time alone does not say that the servers had their turn.
      const late = performance.now() - startedAt >= agreeMillisMax && round >= agreeRoundsMin;
      if (!late && this.#sides.some((side) => !side.answered)) continue;
      const [left, right] = this.#sides.map((side) =>
        Object.fromEntries(
          [...side.streams].map(([name, log]) => [name, nameBound(normalizeStream(log), side.bindings)]),
        ),
      );
      const agreed = firstDifference(this.#aligned(step, left, right), right) === undefined;
      if (!agreed && !late) continue;
      this.#compare(step, index, left, right);
      for (const side of this.#sides) {
        for (const [name, log] of side.streams) {
          const fault = log.type === 'WatchResponse' ? watchFault(log) : undefined;
          if (fault !== undefined)
            throw this.#difference(step, index, `${side.process.name}: ${name}: ${fault}`);
        }
      }
      return left;
    }
  }

  #messageCount(): number {
    let count = 0;
    for (const side of this.#sides) {
      for (const { messages, ended } of side.streams.values())
        count += messages.length + (ended === undefined ? 0 : 1);
    }
    return count;
  }

  #compare(step: Step, index: number, left: unknown, right: unknown): void {
    this.comparisons += 1;
    const expected = this.#aligned(step, left, right);
    const found = firstDifference(expected, right);
    if (found === undefined) return;
    throw this.#difference(
      step,
      index,
      `${found}\n  etcd:    ${show(expected).slice(0, 3000)}\n  drydock: ${show(right).slice(0, 3000)}`,
    );
  }

  #aligned(step: Step, etcd: unknown, drydock: unknown): unknown {
    return knownDifferences.reduce((answer, { align }) => align(step, answer, drydock), etcd);
  }

  #difference(step: Step, index: number, what: string): DifferenceError {
    return new DifferenceError(`${this.#label}, step ${index}: ${show(step).slice(0, 3000)}\n  ${what}`);
  }
}

async function perform(side: Side, step: Exclude<Step, { settle: true }>): Promise<Answer | undefined> {
  if ('call' in step) return side.unary(step);
  if ('join' in step) return side.join(step.join);
  if ('http' in step) return side.http(step);
  if ('open' in step) side.open(step.open, step.method, step.as, step.metadata);
  else if ('send' in step) side.send(step.send, step.request, step.raw);
  else if ('halfClose' in step) side.halfClose(step.halfClose);
  else if ('cancel' in step) side.cancel(step.cancel);
  else if ('sleepMillis' in step) await sleep(step.sleepMillis);
  else await side.restart(step.restart);
  return undefined;
}

/** DRYDOCK_DIFFERENTIAL_SIDES=etcd,etcd puts a real etcd on both sides: the suite must then find nothing. */
function flavoursUnderTest(): [Flavour, Flavour] {
  const [left = 'etcd', right = 'drydock'] = (process.env['DRYDOCK_DIFFERENTIAL_SIDES'] ?? '')
    .split(',')
    .filter(Boolean);
  return [left as Flavour, right as Flavour];
}

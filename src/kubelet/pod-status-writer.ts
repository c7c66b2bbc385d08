import { isApiError } from '../api/status.ts';
import type { Condition, Pod, PodStatus } from '../api/types.ts';
import type { ResourceClient } from '../client/api-client.ts';
import type { Platform } from '../platform/platform.ts';
import { problemOf } from './failures.ts';
import type { KubeletTiming } from './kubelet-options.ts';
import { Wakeup } from './wakeup.ts';

/**
 * Brings one pod's status to the API: only the newest, only when it differs from what was written, as
 * often as it takes. After the final one it deletes the pod. It runs beside the pod's worker, so an API
 * that does not answer never holds up a container.
 */
export class PodStatusWriter {
  readonly #platform: Platform;
  readonly #pods: ResourceClient<Pod>;
  readonly #timing: KubeletTiming;
  readonly #name: string;
  readonly #namespace: string;
  readonly #uid: string;
  readonly #wakeup: Wakeup;
  /** As the API has it, as far as is known. */
  #stored: PodStatus | undefined;
  #wanted: PodStatus | undefined;
  #written: PodStatus | undefined;
  #writtenText = '';
  #final = false;

  constructor(platform: Platform, pods: ResourceClient<Pod>, timing: KubeletTiming, pod: Pod) {
    this.#platform = platform;
    this.#pods = pods;
    this.#timing = timing;
    this.#name = pod.metadata.name;
    this.#namespace = pod.metadata.namespace ?? 'default';
    this.#uid = pod.metadata.uid;
    this.#stored = pod.status;
    this.#wakeup = new Wakeup(platform.clock);
  }

  /** `final`: nothing of the pod runs any more, and it is to be deleted once this status is written. */
  report(status: PodStatus, final: boolean): void {
    this.#wanted = status;
    this.#final ||= final;
    this.#wakeup.notify();
  }

  /**
   * What the API says now. A node controller may have marked the pod unready while this node was cut off:
   * then what was written stands no more.
   */
  observe(status: PodStatus | undefined): void {
    this.#stored = status;
    if (this.#written === undefined || status === undefined) return;
    if (status.phase === this.#written.phase && readyOf(status) === readyOf(this.#written)) return;
    this.#writtenText = '';
    this.#wakeup.notify();
  }

  /** Ends when the pod is deleted, or `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    let retryMillis = this.#timing.podStatusRetryMillis;
    while (!signal.aborted) {
      try {
        if (await this.#writeOnce()) {
          retryMillis = this.#timing.podStatusRetryMillis;
          continue;
        }
        if (this.#final) {
          await this.#pods.delete(this.#name, {
            namespace: this.#namespace,
            gracePeriodSeconds: 0,
            uid: this.#uid,
          });
          return;
        }
        await this.#wakeup.wait(Number.POSITIVE_INFINITY, signal);
      } catch (error) {
        // The pod is gone: there is nobody left to tell. (After a conflict of uids its worker ends this.)
        if (isApiError(error, 'NotFound')) return;
        this.#platform.logger.warn('pod status not written, will try again', {
          pod: `${this.#namespace}/${this.#name}`,
          problem: problemOf(error),
          retryMillis,
        });
        await this.#platform.clock.sleep(retryMillis, signal);
        retryMillis = Math.min(retryMillis * 2, this.#timing.podStatusRetryMaxMillis);
      }
    }
  }

  /** False when there was nothing to write. */
  async #writeOnce(): Promise<boolean> {
    const status = this.#wanted;
    if (status === undefined) return false;
    const text = JSON.stringify(status);
    if (text === this.#writtenText) return false;
    const patch = { ...status, conditions: conditionsPatch(status.conditions, this.#stored?.conditions) };
    const pod = await this.#pods.patch(
      this.#name,
      // The uid makes it a precondition: a namesake's status is never overwritten.
      { metadata: { uid: this.#uid }, status: patch },
      { type: 'strategic', namespace: this.#namespace, subresource: 'status' },
    );
    this.#stored = pod.status;
    this.#written = status;
    this.#writtenText = text;
    return true;
  }
}

/**
 * A strategic merge patch joins conditions by type and field by field: what the stored one says and the
 * wanted one does not (the reason why it was not ready) is taken away by a null.
 */
export function conditionsPatch(
  wanted: readonly Condition[] | undefined,
  stored: readonly Condition[] | undefined,
): Readonly<Record<string, unknown>>[] {
  return (wanted ?? []).map((condition) => {
    const before = stored?.find((candidate) => candidate.type === condition.type) ?? {};
    const removed = Object.keys(before).filter((name) => !(name in condition));
    return { ...condition, ...Object.fromEntries(removed.map((name) => [name, null])) };
  });
}

function readyOf(status: PodStatus): string | undefined {
  return status.conditions?.find((condition) => condition.type === 'Ready')?.status;
}

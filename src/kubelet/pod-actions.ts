import type { Container, Pod } from '../api/types.ts';
import type { PodSandbox, RuntimeContainer } from './runtime/runtime.ts';

/** All that decides what to do next with a pod. */
export interface PodView {
  readonly pod: Pod;
  /** It is gone from the API, or another of its name has taken its place. */
  readonly vanished: boolean;
  /** Succeeded or Failed was reported: nothing of it may run again. */
  readonly finished: boolean;
  readonly sandbox: PodSandbox | undefined;
  /** Of this sandbox, every attempt, in order of name and attempt. */
  readonly containers: readonly RuntimeContainer[];
  /** Containers, by id, whose liveness probe has failed. */
  readonly unhealthy: ReadonlySet<string>;
  /** Monotonic time at which the container of that name may be started next. */
  readonly startableAtMillis: (name: string) => number;
  readonly nowMillis: number;
}

export type PodAction =
  | { readonly type: 'runSandbox' }
  | { readonly type: 'removeSandbox' }
  | { readonly type: 'stopSandbox' }
  | { readonly type: 'startContainer'; readonly container: Container; readonly attempt: number }
  | {
      readonly type: 'stopContainer';
      readonly id: string;
      readonly name: string;
      readonly graceMillis: number;
      readonly why: 'terminating' | 'unhealthy';
    };

export interface PodPlan {
  readonly actions: readonly PodAction[];
  /** When to look again even if nothing happens; Infinity for never. */
  readonly wakeAtMillis: number;
  /** It is being deleted and nothing of it runs any more. */
  readonly terminated: boolean;
  /** Nothing of it is left on this node. */
  readonly gone: boolean;
}

/** The latest attempt of each container, by name. */
export function latestAttempts(containers: readonly RuntimeContainer[]): Map<string, RuntimeContainer> {
  const latest = new Map<string, RuntimeContainer>();
  for (const container of containers) {
    const known = latest.get(container.name);
    if (known === undefined || known.attempt < container.attempt) latest.set(container.name, container);
  }
  return latest;
}

/** Whether the restart policy wants a container that ended this way to run again. */
export function wantsRestart(pod: Pod, exitCode: number): boolean {
  const policy = pod.spec.restartPolicy ?? 'Always';
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

/** The time between SIGTERM and SIGKILL; the API's 0 is at least one second here, as in the kubelet. */
export function graceMillisOf(pod: Pod): number {
  const seconds = pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
  return Math.max(1, seconds) * 1000;
}

/**
 * What to do now (the kubelet's computePodActions): a function of what is, not of what happened, so a
 * lost event costs nothing but time.
 */
export function planPod(view: PodView): PodPlan {
  const { pod, sandbox, containers } = view;
  const running = containers.filter((container) => container.state === 'Running');

  if (view.vanished || pod.metadata.deletionTimestamp !== undefined) {
    const actions: PodAction[] = running.map((container) =>
      stop(container, graceMillisOf(pod), 'terminating'),
    );
    if (view.vanished && running.length === 0 && sandbox !== undefined)
      actions.push({ type: 'removeSandbox' });
    return plan(actions, {
      terminated: running.length === 0,
      gone: view.vanished && sandbox === undefined,
    });
  }

  if (view.finished) {
    // Its logs stay until it is deleted; its address does not.
    const actions: PodAction[] = running.map((container) =>
      stop(container, graceMillisOf(pod), 'terminating'),
    );
    if (running.length === 0 && sandbox?.state === 'Ready') actions.push({ type: 'stopSandbox' });
    return plan(actions);
  }

  if (sandbox === undefined) {
    const atMillis = view.startableAtMillis('');
    return atMillis > view.nowMillis ? plan([], { wakeAtMillis: atMillis }) : plan([{ type: 'runSandbox' }]);
  }
  if (sandbox.state === 'NotReady') return plan([{ type: 'removeSandbox' }]);

  const latest = latestAttempts(containers);
  const actions: PodAction[] = [];
  let wakeAtMillis = Number.POSITIVE_INFINITY;
  for (const container of pod.spec.containers) {
    const current = latest.get(container.name);
    if (current?.state === 'Running') {
      if (view.unhealthy.has(current.id)) actions.push(stop(current, graceMillisOf(pod), 'unhealthy'));
      continue;
    }
    if (current !== undefined && !wantsRestart(pod, current.exitCode ?? 0)) continue;
    const atMillis = view.startableAtMillis(container.name);
    if (atMillis > view.nowMillis) {
      wakeAtMillis = Math.min(wakeAtMillis, atMillis);
    } else {
      actions.push({
        type: 'startContainer',
        container,
        attempt: current === undefined ? 0 : current.attempt + 1,
      });
    }
  }
  return plan(actions, { wakeAtMillis });
}

function stop(container: RuntimeContainer, graceMillis: number, why: 'terminating' | 'unhealthy'): PodAction {
  return { type: 'stopContainer', id: container.id, name: container.name, graceMillis, why };
}

function plan(actions: readonly PodAction[], rest?: Partial<Omit<PodPlan, 'actions'>>): PodPlan {
  return { actions, wakeAtMillis: Number.POSITIVE_INFINITY, terminated: false, gone: false, ...rest };
}

import { canonicalQuantity } from '../api/quantity.ts';
import { formatTime } from '../api/time.ts';
import type {
  Condition,
  ContainerState,
  ContainerStatus,
  Pod,
  PodStatus,
  ResourceList,
} from '../api/types.ts';
import { latestAttempts, wantsRestart } from './pod-actions.ts';
import type { PodSandbox, RuntimeContainer } from './runtime/runtime.ts';

/** Why a container does not run although it should. */
export interface Waiting {
  readonly reason: string;
  readonly message: string;
}

export interface PodStatusInput {
  readonly pod: Pod;
  readonly hostIP: string;
  readonly sandbox: PodSandbox | undefined;
  /** Of this sandbox, every attempt. */
  readonly containers: readonly RuntimeContainer[];
  /** By container name. */
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** Ids of running containers whose readiness probe, if any, has succeeded. */
  readonly ready: ReadonlySet<string>;
  /** The pod is being deleted, and nothing of it runs any more. */
  readonly terminated: boolean;
  /** The status written last; transition times are carried over from it. */
  readonly previous: PodStatus | undefined;
  /** Wall clock. */
  readonly nowMillis: number;
}

/** The status to report, as the kubelet shapes it. */
export function buildPodStatus(input: PodStatusInput): PodStatus {
  const { pod, previous, sandbox, hostIP } = input;
  const latest = latestAttempts(input.containers);
  const containerStatuses = pod.spec.containers
    .map((container) => containerStatusOf(input, container, latest.get(container.name)))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const phase = phaseOf(pod, containerStatuses, input.terminated, previous?.phase);
  const podIP = sandbox?.ip ?? previous?.podIP;
  return {
    phase,
    conditions: conditionsOf(input, containerStatuses, phase),
    hostIP,
    hostIPs: [{ ip: hostIP }],
    ...(podIP === undefined ? {} : { podIP, podIPs: [{ ip: podIP }] }),
    startTime: previous?.startTime ?? formatTime(input.nowMillis),
    containerStatuses,
    qosClass: qosClassOf(pod),
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
  };
}

function containerStatusOf(
  input: PodStatusInput,
  container: Pod['spec']['containers'][number],
  current: RuntimeContainer | undefined,
): ContainerStatus {
  const waiting = input.waiting.get(container.name);
  const before =
    current &&
    input.containers.find(
      (candidate) => candidate.name === container.name && candidate.attempt === current.attempt - 1,
    );
  const running = current?.state === 'Running';
  let state: ContainerState;
  let lastState: ContainerState = before?.state === 'Exited' ? { terminated: terminatedState(before) } : {};
  if (running) {
    state = { running: { startedAt: formatTime(current.startedAtMillis ?? current.createdAtMillis) } };
  } else if (waiting !== undefined && !input.terminated) {
    state = { waiting };
    if (current?.state === 'Exited') lastState = { terminated: terminatedState(current) };
  } else if (current?.state === 'Exited') {
    state = { terminated: terminatedState(current) };
  } else {
    state = { waiting: { reason: 'ContainerCreating' } };
  }
  return {
    name: container.name,
    state,
    lastState,
    ready: running && input.ready.has(current.id),
    started: running,
    restartCount: current?.attempt ?? 0,
    image: container.image,
    imageID: current?.imageRef ?? '',
    ...(current === undefined ? {} : { containerID: containerIdOf(current) }),
  };
}

/** As the API shows it: the runtime's name and its id. */
function containerIdOf(container: RuntimeContainer): string {
  return `process://${container.id}`;
}

function terminatedState(container: RuntimeContainer): NonNullable<ContainerState['terminated']> {
  const { startedAtMillis, finishedAtMillis, message, reason } = container;
  return {
    exitCode: container.exitCode ?? 0,
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    ...(startedAtMillis === undefined ? {} : { startedAt: formatTime(startedAtMillis) }),
    ...(finishedAtMillis === undefined ? {} : { finishedAt: formatTime(finishedAtMillis) }),
    containerID: containerIdOf(container),
  };
}

/** The kubelet's getPhase, without init containers. Succeeded and Failed are never left. */
export function phaseOf(
  pod: Pod,
  statuses: readonly ContainerStatus[],
  terminated: boolean,
  previous: PodStatus['phase'],
): NonNullable<PodStatus['phase']> {
  if (previous === 'Succeeded' || previous === 'Failed') return previous;
  let waiting = 0;
  let running = 0;
  let stopped = 0;
  let succeeded = 0;
  let restartable = 0;
  for (const { state, lastState } of statuses) {
    const end = state?.terminated ?? (state?.waiting === undefined ? undefined : lastState?.terminated);
    if (state?.running !== undefined) {
      running++;
    } else if (end !== undefined) {
      stopped++;
      if (end.exitCode === 0) succeeded++;
      if (wantsRestart(pod, end.exitCode)) restartable++;
    } else {
      waiting++;
    }
  }
  if (terminated) return stopped > 0 && succeeded === statuses.length ? 'Succeeded' : 'Failed';
  if (waiting > 0) return 'Pending';
  if (running > 0 || restartable > 0) return 'Running';
  return succeeded === stopped ? 'Succeeded' : 'Failed';
}

function conditionsOf(
  input: PodStatusInput,
  statuses: readonly ContainerStatus[],
  phase: NonNullable<PodStatus['phase']>,
): Condition[] {
  const { pod, previous, sandbox } = input;
  const known = previous?.conditions ?? pod.status?.conditions ?? [];
  const sandboxReady = sandbox?.state === 'Ready' && !input.terminated;
  const ready = readiness(statuses, phase);
  const own: Condition[] = [
    { type: 'PodReadyToStartContainers', status: sandboxReady ? 'True' : 'False' },
    { type: 'Initialized', status: 'True' },
    { type: 'Ready', ...ready },
    { type: 'ContainersReady', ...ready },
    { type: 'PodScheduled', status: 'True' },
  ];
  const names = new Set(own.map((condition) => condition.type));
  const foreign = (pod.status?.conditions ?? []).filter((condition) => !names.has(condition.type));
  const { generation } = pod.metadata;
  return [
    ...own.map((condition): Condition => {
      const before = known.find((candidate) => candidate.type === condition.type);
      const unchanged = before?.status === condition.status ? before.lastTransitionTime : undefined;
      return {
        ...condition,
        ...(generation === undefined ? {} : { observedGeneration: generation }),
        lastTransitionTime: unchanged ?? formatTime(input.nowMillis),
      };
    }),
    ...foreign,
  ];
}

function readiness(
  statuses: readonly ContainerStatus[],
  phase: NonNullable<PodStatus['phase']>,
): Pick<Condition, 'status' | 'reason' | 'message'> {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const unready = statuses.filter((status) => !status.ready).map((status) => status.name);
  if (unready.length === 0) return { status: 'True' };
  return {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${unready.join(' ')}]`,
  };
}

/**
 * Guaranteed: every container limits cpu and memory and requests as much. BestEffort: none asks for
 * anything. Otherwise Burstable. Set once: a class that the API has is kept.
 */
export function qosClassOf(pod: Pod): NonNullable<PodStatus['qosClass']> {
  if (pod.status?.qosClass !== undefined) return pod.status.qosClass;
  let bestEffort = true;
  let guaranteed = true;
  for (const { resources } of pod.spec.containers) {
    for (const name of ['cpu', 'memory']) {
      const limit = amountOf(resources?.limits, name);
      const request = amountOf(resources?.requests, name) ?? limit;
      if (request !== undefined) bestEffort = false;
      if (limit === undefined || limit !== request) guaranteed = false;
    }
  }
  return bestEffort ? 'BestEffort' : guaranteed ? 'Guaranteed' : 'Burstable';
}

function amountOf(list: ResourceList | undefined, name: string): string | undefined {
  const amount = list?.[name];
  return amount === undefined ? undefined : canonicalQuantity(amount);
}

import { humanDuration } from '../duration.ts';
import { isMap, listOf, mapOf, textOf } from '../json.ts';
import type { JsonMap } from '../json.ts';
import { parseTime } from '../time.ts';
import { ageOf, nameOf, none } from './cells.ts';

/** How a pod that cannot be reached is marked; then its state is unknown, not Terminating. */
const nodeUnreachableReason = 'NodeLost';

/** The row of a pod: Name, Ready, Status, Restarts, Age, IP, Node, Nominated Node, Readiness Gates. */
export function podCells(pod: JsonMap, nowMillis: number): readonly unknown[] {
  const spec = mapOf(pod['spec']);
  const status = mapOf(pod['status']);
  const summary = summaryOf(pod, spec, status);
  let restarts = String(summary.restarts);
  if (summary.restarts > 0 && summary.lastRestartMillis !== undefined) {
    restarts = `${summary.restarts} (${humanDuration(nowMillis - summary.lastRestartMillis)} ago)`;
  }
  const podIPs = listOf(status['podIPs']);
  const ip = textOf(mapOf(podIPs[0])['ip']);
  return [
    nameOf(pod),
    `${summary.ready}/${summary.total}`,
    summary.reason,
    restarts,
    ageOf(pod, nowMillis),
    ip === '' ? none : ip,
    orNone(spec['nodeName']),
    orNone(status['nominatedNodeName']),
    readinessGates(spec, status),
  ];
}

interface Summary {
  readonly reason: string;
  readonly ready: number;
  readonly total: number;
  readonly restarts: number;
  readonly lastRestartMillis: number | undefined;
}

/** The rules of kubectl's STATUS column, in its order: the last one that applies wins. */
function summaryOf(pod: JsonMap, spec: JsonMap, status: JsonMap): Summary {
  const initContainers = listOf(spec['initContainers']).map(mapOf);
  const sidecars = new Set(
    initContainers.filter((one) => one['restartPolicy'] === 'Always').map((one) => textOf(one['name'])),
  );
  const total = listOf(spec['containers']).length + sidecars.size;
  let reason = textOf(status['reason']) || textOf(status['phase']);
  if (conditionOf(status, 'PodScheduled')?.['reason'] === 'SchedulingGated') reason = 'SchedulingGated';
  let ready = 0;
  let restarts = 0;
  let sidecarRestarts = 0;
  let lastRestart: number | undefined;
  let lastSidecarRestart: number | undefined;
  let initializing = false;
  for (const [index, one] of listOf(status['initContainerStatuses']).map(mapOf).entries()) {
    const sidecar = sidecars.has(textOf(one['name']));
    restarts += Number(one['restartCount'] ?? 0);
    lastRestart = later(lastRestart, finishedMillis(one));
    if (sidecar) {
      sidecarRestarts += Number(one['restartCount'] ?? 0);
      lastSidecarRestart = later(lastSidecarRestart, finishedMillis(one));
    }
    const { waiting, terminated } = stateOf(one);
    if (terminated !== undefined && terminated['exitCode'] === 0) continue;
    if (sidecar && one['started'] === true) {
      if (one['ready'] === true) ready++;
      continue;
    }
    if (terminated !== undefined) {
      reason = `Init:${terminatedText(terminated)}`;
    } else if (
      waiting !== undefined &&
      textOf(waiting['reason']) !== '' &&
      waiting['reason'] !== 'PodInitializing'
    ) {
      reason = `Init:${textOf(waiting['reason'])}`;
    } else {
      reason = `Init:${index}/${initContainers.length}`;
    }
    initializing = true;
    break;
  }
  if (!initializing || conditionOf(status, 'Initialized')?.['status'] === 'True') {
    restarts = sidecarRestarts;
    lastRestart = lastSidecarRestart;
    let running = false;
    for (const one of listOf(status['containerStatuses']).map(mapOf).toReversed()) {
      restarts += Number(one['restartCount'] ?? 0);
      lastRestart = later(lastRestart, finishedMillis(one));
      const { waiting, running: runningState, terminated } = stateOf(one);
      if (waiting !== undefined && textOf(waiting['reason']) !== '') {
        reason = textOf(waiting['reason']);
      } else if (terminated !== undefined) {
        reason = terminatedText(terminated);
      } else if (one['ready'] === true && runningState !== undefined) {
        running = true;
        ready++;
      }
    }
    if (reason === 'Completed' && running) {
      reason = conditionOf(status, 'Ready')?.['status'] === 'True' ? 'Running' : 'NotReady';
    }
  }
  if (mapOf(pod['metadata'])['deletionTimestamp'] !== undefined) {
    if (status['reason'] === nodeUnreachableReason) reason = 'Unknown';
    else if (status['phase'] !== 'Succeeded' && status['phase'] !== 'Failed') reason = 'Terminating';
  }
  return { reason, ready, total, restarts, lastRestartMillis: lastRestart };
}

function conditionOf(status: JsonMap, type: string): JsonMap | undefined {
  return listOf(status['conditions'])
    .map(mapOf)
    .find((condition) => condition['type'] === type);
}

function stateOf(
  container: JsonMap,
): Readonly<Record<'waiting' | 'running' | 'terminated', JsonMap | undefined>> {
  const state = mapOf(container['state']);
  const part = (name: string): JsonMap | undefined => (isMap(state[name]) ? state[name] : undefined);
  return { waiting: part('waiting'), running: part('running'), terminated: part('terminated') };
}

function terminatedText(terminated: JsonMap): string {
  const reason = textOf(terminated['reason']);
  if (reason !== '') return reason;
  const signal = Number(terminated['signal'] ?? 0);
  return signal === 0 ? `ExitCode:${String(terminated['exitCode'] ?? 0)}` : `Signal:${signal}`;
}

function finishedMillis(container: JsonMap): number | undefined {
  const finishedAt = mapOf(mapOf(container['lastState'])['terminated'])['finishedAt'];
  return typeof finishedAt === 'string' ? parseTime(finishedAt) : undefined;
}

function later(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.max(a, b);
}

function readinessGates(spec: JsonMap, status: JsonMap): string {
  const gates = listOf(spec['readinessGates']).map(mapOf);
  if (gates.length === 0) return none;
  const met = gates.filter(
    (gate) => conditionOf(status, textOf(gate['conditionType']))?.['status'] === 'True',
  );
  return `${met.length}/${gates.length}`;
}

function orNone(value: unknown): string {
  const text = textOf(value);
  return text === '' ? none : text;
}
